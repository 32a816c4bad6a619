package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/anonymize/tableio"
)

// asCopy is set, together with asCommand, in the environment of a process that
// reads the table of its first argument and writes it to its second.
const asCopy = "LETHE_TEST_AS_COPY"

func copyFiles(args []string) error {
	src, err := tableio.OpenFiles(args[:1], nil)
	if err != nil {
		return err
	}
	r, err := src.Open(context.Background())
	if err != nil {
		return err
	}
	defer r.Release()
	w, err := tableio.Create(args[1], nil)
	if err != nil {
		return err
	}
	defer w.Abort()
	for r.Next() {
		if err := w.Write(r.Record()); err != nil {
			return err
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	if _, err := w.Seal(); err != nil {
		return err
	}
	return w.Commit()
}

// flightsPolicy has three quasi-identifiers and one pseudonym.
const flightsPolicy = `
version: 1
columns:
  date: {role: insensitive}
  delay: {role: quasi, hierarchy: {intervals: {widths: [5, 15, 60, 240], min: -300, max: 2100}}}
  distance: {role: quasi, hierarchy: {intervals: {widths: [100, 500, 1000], min: 0, max: 5000}}}
  origin: {role: quasi, hierarchy: {prefix: {length: 3}}}
  tail: {role: identifier, pseudonym: {hmac: {}, domain: flights}}
privacy:
  models: [{k_anonymity: {k: 5}}]
  max_suppression: 0.01
  recoding: global
`

// writeFlights writes a table of flights, of airports and distances as skewed
// as those of one country.
func writeFlights(tb testing.TB, path string, rows int) {
	tb.Helper()
	text := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32,
		ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "date", Type: &arrow.TimestampType{Unit: arrow.Millisecond}},
		{Name: "delay", Type: arrow.PrimitiveTypes.Int16},
		{Name: "distance", Type: arrow.PrimitiveTypes.Int16},
		{Name: "origin", Type: text},
		{Name: "tail", Type: text},
	}, nil)
	rng := rand.New(rand.NewPCG(3, 4))
	airports := make([]string, 300)
	for i := range airports {
		airports[i] = string([]byte{byte('A' + i%26), byte('A' + i/26%26), byte('A' + i*7%26)})
	}
	w, err := tableio.Create(path, nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Abort()
	for left := rows; left > 0; {
		n := min(left, 1<<16)
		left -= n
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for range n {
			airport := int(float64(len(airports)) * rng.Float64() * rng.Float64())
			b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(1e12 + rng.Int64N(1e6)*60_000))
			b.Field(1).(*array.Int16Builder).Append(int16(rng.ExpFloat64()*30) - 15)
			b.Field(2).(*array.Int16Builder).Append(int16(100 + 13*((airport*31+rng.IntN(60))%200)))
			origin := b.Field(3).(*array.BinaryDictionaryBuilder)
			tail := b.Field(4).(*array.BinaryDictionaryBuilder)
			if err := origin.AppendString(airports[airport]); err != nil {
				tb.Fatal(err)
			}
			if err := tail.AppendString(fmt.Sprintf("N%05d", rng.IntN(5000))); err != nil {
				tb.Fatal(err)
			}
		}
		rec := b.NewRecord()
		b.Release()
		err := w.Write(rec)
		rec.Release()
		if err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := w.Seal(); err != nil {
		tb.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		tb.Fatal(err)
	}
}

// child runs this program as the command and returns what it took.
func child(t *testing.T, dir string, environment []string, args ...string) (cpu, wall time.Duration, rss int64) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command(self, args...)
	run.Dir = dir
	run.Env = append(append(os.Environ(), asCommand+"=1"), environment...)
	var said strings.Builder
	run.Stdout, run.Stderr = &said, &said
	begun := time.Now()
	if err := run.Run(); err != nil {
		t.Fatalf("%v: %v: %s", args[0], err, said.String())
	}
	usage := run.ProcessState.SysUsage().(*syscall.Rusage)
	rss = usage.Maxrss
	if runtime.GOOS == "linux" {
		rss <<= 10
	}
	return run.ProcessState.UserTime() + run.ProcessState.SystemTime(), time.Since(begun), rss
}

// TestManyRows runs the command on many files in little memory. In full, with
// LETHE_LONG=1, it reads 120 million rows twice, in 40 files of 3 million.
func TestManyRows(t *testing.T) {
	rows, files := 100_000, 4
	if os.Getenv("LETHE_LONG") != "" {
		rows, files = 3_000_000, 40
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "policy.yaml"), []byte(flightsPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o700); err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(dir, "in", "part-00.parquet")
	writeFlights(t, first, rows)
	for i := 1; i < files; i++ {
		if err := os.Link(first, filepath.Join(dir, "in", fmt.Sprintf("part-%02d.parquet", i))); err != nil {
			t.Fatal(err)
		}
	}
	child(t, dir, nil, "keys", "new", "--keys", "keys.json")
	cpu, wall, rss := child(t, dir, nil, "run", "--policy", "policy.yaml", "--in", "in",
		"--out", "safe.parquet", "--keys", "keys.json", "--report", "report.txt")
	copyCPU, copyWall, copyRSS := child(t, dir, []string{asCopy + "=1"}, "in", "copy.parquet")
	million := float64(rows) * float64(files) / 1e6
	t.Logf("%.1f million rows: run %.1f s, %.1f s CPU, %d MB, %.2f million rows/s; read and write "+
		"%.1f s, %.1f s CPU, %d MB; ratio %.2f, of CPU %.2f", million, wall.Seconds(), cpu.Seconds(),
		rss>>20, million/wall.Seconds(), copyWall.Seconds(), copyCPU.Seconds(), copyRSS>>20,
		wall.Seconds()/copyWall.Seconds(), cpu.Seconds()/copyCPU.Seconds())
	if rss > 400<<20 {
		t.Errorf("%d MB resident, want at most 400", rss>>20)
	}
}
