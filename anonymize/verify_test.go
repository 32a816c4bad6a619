package anonymize_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

const hiddenUnit = "id: {role: identifier, drop: true}"

// hidden is a policy whose unit is not written, so that the rows are checked
// as they are handed to the sink.
func hidden(policy string) string {
	return strings.Replace(policy, "id: {role: identifier, pseudonym: {hmac: {}, domain: test}}",
		hiddenUnit, 1)
}

// TestBothChecks: what is found of the rows that were handed to the sink, and of
// what reads back from memory and from a file of each format, is the same,
// whatever the models compare and however the classes are written.
func TestBothChecks(t *testing.T) {
	table := visitsTable(1500)
	defer table.Release()
	src := tableio.FromTable(table)
	defer src.Release()
	keys := newKeys(t)
	for name, policy := range map[string]string{
		"global":   diversePolicy,
		"starred":  diversePolicy + "output: {suppressed: star}\n",
		"bounds":   diversePolicy + "output: {numeric: bounds, suppressed: star}\n",
		"midpoint": diversePolicy + "output: {numeric: midpoint}\n",
		"local":    strings.Replace(visitsPolicy, "recoding: global", "recoding: local", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, want := runAll(t, newPipeline(t, hidden(policy), keys), src, nil)
			want.Anonymity.Linked = nil
			p := newPipeline(t, policy, keys)
			same := func(format string, report *anonymize.Report) {
				t.Helper()
				report.Anonymity.Linked = nil // nothing ties rows together where the unit is hidden
				if diff := cmp.Diff(want.Anonymity, report.Anonymity); diff != "" {
					t.Errorf("%s: handed over - and read back +\n%s", format, diff)
				}
			}
			_, report := runAll(t, p, src, nil)
			same("memory", report)
			for _, file := range []string{"out.parquet", "out.arrow", "out.csv"} {
				dst, err := tableio.Create(filepath.Join(t.TempDir(), file), nil)
				if err != nil {
					t.Fatal(err)
				}
				report, err := p.Run(t.Context(), src, dst, nil)
				if err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				same(file, report)
			}
		})
	}
}

// liar is a sink that keeps something else than it is given.
type liar struct {
	*tableio.Buffer
	instead func(arrow.Record) arrow.Record
}

func (l liar) Write(rec arrow.Record) error {
	out := l.instead(rec)
	defer out.Release()
	return l.Buffer.Write(out)
}

// replaced is a record with another column in the place of one, of as many rows
// or fewer.
func replaced(rec arrow.Record, name string, values arrow.Array) arrow.Record {
	fields, columns := rec.Schema().Fields(), []arrow.Array{}
	for i := range fields {
		columns = append(columns, rec.Column(i))
		if fields[i].Name == name {
			fields[i].Type, columns[i] = values.DataType(), values
		}
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows())
}

// TestSinkThatLies: nothing is committed but what was checked, whether the unit
// is written or not.
func TestSinkThatLies(t *testing.T) {
	table := visitsTable(1500)
	defer table.Release()
	src := tableio.FromTable(table)
	defer src.Release()
	keys := newKeys(t)
	column := func(rec arrow.Record, name string) arrow.Array {
		return rec.Column(rec.Schema().FieldIndices(name)[0])
	}
	// reversed spreads the labels over other rows.
	reversed := func(rec arrow.Record) arrow.Record {
		d := column(rec, "zip").(*array.Dictionary)
		index := array.NewInt32Builder(memory.DefaultAllocator)
		for row := d.Len() - 1; row >= 0; row-- {
			index.Append(int32(d.GetValueIndex(row)))
		}
		labels := array.NewDictionaryArray(d.DataType(), index.NewArray(), d.Dictionary())
		return replaced(rec, "zip", labels)
	}
	spelled := func(rec arrow.Record) arrow.Record {
		days, text := column(rec, "days"), array.NewStringBuilder(memory.DefaultAllocator)
		for row := range days.Len() {
			text.Append(days.ValueStr(row))
		}
		return replaced(rec, "days", text.NewArray())
	}
	constant := func(rec arrow.Record) arrow.Record {
		text := array.NewStringBuilder(memory.DefaultAllocator)
		for range rec.NumRows() {
			text.Append("canary")
		}
		return replaced(rec, "diagnosis", text.NewArray())
	}
	for _, c := range []struct {
		name         string
		instead      func(arrow.Record) arrow.Record
		seen, unseen string // the errors
	}{
		{"a row less", func(rec arrow.Record) arrow.Record { return rec.NewSlice(1, rec.NumRows()) },
			"what was written reads back as %d rows, want %d;", "reads back as %d rows in"},
		{"labels of other rows", reversed, "what was written reads back as", "reads back as"},
		{"numbers as text", spelled,
			`reading back what was written: kanon: check: column "days": integer in one record and text`,
			""},
		{"one value for all", constant,
			"reading back what was written: kanon: check: column",
			`of 1 distinct values of column "diagnosis"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for policy, want := range map[string]string{
				diversePolicy: c.seen, hidden(diversePolicy): c.unseen,
			} {
				if want == "" {
					continue
				}
				dst := liar{tableio.NewBuffer(), c.instead}
				_, err := newPipeline(t, policy, keys).Run(t.Context(), src, dst, nil)
				for _, part := range strings.Split(want, "%d") {
					if err == nil || !strings.Contains(err.Error(), part) {
						t.Errorf("%v, want %q", err, want)
					}
				}
				wantNoCanary(t, fmt.Sprint(err))
				if dst.Table() != nil {
					t.Error("it was committed")
				}
			}
		})
	}

	// A plan of other data says nothing of the classes; the models still do.
	p := newPipeline(t, strings.Replace(visitsPolicy, "  unit: id\n", "", 1), keys)
	plan, err := p.Fit(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	dst := liar{tableio.NewBuffer(), reversed}
	_, err = p.Run(t.Context(), src, dst, &anonymize.RunOptions{Plan: plan, PlanOfOtherData: true})
	if !errors.Is(err, anonymize.ErrUnsatisfied) || dst.Table() != nil ||
		!strings.HasPrefix(err.Error(), "anonymize: the check of the result failed: 3-anonymity") {
		t.Error(err)
	}
}
