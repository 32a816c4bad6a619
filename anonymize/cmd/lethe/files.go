package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// namedFile is a file of a command line, or one that the policy names.
type namedFile struct{ name, path string }

// distinctFiles refuses an output that would replace a file that is read, or
// another output, under whatever name: a key that is written over is lost with
// every token that was made under it.
func (f *pipelineFlags) distinctFiles(
	policy *anonymize.Policy, written []namedFile, read ...namedFile,
) error {
	read = append(read, namedFile{"--policy", f.policy}, namedFile{"--crosswalk", f.crosswalk},
		namedFile{"the policy's ledger", policy.LedgerPath()})
	in, err := f.readFiles(written)
	if err != nil {
		return err
	}
	read = append(read, in...)
	for _, flag := range f.keys {
		_, path := keyFlag(flag)
		read = append(read, namedFile{"--keys", path})
	}
	for _, column := range slices.Sorted(maps.Keys(policy.Columns)) {
		if h := policy.Columns[column].Hierarchy; h != nil && h.File != "" {
			path := h.File
			if !filepath.IsAbs(path) {
				path = filepath.Join(filepath.Dir(f.policy), path)
			}
			read = append(read, namedFile{fmt.Sprintf("the hierarchy of column %q", column), path})
		}
	}
	for i, w := range written {
		if w.path == "" {
			continue
		}
		if isFolder(w.path) {
			return fmt.Errorf("%s is a folder; name a file in it, or make a part of each file of --in "+
				"with lethe count, solve and apply", w.name)
		}
		for _, other := range append(read, written[:i]...) {
			if other.path != "" && sameFile(other.path, w.path) {
				return fmt.Errorf("%s and %s are the same file", other.name, w.name)
			}
		}
	}
	return nil
}

// readFiles are the files of --in. An output in a folder of --in would be read
// by the next run.
func (f *pipelineFlags) readFiles(written []namedFile) ([]namedFile, error) {
	paths, err := tableio.Expand(f.in, &tableio.Options{Format: tableio.CSV}) // of any name
	if err != nil {
		return nil, err
	}
	var files []namedFile
	for _, path := range paths {
		files = append(files, namedFile{"--in", path})
	}
	for _, path := range f.in {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			continue
		}
		for _, w := range written {
			if w.path != "" && sameFile(path, filepath.Dir(w.path)) {
				return nil, fmt.Errorf("%s is in a folder of --in, which the next run would read; "+
					"write it elsewhere", w.name)
			}
		}
	}
	return files, nil
}

// isFolder says whether a path is that of a folder, or could be of nothing else.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || os.IsPathSeparator(path[len(path)-1])
}

// sameFile says whether two paths are one file, through links of any kind, or
// will be once both exist.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(infoA, infoB)
	}
	return resolved(a) == resolved(b)
}

// resolved is the absolute path of a file that need not exist, in its real
// folder.
func resolved(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		return filepath.Join(dir, filepath.Base(abs))
	}
	return abs
}

// keyFlag takes NAME=FILE, or FILE alone, apart.
func keyFlag(flag string) (name, path string) {
	if name, path, named := strings.Cut(flag, "="); named {
		return name, path
	}
	return anonymize.MainKey, flag
}
