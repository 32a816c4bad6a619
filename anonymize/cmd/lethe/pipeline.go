package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/pseudonym/crosswalk"
)

// pipelineFlags are what every command that carries out a policy, or a stage
// of one, needs to know.
type pipelineFlags struct {
	policy, crosswalk  string
	in, keys           []string
	workers, batchRows int
	memory             byteSize
	tmp                string
	quiet              bool
}

func (f *pipelineFlags) register(cmd *cobra.Command, in string) {
	s := cmd.Flags()
	s.StringVar(&f.policy, "policy", "", "policy file, YAML or JSON")
	s.StringArrayVar(&f.in, "in", nil, in)
	s.BoolVar(&f.quiet, "quiet", false, "no summary and no progress")
	for _, name := range []string{"policy", "in"} {
		cobra.CheckErr(cmd.MarkFlagRequired(name))
	}
}

// registerKeys is for commands that pseudonymize.
func (f *pipelineFlags) registerKeys(s *pflag.FlagSet) {
	s.StringArrayVar(&f.keys, "keys", nil,
		"key file or env:VARIABLE; NAME=FILE for a key that the policy calls NAME (repeatable)")
	s.StringVar(&f.crosswalk, "crosswalk", "",
		"table of random tokens; make it with lethe crosswalk new")
	s.IntVar(&f.workers, "workers", 0, "batches worked on at a time (default: all cores)")
	s.IntVar(&f.batchRows, "batch-rows", 0, "rows a batch (default: chosen by format)")
}

// registerMemory is for commands that count.
func (f *pipelineFlags) registerMemory(s *pflag.FlagSet) {
	s.Var(&f.memory, "memory", "memory to stay within, such as 400MB or 2GB; combinations of "+
		"quasi-identifiers beyond it go to temporary files, and the search is coarser (default: as "+
		"much as they need)")
	s.StringVar(&f.tmp, "tmp", "", "folder of temporary files, which hold values of the table "+
		"(default: the system's)")
}

// pipeline makes the pipeline of the policy, once it is sure that nothing that
// is read will be written.
func (f *pipelineFlags) pipeline(
	cmd *cobra.Command, written []namedFile, read ...namedFile,
) (*anonymize.Pipeline, *anonymize.Policy, error) {
	policy, err := anonymize.ReadPolicy(f.policy)
	if err != nil {
		return nil, nil, err
	}
	if err := f.distinctFiles(policy, written, read...); err != nil {
		return nil, nil, err
	}
	keys, err := openKeys(cmd, f.keys)
	if err != nil {
		return nil, nil, err
	}
	cfg := anonymize.Config{Policy: policy, Keys: keys}
	if f.crosswalk != "" {
		if cfg.Crosswalk, err = crosswalk.Open(f.crosswalk, nil); err != nil {
			return nil, nil, err
		}
	}
	p, err := anonymize.New(cfg)
	return p, policy, err
}

// table is the table of --in.
func (f *pipelineFlags) table(policy *anonymize.Policy) (*tableio.Files, error) {
	opts, err := readOptions(policy.Input)
	if err != nil {
		return nil, err
	}
	opts.Workers, opts.BatchRows, opts.Dictionaries = f.workers, f.batchRows, true
	return tableio.OpenFiles(f.in, opts)
}

// options are those of a pass.
func (f *pipelineFlags) options(cmd *cobra.Command, bar *progress) (*anonymize.RunOptions, error) {
	bound, err := f.memory.combinations()
	if err != nil {
		return nil, err
	}
	if f.memory > 0 {
		pacerOf(cmd.Context()).bound(int64(f.memory))
	}
	return &anonymize.RunOptions{
		Workers: f.workers, Progress: bar.show, Memory: bound, SpillDir: f.tmp,
	}, nil
}

// commitFile is what writes a file that appears in one step.
type commitFile interface {
	Seal() error
	Commit() error
	Abort() error
}

// publish seals and commits a file that was written.
func publish(file commitFile, err error) error {
	if err == nil {
		err = file.Seal()
	}
	if err == nil {
		err = file.Commit()
	}
	return errors.Join(err, file.Abort())
}
