package tableio_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/lethe-go/lethe/anonymize/tableio"
)

// Read a CSV file as a stream of records, two of its columns only.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "visits.csv")
	text := "name;zip;age\nAnn;01234;30\nBob;99999;\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}

	visits, err := tableio.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	r, err := visits.Open(context.Background(), "age", "zip")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Release()
	for r.Next() {
		for _, c := range r.Record().Columns() {
			fmt.Println(c.DataType(), c)
		}
	}
	if err := r.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// int64 [30 (null)]
	// utf8 ["01234" "99999"]
}

// Write a table that appears under its name only after it was read back.
func ExampleCreate() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "visits.parquet")

	w, err := tableio.Create(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer w.Abort() // does nothing after Commit
	r, err := visits(1000).Open(context.Background(), "ward", "age")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Release()
	for r.Next() {
		if err := w.Write(r.Record()); err != nil {
			log.Fatal(err)
		}
	}
	sealed, err := w.Seal()
	if err != nil {
		log.Fatal(err)
	}
	back, err := sealed.Open(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer back.Release()
	for back.Next() {
		fmt.Println(back.Record().NumRows(), "rows are on the disk")
	}
	_, err = os.Stat(path)
	fmt.Println("visible before Commit:", err == nil)
	if err := w.Commit(); err != nil {
		log.Fatal(err)
	}
	_, err = os.Stat(path)
	fmt.Println("visible after Commit:", err == nil)
	// Output:
	// 1000 rows are on the disk
	// visible before Commit: false
	// visible after Commit: true
}

// The one-call doors turn one format into another.
func ExampleWriteTable() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	in, out := filepath.Join(dir, "t.csv"), filepath.Join(dir, "t.parquet")
	if err := os.WriteFile(in, []byte("day,ok\n2024-02-29,true\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	table, err := tableio.ReadTable(ctx, in, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer table.Release()
	if err := tableio.WriteTable(ctx, out, table, nil); err != nil {
		log.Fatal(err)
	}
	again, err := tableio.ReadTable(ctx, out, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer again.Release()
	fmt.Println(again.NumRows(), again.Schema().Field(0).Type, again.Schema().Field(1).Type)
	// Output: 1 date32 bool
}

// Read all files of a folder as one table.
func ExampleOpenFiles() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{
		"part-1.csv": "zip,age\n01234,30\n", "part-2.csv": "zip,age\n99999,31.5\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	table, err := tableio.OpenFiles([]string{dir}, nil)
	if err != nil {
		log.Fatal(err)
	}
	r, err := table.Open(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer r.Release()
	for r.Next() {
		fmt.Println(r.Record().Columns())
	}
	if err := r.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// [["01234"] [30]]
	// [["99999"] [31.5]]
}

// Read a table that is not in a file.
func ExampleOpenReaderAt() {
	object := strings.NewReader("zip,age\n01234,30\n")
	table, err := tableio.OpenReaderAt("visits.csv", object, object.Size(), nil)
	if err != nil {
		log.Fatal(err)
	}
	r, err := table.Open(context.Background(), "age")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Release()
	for r.Next() {
		fmt.Println(r.Record().Columns())
	}
	// Output: [[30]]
}
