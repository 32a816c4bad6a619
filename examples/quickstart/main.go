// Quickstart goes the whole way on a made-up hospital table: it generates
// visits, carries out policy.yaml on them and shows what changed. The people
// are invented.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/pseudonym"
)

//go:embed policy.yaml
var policyFile []byte

func main() {
	n := flag.Int("visits", 50_000, "visits to generate")
	dir := flag.String("out", "quickstart-out", "folder to write to")
	generateOnly := flag.Bool("generate-only", false, "write the raw table and stop")
	flag.Parse()
	if err := quickstart(context.Background(), *n, *dir, *generateOnly); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func quickstart(ctx context.Context, n int, dir string, generateOnly bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path := func(name string) string { return filepath.Join(dir, name) }

	// A table of people's records, as it comes from a hospital's database.
	raw := path("visits.parquet")
	if err := generate(raw, n); err != nil {
		return err
	}
	if generateOnly {
		fmt.Println("wrote", raw)
		return nil
	}

	// A policy says what each column is and what is done to it; a key file
	// holds the secret of the pseudonyms.
	if err := os.WriteFile(path("policy.yaml"), policyFile, 0o644); err != nil {
		return err
	}
	policy, err := anonymize.ReadPolicy(path("policy.yaml"))
	if err != nil {
		return err
	}
	if err := pseudonym.CreateKeyFile(path("keys.json")); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	key, err := pseudonym.Open(ctx, pseudonym.KeyFile(path("keys.json")))
	if err != nil {
		return err
	}
	pipeline, err := anonymize.New(anonymize.Config{
		Policy: policy,
		Keys:   map[string]*pseudonym.Keyring{anonymize.MainKey: key},
	})
	if err != nil {
		return err
	}

	// Two passes: one to count and to answer the statistics, one to write.
	// Nothing is committed before it is checked.
	source, err := tableio.Open(raw, nil)
	if err != nil {
		return err
	}
	safe, err := tableio.Create(path("safe.parquet"), nil)
	if err != nil {
		return err
	}
	statistics, err := tableio.Create(path("statistics.parquet"), nil)
	if err != nil {
		return errors.Join(err, safe.Abort())
	}
	report, err := pipeline.Run(ctx, source, safe, &anonymize.RunOptions{Statistics: statistics})
	if err != nil {
		return err
	}
	page, err := os.Create(path("report.html"))
	if err != nil {
		return err
	}
	if err := errors.Join(report.WriteHTML(page), page.Close()); err != nil {
		return err
	}
	return show(report, dir)
}
