package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-go/lethe/anonymize/tableio"
)

// agesPolicy fits the tables of writeAges.
const agesPolicy = `
version: 1
columns:
  age: {role: quasi, hierarchy: {intervals: {widths: [10, 20], min: 0, max: 99}}}
  zip: {role: quasi, hierarchy: {prefix: {length: 5}}}
  days: {role: insensitive}
privacy:
  models: [{k_anonymity: {k: 3}}]
  max_suppression: 0.05
  recoding: global
`

// writeAges writes a policy and a table of n rows, as CSV and as Parquet.
func writeAges(t *testing.T, dir string, n int) {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintln(&b, "age,zip,days")
	for i := range n {
		fmt.Fprintf(&b, "%d,%05d,%d\n", i*7%100, 1000+i*i%97, i%30)
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("policy.yaml", []byte(agesPolicy))
	write("ages.csv", b.Bytes())
	table, err := tableio.ReadTable(t.Context(), filepath.Join(dir, "ages.csv"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	err = tableio.WriteTable(t.Context(), filepath.Join(dir, "ages.parquet"), table, nil)
	if err != nil {
		t.Fatal(err)
	}
}

// TestTruncated: a file that ends early is wrong input, and is said to be.
func TestTruncated(t *testing.T) {
	dir := t.TempDir()
	writeAges(t, dir, 5000)
	whole, err := os.ReadFile(filepath.Join(dir, "ages.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(dir, "cut.parquet")
	for _, n := range []int{0, 3, 4, 11, len(whole) / 2, len(whole) - 9, len(whole) - 4, len(whole) - 1} {
		if err := os.WriteFile(in, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		code := lethe(t.Context(), []string{"run", "--policy", filepath.Join(dir, "policy.yaml"),
			"--in", in, "--out", filepath.Join(dir, "safe.parquet")}, &stdout, &stderr)
		if code != exitUsage || stdout.Len() > 0 ||
			!strings.HasPrefix(stderr.String(), "lethe: tableio: cut.parquet") {
			t.Errorf("%d of %d bytes: exit code %d, %s%s", n, len(whole), code, &stdout, &stderr)
		}
		if _, err := os.Stat(filepath.Join(dir, "safe.parquet")); err == nil {
			t.Fatal("an output was written")
		}
	}
}

// TestKilled: a run that is killed at any moment leaves nothing under the
// output's name, or all of it.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for some seconds")
	}
	dir := t.TempDir()
	writeAges(t, dir, 200_000)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "safe.parquet")
	killed, done := 0, 0
	for try := range 25 {
		run := exec.Command(self, "run", "--policy", filepath.Join(dir, "policy.yaml"),
			"--in", filepath.Join(dir, "ages.csv"), "--out", out, "--quiet")
		run.Env = append(os.Environ(), asCommand+"=1")
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(try*try) * time.Millisecond)
		_ = run.Process.Kill() // it may be done
		if run.Wait() == nil {
			done++
		} else {
			killed++
		}
		if _, err := os.Stat(out); err != nil {
			continue
		}
		var stdout, stderr bytes.Buffer
		if code := lethe(t.Context(), []string{"check", "--in", out, "--quasi", "age,zip", "--k", "3"},
			&stdout, &stderr); code != exitDone {
			t.Fatalf("after a kill at %d ms: %s%s", try*try, &stdout, &stderr)
		}
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
	}
	if killed == 0 {
		t.Errorf("none of %d runs was killed in time", done)
	}
}
