package anonymize_test

import (
	"strings"
	"testing"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// A token that ties rows together is a warning, whether it is the unit or there
// is none, and so is a column of which nothing is left. Where each row has a
// token of its own, or none, nothing is warned of.
func TestWarnings(t *testing.T) {
	table := visitsTable(3000)
	defer table.Release()
	src := tableio.FromTable(table)
	defer src.Release()
	keys := newKeys(t)
	token := "pseudonym: {hmac: {}, domain: test}"
	for name, c := range map[string]struct{ policy, want string }{
		"unit": {visitsPolicy, `Column "id" ties the rows of a person together`},
		"no unit": {strings.Replace(visitsPolicy, "  unit: id\n", "", 1),
			"different tokens in 3,000 rows, and no unit is named"},
		"dropped": {strings.Replace(visitsPolicy, token, "drop: true", 1), ""},
		"nothing left": {strings.NewReplacer(token, "drop: true", "k: 3", "k: 400").Replace(visitsPolicy),
			`Nothing is left of column "zip"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, report := runAll(t, newPipeline(t, c.policy, keys), src, nil)
			said := strings.Join(report.Warnings, "\n")
			for _, text := range []string{`ties the rows`, "no unit is named", "Nothing is left"} {
				if got, want := strings.Contains(said, text), strings.Contains(c.want, text); got != want {
					t.Errorf("%q: said %v, want %v: %s", text, got, want, said)
				}
			}
			if !strings.Contains(said, c.want) {
				t.Errorf("want %q in %s", c.want, said)
			}
		})
	}
}

// Starred rows are suppressed ones: as many as are dropped where they are not
// written.
func TestStarredAreSuppressed(t *testing.T) {
	table := visitsTable(3000)
	defer table.Release()
	src := tableio.FromTable(table)
	defer src.Release()
	for _, recoding := range []string{"global", "local"} {
		policy := strings.NewReplacer("pseudonym: {hmac: {}, domain: test}", "drop: true",
			"recoding: global", "recoding: "+recoding, "max_suppression: 0.05", "max_suppression: 0.4").
			Replace(visitsPolicy)
		var reports []*anonymize.Report
		for _, output := range []string{"", "output: {suppressed: star}\n"} {
			_, report := runAll(t, newPipeline(t, policy+output, nil), src, nil)
			reports = append(reports, report)
		}
		dropped, starred := reports[0], reports[1]
		if starred.Rows.Output != 3000 || starred.Rows.Suppressed != dropped.Rows.Suppressed ||
			starred.Anonymity.Suppression != dropped.Anonymity.Suppression {
			t.Errorf("%s: %+v and %+v", recoding, dropped.Rows, starred.Rows)
		}
		if recoding == "global" && dropped.Rows.Suppressed == 0 {
			t.Error("no row was suppressed; the test needs some")
		}
	}
}
