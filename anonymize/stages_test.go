package anonymize_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// shards cuts a table into n pieces of different sizes.
func shards(t *testing.T, table arrow.Table, n int) []*tableio.Memory {
	t.Helper()
	r := array.NewTableReader(table, table.NumRows())
	defer r.Release()
	if !r.Next() {
		t.Fatal("no rows")
	}
	var out []*tableio.Memory
	for i := range n {
		lo, hi := table.NumRows()*int64(i*i)/int64(n*n), table.NumRows()*int64((i+1)*(i+1))/int64(n*n)
		part := r.Record().NewSlice(lo, hi)
		m, err := tableio.FromRecords(table.Schema(), part)
		part.Release()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

func planText(t *testing.T, p *anonymize.Plan) string {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// protectedPolicy has every kind of count: people, values and their
// frequencies.
var protectedPolicy = strings.NewReplacer("{role: sensitive, unprotected: a test}", "{role: sensitive}",
	"[{k_anonymity: {k: 3}}]", "[{k_anonymity: {k: 3}}, "+
		"{l_diversity: {column: diagnosis, l: 2, kind: entropy}}]").Replace(visitsPolicy)

// The plan of seven shards is that of the table, byte for byte, and so are the
// rows; the verdict on the parts is that on the whole.
func TestStagesAreTheRun(t *testing.T) {
	local := strings.Replace(visitsPolicy, "recoding: global", "recoding: local", 1)
	perRow := strings.NewReplacer("  unit: id\n", "", "k: 3", "k: 30").Replace(visitsPolicy)
	for _, test := range []struct {
		name, policy string
		visits       int
		memory       int64 // bounds the counts, which are spilled
		sameAsAll    bool  // the plan is that of counts without a bound, all the same
	}{
		{"people", visitsPolicy, 1500, 0, true},
		{"protected", protectedPolicy, 1500, 0, true},
		{"local", local, 1500, 0, true},
		{"people spilled", visitsPolicy, 8000, 1 << 20, false},
		{"protected spilled", protectedPolicy, 8000, 2 << 20, false},
		{"local spilled", local, 8000, 3 << 19, false},
		{"rows spilled", perRow, 25_000, 1 << 20, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := visitsTable(test.visits)
			defer table.Release()
			keys := newKeys(t)
			p := newPipeline(t, test.policy, keys)
			opts := &anonymize.RunOptions{Memory: test.memory, SpillDir: t.TempDir(), Workers: 2}
			whole, _ := runAll(t, p, tableio.FromTable(table), opts)
			fitted, err := p.FitWithin(t.Context(), tableio.FromTable(table), opts)
			if err != nil {
				t.Fatal(err)
			}
			all, err := p.Fit(t.Context(), tableio.FromTable(table))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(planText(t, fitted), planText(t, all)); d != "" && test.sameAsAll {
				t.Fatalf("another plan in bounded memory:\n%s", d)
			}
			var merged, read anonymize.Counts
			if test.memory > 0 {
				for _, c := range []*anonymize.Counts{&merged, &read} {
					if err := c.SpillBeyond(test.memory, t.TempDir()); err != nil {
						t.Fatal(err)
					}
				}
			}
			parts := shards(t, table, 7)
			for _, shard := range parts {
				counts, err := p.Count(t.Context(), shard, opts)
				if err != nil {
					t.Fatal(err)
				}
				var file bytes.Buffer
				if n, err := counts.WriteTo(&file); err != nil || n != int64(file.Len()) {
					t.Fatalf("%d bytes of %d, %v", n, file.Len(), err)
				}
				if n, err := read.ReadFrom(bytes.NewReader(file.Bytes())); err != nil || n != int64(file.Len()) {
					t.Fatalf("%d bytes of %d, %v", n, file.Len(), err)
				}
				if err := merged.Merge(counts); err != nil {
					t.Fatal(err)
				}
				if err := counts.Close(); err != nil {
					t.Fatal(err)
				}
			}
			judge, err := anonymize.New(anonymize.Config{Policy: readPolicy(t, test.policy), SolveAndCheckOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			var plan *anonymize.Plan
			for _, c := range []*anonymize.Counts{&merged, &read} {
				if plan, err = judge.Solve(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(planText(t, plan), planText(t, fitted)); d != "" {
					t.Fatalf("another plan:\n%s", d)
				}
			}
			var rows []string
			var tables []arrow.Record
			for _, shard := range parts {
				dst := tableio.NewBuffer()
				n, err := p.Apply(t.Context(), shard, dst, &anonymize.RunOptions{Plan: plan, Workers: 2})
				if err != nil {
					t.Fatal(err)
				}
				part := dst.Table()
				if part.NumRows() != n.Output || n.Input != n.Output+n.Suppressed {
					t.Fatalf("%d rows, %+v", part.NumRows(), n)
				}
				rows = append(rows, rowsOf(part)...)
				r := array.NewTableReader(part, 0)
				for r.Next() {
					rec := r.Record()
					rec.Retain()
					tables = append(tables, rec)
				}
			}
			if !slices.Equal(rows, whole) {
				t.Fatalf("%d rows, want those of the run, which are %d", len(rows), len(whole))
			}
			written, err := tableio.FromRecords(tables[0].Schema(), tables...)
			if err != nil {
				t.Fatal(err)
			}
			audit, err := judge.Check(t.Context(), written, plan)
			if err != nil || !audit.Holds {
				t.Fatalf("%v\n%v", err, audit)
			}
			some, err := tableio.FromRecords(tables[0].Schema(), tables[1:]...)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := judge.Check(t.Context(), some, plan); !errors.Is(err, anonymize.ErrUnsatisfied) {
				t.Errorf("a part is missing: %v", err)
			}
		})
	}
}

// A file of counts that is cut, or of which a byte changed, is refused.
func TestCountsFileHostile(t *testing.T) {
	table := visitsTable(60)
	defer table.Release()
	p := newPipeline(t, visitsPolicy, newKeys(t))
	counts, err := p.Count(t.Context(), tableio.FromTable(table), nil)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := counts.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	good := file.Bytes()
	for i := 0; i < len(good); i += 1 + i%7 {
		bad := bytes.Clone(good)
		bad[i] ^= 0x21
		for _, b := range [][]byte{good[:i], bad} {
			if _, err := new(anonymize.Counts).ReadFrom(bytes.NewReader(b)); err == nil {
				t.Fatalf("byte %d of %d: read what is damaged", i, len(good))
			} else {
				wantNoCanary(t, err.Error())
			}
		}
	}
	if _, err := new(anonymize.Counts).ReadFrom(bytes.NewReader(append(good, good...))); err == nil {
		t.Error("read bytes behind the end")
	}
	if _, err := new(anonymize.Counts).WriteTo(&file); err == nil {
		t.Error("wrote counts of no rows")
	}
	other := newPipeline(t, strings.Replace(visitsPolicy, "k: 3", "k: 4", 1), newKeys(t))
	more, err := other.Count(t.Context(), tableio.FromTable(table), nil)
	if err != nil {
		t.Fatal(err)
	}
	if counts.Merge(more) == nil {
		t.Error("merged counts under another policy")
	}
	rotated := newPipeline(t, visitsPolicy, newKeys(t))
	if more, err = rotated.Count(t.Context(), tableio.FromTable(table), nil); err != nil {
		t.Fatal(err)
	}
	if err := counts.Merge(more); err == nil || !strings.Contains(err.Error(), "under other keys") {
		t.Errorf("counts under another key: %v", err)
	}
	if _, err := other.Solve(t.Context(), counts); err == nil {
		t.Error("solved counts under another policy")
	}
}

// changing gives other rows in its second pass, as many.
type changing struct {
	first, second anonymize.Source
	passes        int
}

func (c *changing) Open(ctx context.Context, columns ...string) (array.RecordReader, error) {
	if c.passes++; c.passes > 2 { // the first is a look at the schema
		return c.second.Open(ctx, columns...)
	}
	return c.first.Open(ctx, columns...)
}

// What a plan was not fitted on is refused, between two passes of a run too.
func TestOtherData(t *testing.T) {
	table := visitsTable(900)
	defer table.Release()
	p := newPipeline(t, visitsPolicy, newKeys(t))
	plan, err := p.Fit(t.Context(), tableio.FromTable(table))
	if err != nil {
		t.Fatal(err)
	}
	r := array.NewTableReader(table, 450)
	defer r.Release()
	r.Next()
	half := r.Record()
	twice, err := tableio.FromRecords(table.Schema(), half, half)
	if err != nil {
		t.Fatal(err)
	}
	apply := func(src anonymize.Source, allowed bool) error {
		dst := tableio.NewBuffer()
		_, err := p.Apply(t.Context(), src, dst, &anonymize.RunOptions{Plan: plan, PlanOfOtherData: allowed})
		if err != nil && dst.Table() != nil {
			t.Error("a part was committed")
		}
		return err
	}
	if err := apply(twice, false); !errors.Is(err, anonymize.ErrOtherData) {
		t.Errorf("rows that were counted once, twice: %v", err)
	}
	if err := apply(twice, true); err != nil {
		t.Errorf("asked for by name: %v", err)
	}
	_, err = p.Run(t.Context(), &changing{first: tableio.FromTable(table), second: twice},
		tableio.NewBuffer(), nil)
	if !errors.Is(err, anonymize.ErrOtherData) {
		t.Errorf("the input changed between the passes: %v", err)
	}
	bare := *plan
	bare.Fitted = nil
	plan = &bare
	if err := apply(tableio.FromTable(table), false); !errors.Is(err, anonymize.ErrOtherData) {
		t.Errorf("a plan that does not say on what it was fitted: %v", err)
	}
	hidden := strings.Replace(visitsPolicy, "pseudonym: {hmac: {}, domain: test}", "drop: true", 1)
	if _, err := newPipeline(t, hidden, nil).Check(t.Context(), tableio.FromTable(table), nil); err == nil {
		t.Error("people were counted who are not there")
	}
	judge, err := anonymize.New(anonymize.Config{Policy: readPolicy(t, visitsPolicy), SolveAndCheckOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := judge.Fit(t.Context(), tableio.FromTable(table)); err == nil {
		t.Error("a pipeline without keys read a table")
	}
}
