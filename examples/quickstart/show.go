package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// generate writes n made-up visits to a Parquet file.
func generate(path string, n int) error {
	reader := visits(n, 1)
	defer reader.Release()
	file, err := tableio.Create(path, nil)
	if err != nil {
		return err
	}
	for reader.Next() {
		if err := file.Write(reader.Record()); err != nil {
			return errors.Join(err, file.Abort())
		}
	}
	if _, err := file.Seal(); err != nil {
		return errors.Join(err, file.Abort())
	}
	return file.Commit()
}

// show prints the first rows before and after, what was reached, and where the
// files are.
func show(report *anonymize.Report, dir string) error {
	for _, table := range []struct{ title, file string }{
		{"Before", "visits.parquet"}, {"After", "safe.parquet"}, {"Statistics", "statistics.parquet"},
	} {
		fmt.Printf("%s, the first rows of %s:\n", table.title, table.file)
		if err := head(filepath.Join(dir, table.file), 5); err != nil {
			return err
		}
		fmt.Println()
	}
	a := report.Anonymity
	fmt.Printf("%d visits in, %d out; the smallest class went from %d to %d people, the highest risk "+
		"from 1 in %d to 1 in %d.\n\n", report.Rows.Input, report.Rows.Output, a.Before.Smallest,
		a.After.Smallest, a.Before.Smallest, a.After.Smallest)
	fmt.Printf("In %s: safe.parquet, statistics.parquet, report.html, policy.yaml (change it and run "+
		"again), and what must not leave: visits.parquet and keys.json.\n", dir)
	return nil
}

// head prints the first rows of a table.
func head(path string, rows int64) error {
	table, err := tableio.Open(path, nil)
	if err != nil {
		return err
	}
	reader, err := table.Open(context.Background())
	if err != nil {
		return err
	}
	defer reader.Release()
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	line := func(cell func(column int) string) {
		for i := range reader.Schema().Fields() {
			fmt.Fprintf(out, "  %s\t", cell(i))
		}
		fmt.Fprintln(out)
	}
	line(func(i int) string { return reader.Schema().Field(i).Name })
	if reader.Next() {
		rec := reader.Record()
		for row := range min(rows, rec.NumRows()) {
			line(func(i int) string { return cell(rec.Column(i), int(row)) })
		}
	}
	return errors.Join(reader.Err(), out.Flush())
}

// cell is a value as text, cut to a width that a terminal bears.
func cell(a arrow.Array, row int) string {
	text := []rune(a.ValueStr(row))
	if len(text) > 20 {
		text = append(text[:19], '…')
	}
	return string(text)
}
