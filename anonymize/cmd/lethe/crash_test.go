package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
// output's names, or all of it, and nothing beside them once the next run has
// ended. In full, with LETHE_LONG=1, it kills a hundred.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for some seconds")
	}
	rows, kills := 60_000, 14
	if os.Getenv("LETHE_LONG") != "" {
		rows, kills = 200_000, 100
	}
	dir := t.TempDir()
	writeAges(t, dir, rows)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	start := func(out string) *exec.Cmd {
		run := exec.Command(self, "run", "--policy", "policy.yaml", "--in", "ages.csv",
			"--out", out, "--report", "report.json", "--plan", "plan.json", "--quiet")
		run.Dir = dir
		run.Env = append(os.Environ(), asCommand+"=1")
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		return run
	}
	outs := []string{"safe.parquet", "safe.arrow", "safe.csv"}
	begun := time.Now()
	if err := start(outs[0]).Wait(); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(begun)
	rng := rand.New(rand.NewPCG(5, uint64(kills)))
	killed, done := 0, 0
	for try := range kills {
		out := outs[try%len(outs)]
		for _, name := range append(outs, "report.json", "plan.json") {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		run := start(out)
		// The end, where files get their names, is worth more of the kills.
		moment := time.Duration(float64(whole) * math.Sqrt(rng.Float64()) * 1.05)
		time.Sleep(moment)
		_ = run.Process.Kill() // it may be done
		if run.Wait() == nil {
			done++
			whole = min(whole, time.Since(begun)) // the first may have been slow
		} else {
			killed++
		}
		if _, err := os.Stat(filepath.Join(dir, out)); err != nil {
			continue
		}
		var stdout, stderr bytes.Buffer
		if code := lethe(t.Context(), []string{"check", "--in", filepath.Join(dir, out), "--policy",
			filepath.Join(dir, "policy.yaml")}, &stdout, &stderr); code != exitDone {
			t.Fatalf("after a kill at %s: %s%s", moment, &stdout, &stderr)
		}
	}
	if killed == 0 {
		t.Errorf("none of %d runs was killed in time", done)
	}
	want := []string{"ages.csv", "ages.parquet", "plan.json", "policy.yaml", "report.json"}
	for _, out := range outs { // the next run of each
		if err := start(out).Wait(); err != nil {
			t.Fatal(err)
		}
		want = append(want, out)
	}
	var got []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("files %s, want %s", got, want)
	}
	t.Logf("%d of %d runs were killed", killed, kills)
}
