package anonymize

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateReports = flag.Bool("update-reports", false, "rewrite testdata/report")

// render gives what a writer of the report writes.
func render(tb testing.TB, write func(io.Writer) error) string {
	tb.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// unprotected is the report of a run that only minimized.
func unprotectedReport() *Report {
	r := sampleReport()
	r.Title, r.Purpose, r.Anonymity, r.Statistics, r.Warnings = "", "", nil, nil, nil
	r.Digests.Input, r.Digests.Plan = "", ""
	r.Rows.Suppressed, r.Rows.Output = 0, r.Rows.Sampled
	r.Columns = r.Columns[6:]
	return r
}

// failedReport is the report of a table that does not satisfy its policy.
func failedReport() *Report {
	r := sampleReport()
	a := r.Anonymity
	a.Unit, a.SuppressedAs = "", "star"
	a.Models[0].Reached, a.Models[0].Holds = 3, false
	a.Models = append(a.Models, ModelReport{Model: "0.2-closeness of diagnosis",
		Wanted: 0.2, Reached: 0.1437, Holds: true})
	a.After.addClasses(3, 2)
	a.After.Risk.ProsecutorHighest = 1.0 / 3
	return r
}

func TestReportGolden(t *testing.T) {
	for name, r := range map[string]*Report{
		"visits": sampleReport(), "unprotected": unprotectedReport(), "failed": failedReport(),
		"hostile": hostileReport("<script>alert('1')</script>\"\x1b[31m\u202e"), "empty": {},
	} {
		for ext, write := range map[string]func(io.Writer) error{
			".txt": r.WriteText, ".html": r.WriteHTML, ".json": r.WriteJSON,
		} {
			t.Run(name+ext, func(t *testing.T) {
				got := render(t, write)
				file := filepath.Join("testdata", "report", name+ext)
				if *updateReports {
					if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("differs from %s; see -update-reports (-want +got):\n%s", file, diff)
				}
			})
		}
	}
}
