package anonymize_test

import (
	"fmt"
	"os"

	"github.com/lethe-go/lethe/anonymize"
)

// A report as a run returns it, cut down to two columns and one model.
func smallReport() *anonymize.Report {
	return &anonymize.Report{
		Version: anonymize.ReportVersion, Lethe: "v0.1.0", Created: "2026-01-15T09:30:00Z",
		Rows: anonymize.RowCounts{Input: 6, Retained: 6, Sampled: 6, Output: 6},
		Columns: []anonymize.ColumnReport{
			{Name: "name", Role: anonymize.Identifier, Dropped: true},
			{Name: "age", Role: anonymize.QuasiIdentifier, Level: 1, Levels: 3, Loss: 0.25,
				Actions: []string{"generalized to intervals of 10"}},
		},
		Warnings: []string{"nobody reviewed this"},
	}
}

func ExampleReport_WriteText() {
	if err := smallReport().WriteText(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Anonymization report
	// made 2026-01-15T09:30:00Z by lethe v0.1.0
	//
	// NO GUARANTEE. No privacy model was asked for, so it is not known how well people hide in this table.
	//
	// 1 warning
	// - nobody reviewed this
	//
	// Rows
	//   read     6
	//   written  6
	//
	// Columns
	//   name  role        level    loss  what was done
	//   name  identifier                 dropped
	//   age   quasi         1/3  25.0 %  generalized to intervals of 10
	//
	// Not protected
	// - Who is in the table. No quasi-identifier was named, so nothing was generalized and nothing
	//   checked: combinations of columns may single people out.
	// - The figures of this report. They are exact counts without noise. They name no value of the table
	//   but are not differentially private.
	//
	// Digests (SHA-256)
	//   policy  not known
	//   plan    not known
	//   input   not known
	//   output  not known
}

// The page is one file that loads nothing, so it can be kept beside the table.
func ExampleReport_WriteHTML() {
	f, err := os.CreateTemp("", "report-*.html")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	if err := smallReport().WriteHTML(f); err != nil {
		fmt.Println(err)
	}
	if err := f.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
}
