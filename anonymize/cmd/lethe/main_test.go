package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// asCommand is set in the environment of a process that stands for the command
// instead of its tests.
const asCommand = "LETHE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCopy) != "" {
		if err := copyFiles(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(asCommand) != "" {
		os.Exit(lethe(paceCollector(context.Background()), os.Args[1:], os.Stdout, os.Stderr))
	}
	testscript.Main(m, map[string]func(){
		"lethe": func() {
			os.Exit(lethe(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
		},
	})
}

// TestScripts runs the command as a person would. Each file of testdata/script
// is one session; see the documentation of testscript.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit":   exitCode,
			"only":   onlyFiles,
			"onkey":  onKey,
			"tokens": makeTokens,
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// exitCode is "exit CODE lethe ARGS…": the command ends with that code.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND ARGS…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = "1"
		if e, ok := err.(interface{ ExitCode() int }); ok {
			got = string(rune('0' + e.ExitCode()))
		}
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// onlyFiles is "only FILE…": the folder holds these files and no other, hidden
// ones included.
func onlyFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: only FILE…")
	}
	want := map[string]bool{}
	for _, a := range args {
		want[a] = true
	}
	entries, err := os.ReadDir(ts.MkAbs("."))
	ts.Check(err)
	for _, e := range entries {
		if !want[e.Name()] && e.Name() != ".tmp" {
			ts.Fatalf("%s is there", e.Name())
		}
		delete(want, e.Name())
	}
	for name := range want {
		ts.Fatalf("%s is not there", name)
	}
}

// onKey is "onkey STATUS lethe keys VERB --keys FILE": the command on the first
// key of FILE that has the status.
func onKey(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: onkey STATUS COMMAND… FILE")
	}
	ts.Check(ts.Exec("lethe", "keys", "list", "--keys", args[len(args)-1]))
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[1] == args[0] {
			if err := ts.Exec(args[1], append(args[2:], fields[0])...); (err != nil) != neg {
				ts.Fatalf("%v", err)
			}
			return
		}
	}
	ts.Fatalf("no key is %s", args[0])
}
