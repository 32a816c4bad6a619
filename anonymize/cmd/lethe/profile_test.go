package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// TestProfilePassesOverNestedColumns: they are in the proposal, dropped, with
// the reason, and the policy runs.
func TestProfilePassesOverNestedColumns(t *testing.T) {
	type row struct {
		Age  int64    `parquet:"age"`
		Tags []string `parquet:"tags,list"`
	}
	rows := make([]row, 40)
	for i := range rows {
		rows[i] = row{Age: int64(i % 2), Tags: []string{"canary"}}
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "t.parquet")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := tableio.OpenFiles([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := proposePolicy(t.Context(), table, nil, newProgress(&b, true))
	if err != nil {
		t.Fatal(err)
	}
	const want = "    # passed over: column \"tags\" is nested, which is not supported\n" +
		"    tags: {role: identifier, drop: true}\n"
	if !strings.Contains(string(text), want) || strings.Contains(string(text), "canary") {
		t.Fatalf("the proposal is\n%s", text)
	}
	path = filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	policy, err := anonymize.ReadPolicy(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := anonymize.New(anonymize.Config{Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	dst := tableio.NewBuffer()
	if _, err := p.Run(t.Context(), table, dst, nil); err != nil {
		t.Error(err)
	}
	dst.Release()
}

func TestIdentifies(t *testing.T) {
	for name, want := range map[string]bool{
		"national_id": true, "FirstName": true, "e-mail": true, "patientID": true, "ID": true,
		"Social-Security": true, "phone2": true, "IP address": true, "customer.name": true,
		"age": false, "valid": false, "paid": false, "ward": false, "identity": false, "zip": false,
		"": false, "mailbox_size": false,
	} {
		if got := identifies(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
