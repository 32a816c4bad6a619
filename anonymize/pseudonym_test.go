package anonymize_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/pseudonym"
)

// tableOf makes a table of columns of text, and of dates where the name begins
// with "on".
func tableOf(t *testing.T, names []string, rows [][]string) arrow.Table {
	t.Helper()
	var fields []arrow.Field
	for _, n := range names {
		f := arrow.Field{Name: n, Type: arrow.BinaryTypes.String, Nullable: true}
		if strings.HasPrefix(n, "on") {
			f.Type = arrow.FixedWidthTypes.Date32
		}
		fields = append(fields, f)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, row := range rows {
		for i, v := range row {
			if err := b.Field(i).AppendValueFromString(v); err != nil {
				t.Fatal(err)
			}
		}
	}
	rec := b.NewRecord()
	defer rec.Release()
	return array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
}

func run(t *testing.T, policy string, keys map[string]*pseudonym.Keyring, table arrow.Table) (
	[]string, *anonymize.Report, error) {
	t.Helper()
	p, err := anonymize.New(anonymize.Config{Policy: readPolicy(t, policy), Keys: keys})
	if err != nil {
		return nil, nil, err
	}
	src := tableio.FromTable(table)
	defer src.Release()
	dst := tableio.NewBuffer()
	defer dst.Release()
	report, err := p.Run(t.Context(), src, dst, nil)
	if err != nil {
		return nil, nil, err
	}
	return rowsOf(dst.Table()), report, nil
}

// TestPseudonymMethods runs every method of a policy over a table of one
// person, and reads what came out.
func TestPseudonymMethods(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f", "on1", "on2"}
	table := tableOf(t, names, [][]string{
		{" Canary-1", "canary", "canary-secret", "4111111111111111", "ann.canary@mail.example.com",
			"canary-1234", "2020-01-01", "2020-03-01"}})
	defer table.Release()
	rows, report, err := run(t, `
version: 1
columns:
  a: {role: identifier, pseudonym: {cmac: {format: hex}, domain: d, canonical: [trim, lower], describe: true}}
  b: {role: identifier, pseudonym: {redact: {}}}
  c: {role: identifier, pseudonym: {constant: {value: gone}}}
  d: {role: identifier, pseudonym: {ff1: {shape: card}, domain: d}}
  e: {role: identifier, pseudonym: {email: {host: suffix}, domain: d}}
  f: {role: identifier, pseudonym: {mask: {keep_last: 4, length: 3}}}
  on1: {role: insensitive, pseudonym: {date_shift: {subject: a, lo: 10, hi: 40}, domain: d, entity: person}}
  on2: {role: insensitive, pseudonym: {date_shift: {subject: a, lo: 10, hi: 40}, domain: d, entity: person}}
`, newKeys(t), table)
	if err != nil {
		t.Fatal(err)
	}
	row := rows[0]
	for _, want := range []string{" b=(null) ", " c=gone ", " d=411111", " f=***1234 ", "@com "} {
		if !strings.Contains(row, want) {
			t.Errorf("row %s, want %q in it", row, want)
		}
	}
	if strings.Contains(row, "anary") {
		t.Errorf("a value in the output: %s", row)
	}
	var on [2]arrow.Date32
	for i, name := range []string{"on1=", "on2="} {
		at := strings.Index(row, name) + 4
		b := array.NewDate32Builder(memory.DefaultAllocator)
		defer b.Release()
		if err := b.AppendValueFromString(row[at : at+10]); err != nil {
			t.Fatal(err)
		}
		on[i] = b.Value(0)
	}
	if on[1]-on[0] != 60 || on[0] < 18262+10 || on[0] > 18262+40 {
		t.Errorf("shifted to %v, %d apart, want 60", on, on[1]-on[0])
	}
	var text strings.Builder
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"AES-CMAC tokens, of values canonicalized by trim, lower, domain",
		"redacted: every value is null", `every value replaced by "gone"`, "FF1, card",
		"dates shifted by 10 to 40 days, the same for all dates of one", "canonical=trim+lower"} {
		if !strings.Contains(strings.Join(strings.Fields(text.String()), " "), want) {
			t.Errorf("the report lacks %q:\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "anary") {
		t.Error("a value in the report")
	}
	m := report.Manifest()
	if len(m.Columns) != 8 || m.Columns[0].Bits != 128 || m.Columns[0].KeyID == 0 ||
		m.Columns[1].KeyID != 0 || m.Columns[0].Values != 1 || m.Columns[1].Nulls != 1 {
		t.Errorf("manifest %+v", m)
	}
}

// The subject of a date shift need not be in the output, and dates of a person
// move alike in two tables.
func TestDateShiftOfDroppedSubject(t *testing.T) {
	keys := newKeys(t)
	var on []string
	for _, column := range []string{"on_admission", "on_discharge"} {
		table := tableOf(t, []string{"who", column}, [][]string{{"ann", "2020-01-01"}, {"ann", "2020-01-01"}})
		defer table.Release()
		rows, _, err := run(t, fmt.Sprintf(`
version: 1
columns:
  who: {role: identifier, drop: true}
  %s: {role: quasi, pseudonym: {date_shift: {subject: who, lo: 1, hi: 9999}, domain: d}, hierarchy: {dates: {periods: [year]}}}
privacy: {models: [{k_anonymity: {k: 2}}], recoding: global}
`, column), keys, table)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != 2 || strings.Contains(rows[0], "who") {
			t.Fatalf("rows %v", rows)
		}
		_, date, _ := strings.Cut(rows[0], "=")
		on = append(on, date)
	}
	if on[0] != on[1] || on[0] == "2020-01-01" {
		t.Errorf("shifted to %v", on)
	}
}

func TestGuardsStopARun(t *testing.T) {
	var rows [][]string
	for i := range 2000 {
		rows = append(rows, []string{fmt.Sprintf("canary-%d", i%20)})
	}
	table := tableOf(t, []string{"ward"}, rows)
	defer table.Release()
	const policy = `
version: 1
columns:
  ward: {role: identifier, pseudonym: {hmac: {}, domain: d%s}}
`
	keys := newKeys(t)
	_, _, err := run(t, fmt.Sprintf(policy, ""), keys, table)
	if !errors.Is(err, anonymize.ErrUnsatisfied) || !errors.Is(err, pseudonym.ErrLowEntropy) ||
		!strings.Contains(err.Error(), `column "ward"`) || strings.Contains(err.Error(), "canary") {
		t.Errorf("error %v", err)
	}
	out, report, err := run(t, fmt.Sprintf(policy, ", low_entropy: the wards are public"), keys, table)
	if err != nil || len(out) != 2000 {
		t.Fatalf("%d rows, %v", len(out), err)
	}
	if all := strings.Join(report.Warnings, "\n"); !strings.Contains(all, "20 distinct values in 2000") ||
		!strings.Contains(all, "the wards are public") {
		t.Errorf("warnings %s", all)
	}
	_, _, err = run(t, fmt.Sprintf(policy, ", empty: keep, sentinels: [x], sentinel_as: keep, "+
		"entity: e}}\n  b: {role: identifier, pseudonym: {hmac: {format: binary}, domain: d, empty: keep"),
		keys, table)
	if err == nil || !strings.Contains(err.Error(), "cannot be kept") {
		t.Errorf("error %v", err)
	}
}

func TestZIP3(t *testing.T) {
	policy := `
version: 1
columns: {zip: {role: insensitive, zip3: {sparse: ["036", "059"]}}}
`
	table := tableOf(t, []string{"zip"}, [][]string{{"90210"}, {"03601"}, {"059011234"}, {"10001-0001"}})
	defer table.Release()
	rows, report, err := run(t, policy, nil, table)
	if err != nil || fmt.Sprint(rows) != "[zip=902 zip=000 zip=000 zip=100]" {
		t.Errorf("%v, %v", rows, err)
	}
	if err == nil && !strings.Contains(report.Columns[0].Actions[0], "2 sparse areas") {
		t.Errorf("actions %v", report.Columns[0].Actions)
	}
	for _, bad := range []string{"9021", "canary", "902101", "", "90210 1234"} {
		table := tableOf(t, []string{"zip"}, [][]string{{bad}})
		defer table.Release()
		if _, _, err := run(t, policy, nil, table); !errors.Is(err, anonymize.ErrUnsatisfied) ||
			!strings.Contains(err.Error(), "no ZIP code") || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}
