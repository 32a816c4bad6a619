package anonymize_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// diversePolicy is visitsPolicy with models of the sensitive column and of the
// days as another.
var diversePolicy = strings.NewReplacer(
	", unprotected: a test", "",
	"days: {role: insensitive", "days: {role: sensitive",
	"[{k_anonymity: {k: 3}}]", `
    - {k_anonymity: {k: 3}}
    - {l_diversity: {column: diagnosis, l: 4, kind: distinct}}
    - {l_diversity: {column: diagnosis, l: 3, kind: entropy}}
    - {t_closeness: {column: days, t: 0.3, distance: ordered}}
    - {t_closeness: {column: diagnosis, t: 0.35, distance: equal}}
    - {alpha_k: {column: diagnosis, alpha: 0.7, k: 4}}
    - {beta_likeness: {column: diagnosis, beta: 6, kind: enhanced}}
    - {delta_disclosure: {column: diagnosis, delta: 3}}
    - {average_risk: {risk: 0.3, highest: 0.5, at_risk: 0.1}}
    - {k_map: {k: 9, occurrence: zero_truncated_poisson, population: 9000, significance: 0.2}}
    - {population_uniqueness: {share: 0.01, population: 9000, estimator: zayatz}}`,
	"max_suppression: 0.05", "max_suppression: 0.4",
).Replace(visitsPolicy)

// Models of sensitive columns hold on what is written, in rows and in people,
// with rows dropped and starred, through memory and files, and the report says
// how well.
func TestRunDiverse(t *testing.T) {
	table := visitsTable(2000)
	defer table.Release()
	src := tableio.FromTable(table)
	defer src.Release()
	keys := newKeys(t)
	for name, policy := range map[string]string{
		"people": diversePolicy,
		"rows":   strings.Replace(diversePolicy, "  unit: id\n", "", 1),
		"rows by precision": strings.NewReplacer("  unit: id\n", "", "recoding: global",
			"recoding: global\n  loss: {measure: precision}").Replace(diversePolicy),
		"people starred": diversePolicy + "output: {suppressed: star}\n",
		"rows starred": strings.Replace(diversePolicy, "  unit: id\n", "", 1) +
			"output: {suppressed: star}\n",
	} {
		t.Run(name, func(t *testing.T) {
			p := newPipeline(t, policy, keys)
			rows, report := runAll(t, p, src, nil)
			one, _ := runAll(t, p, src, &anonymize.RunOptions{Workers: 1})
			if !slices.Equal(rows, one) || report.Rows.Output != int64(len(rows)) {
				t.Error("the output depends on the number of workers")
			}
			if len(report.Anonymity.Models) != 11 {
				t.Fatalf("%+v", report.Anonymity.Models)
			}
			if said := strings.Join(report.Warnings, "\n"); strings.Contains(said, "no model") {
				t.Errorf("a warning that a protected column is not: %s", said)
			}
			for _, m := range report.Anonymity.Models {
				if !m.Holds || m.Reached == 0 && !strings.Contains(m.Model, "uniqueness") {
					t.Errorf("%+v", m)
				}
			}
			if report.Rows.Suppressed == 0 {
				t.Error("no row was suppressed; the test needs some")
			}
			if !strings.Contains(name, "people") {
				wantClose(t, rows, rowsOf(table), report.Anonymity.Models)
			}
			for _, file := range []string{"out.parquet", "out.csv"} {
				dst, err := tableio.Create(filepath.Join(t.TempDir(), file), nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.Run(t.Context(), src, dst, nil); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
		})
	}
}

// wantClose recomputes what was reached in rows.
func wantClose(t *testing.T, rows, input []string, models []anonymize.ModelReport) {
	t.Helper()
	count := func(rows []string, class func(cells map[string]string) string) map[string]map[string]float64 {
		out := map[string]map[string]float64{}
		for _, row := range rows {
			cells := map[string]string{}
			for _, part := range strings.Split(strings.ReplaceAll(row, "canary ", "canary_"), " ") {
				if name, value, ok := strings.Cut(part, "="); ok {
					cells[name] = value
				}
			}
			c := class(cells)
			if out[c] == nil {
				out[c] = map[string]float64{}
			}
			out[c][cells["diagnosis"]]++
		}
		return out
	}
	whole := count(input, func(map[string]string) string { return "" })[""]
	distinct, distance := math.Inf(1), 0.0
	for _, values := range count(rows, func(cells map[string]string) string {
		return fmt.Sprint(cells["age"], " ", cells["zip"], " ", cells["admitted"])
	}) {
		distinct = min(distinct, float64(len(values)))
		n, d := 0.0, 0.0
		for _, x := range values {
			n += x
		}
		for value, x := range whole {
			d += math.Abs(values[value]/n-x/float64(len(input))) / 2
		}
		distance = max(distance, d)
	}
	if models[1].Reached != distinct || math.Abs(models[4].Reached-distance) > 1e-12 {
		t.Errorf("reached %v and %v, want %v and %v",
			models[1].Reached, models[4].Reached, distinct, distance)
	}
}

// A model that cannot hold is the data's fault, and nothing is written.
func TestRunTooDiverse(t *testing.T) {
	table := visitsTable(300)
	defer table.Release()
	src := tableio.FromTable(table)
	defer src.Release()
	p := newPipeline(t, strings.Replace(diversePolicy, "l: 4", "l: 10", 1), newKeys(t))
	dst := tableio.NewBuffer()
	defer dst.Release()
	_, err := p.Run(t.Context(), src, dst, nil)
	if !errors.Is(err, anonymize.ErrUnsatisfied) ||
		!strings.Contains(err.Error(), "distinct 10-diversity of diagnosis") {
		t.Fatalf("error %v", err)
	}
	wantNoCanary(t, err.Error())
}

// The tree of a hierarchical distance comes from a file beside the policy, or
// from Go.
func TestRunHierarchicalCloseness(t *testing.T) {
	table := visitsTable(600)
	defer table.Release()
	src := tableio.FromTable(table)
	defer src.Release()
	var tree strings.Builder
	for i := range 9 {
		fmt.Fprintf(&tree, "canary %d;group %d;*\n", i, i/3)
	}
	policy := strings.NewReplacer(", unprotected: a test", "", "[{k_anonymity: {k: 3}}]",
		"[{k_anonymity: {k: 3}}, {t_closeness: {column: diagnosis, t: 0.3, distance: hierarchical, "+
			"file: tree.csv}}]").Replace(visitsPolicy)
	p := readPolicyBeside(t, policy, "tree.csv", tree.String())
	pipeline, err := anonymize.New(anonymize.Config{Policy: p, Keys: newKeys(t)})
	if err != nil {
		t.Fatal(err)
	}
	_, report := runAll(t, pipeline, src, nil)
	if m := report.Anonymity.Models[1]; !m.Holds || m.Reached <= 0 || m.Wanted != 0.3 {
		t.Errorf("%+v", m)
	}
}

// readPolicyBeside is readPolicy with a file in the policy's folder.
func readPolicyBeside(t *testing.T, text, name, content string) *anonymize.Policy {
	t.Helper()
	dir := t.TempDir()
	for file, content := range map[string]string{"policy.yaml": text, name: content} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := anonymize.ReadPolicy(filepath.Join(dir, "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
