package anonymize_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// Local recoding through the whole pipeline: in every way in which numbers come
// out, in memory and in files, checked as what is written, and again as parts
// with a plan; and it loses less than global recoding.
func TestRunLocal(t *testing.T) {
	table := visitsTable(1500)
	defer table.Release()
	src := tableio.FromTable(table)
	defer src.Release()
	keys := newKeys(t)
	_, global := runAll(t, newPipeline(t, visitsPolicy, keys), src, nil)
	local := strings.Replace(visitsPolicy, "recoding: global", "recoding: local", 1)
	free := strings.NewReplacer("max: 99", "max: 99, free: true", "year]", "year], free: true")
	for name, c := range map[string]struct{ policy, column string }{
		"labels":   {local, "age="},
		"midpoint": {local + "output: {numeric: midpoint}\n", "age="},
		"mean":     {free.Replace(local) + "output: {numeric: mean, suppressed: star}\n", "admitted="},
		"bounds":   {free.Replace(local) + "output: {numeric: bounds}\n", "age_lower="},
		"thorough": {strings.Replace(local, "recoding: local",
			"recoding: local\n  local: {iterations: 300, seed: 5}", 1), "age="},
		"mondrian": {free.Replace(strings.Replace(local, "recoding: local", "recoding: mondrian", 1)),
			"age="},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPipeline(t, c.policy, keys)
			rows, report := runAll(t, p, src, nil)
			one, _ := runAll(t, p, src, &anonymize.RunOptions{Workers: 1})
			if !slices.Equal(rows, one) || report.Rows.Output != int64(len(rows)) {
				t.Error("the output depends on the number of workers")
			}
			a := report.Anonymity
			if len(rows) == 0 || !strings.Contains(rows[0], c.column) || !a.Models[0].Holds {
				t.Errorf("first row %q, models %+v", rows[:1], a.Models)
			}
			if name != "mondrian" && (a.Recoding != "local" || a.Search != "sweep" ||
				columnLoss(report) > columnLoss(global)) {
				t.Errorf("%s recoding by %s loses %v, and global %v", a.Recoding, a.Search,
					columnLoss(report), columnLoss(global))
			}
			fitted, err := p.Fit(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{"out.parquet", "out.csv"} {
				path := filepath.Join(t.TempDir(), file)
				dst, err := tableio.Create(path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.Run(t.Context(), src, dst, nil); err != nil {
					t.Errorf("%s: %v", file, err)
				}
				if file == "out.csv" {
					continue // in which a number may be read as an integer
				}
				part, err := tableio.Open(path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.Check(t.Context(), part, fitted); err != nil {
					t.Errorf("the part: %v", err)
				}
			}
		})
	}
}

// columnLoss adds up what is lost in each column.
func columnLoss(r *anonymize.Report) (sum float64) {
	for _, c := range r.Columns {
		sum += c.Loss
	}
	return sum
}
