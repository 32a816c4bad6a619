// Package internal_test keeps the rule of who may import whom.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/lethe-go/lethe"

// allowed lists, for each part of the tree, the packages of this module it may
// import: itself, and these. Whatever is not listed is forbidden.
var allowed = map[string][]string{
	"internal":          {"internal"},
	"pseudonym":         {"pseudonym", "internal"},
	"kanon":             {"kanon", "internal"},
	"dp":                {"dp", "internal"},
	"anonymize":         {"anonymize", "pseudonym", "kanon", "dp", "internal"},
	"anonymize/tableio": {"anonymize", "anonymize/tableio", "internal"},
	"anonymize/cmd":     {"anonymize", "pseudonym", "kanon", "dp", "internal"},
	"examples":          {"anonymize", "pseudonym", "kanon", "dp"},
}

// confined lists modules that only one part may import, because they are heavy
// or must not be linked twice.
var confined = map[string]string{
	"github.com/parquet-go":  "anonymize/tableio",
	"github.com/klauspost":   "anonymize/tableio",
	"github.com/tink-crypto": "pseudonym",
	"github.com/spf13":       "anonymize/cmd",
	"github.com/schollz":     "anonymize/cmd",
	"golang.org/x/term":      "anonymize/cmd",
	"go.etcd.io/bbolt":       "pseudonym/crosswalk",
	"filippo.io/age":         "pseudonym/passphrase",
	"go.yaml.in":             "anonymize",
}

// forbidden lists packages that nothing may import: they do not link beside
// other versions of Arrow, or make every program that imports them large.
var forbidden = []string{
	"github.com/apache/arrow/go/v15/parquet",
	"github.com/apache/arrow/go/v15/arrow/compute",
	"github.com/apache/arrow-go",
}

// checkers are files that must not know the engine whose work they check.
var checkers = map[string][]string{
	"kanon/check.go": {"internal/column", "internal/group", "internal/lattice"},
	"kanon/audit.go": {"internal/column", "internal/group", "internal/lattice"},
}

func TestImports(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, nested := os.Stat(filepath.Join(path, "go.mod"))
			if strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" ||
				nested == nil && path != root {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		files++
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		imports, err := importsOf(path)
		if err != nil {
			return err
		}
		for _, imported := range imports {
			if why := refuse(filepath.ToSlash(rel), imported); why != "" {
				t.Errorf("%s imports %s: %s", rel, imported, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("only %d Go files found below %s", files, root)
	}
}

// TestRefuse shows that the rule can fail.
func TestRefuse(t *testing.T) {
	for file, imported := range map[string]string{
		"kanon/solve.go":           module + "/dp",
		"dp/session.go":            module + "/anonymize",
		"internal/group/table.go":  module + "/kanon",
		"anonymize/pipeline.go":    module + "/anonymize/tableio",
		"anonymize/run.go":         "github.com/parquet-go/parquet-go",
		"kanon/check.go":           module + "/internal/column",
		"pseudonym/keyring.go":     "log",
		"kanon/plan.go":            "github.com/apache/arrow/go/v15/arrow/compute",
		"examples/quickstart/m.go": module + "/internal/exact",
	} {
		if refuse(file, imported) == "" {
			t.Errorf("%s may import %s", file, imported)
		}
	}
	if why := refuse("anonymize/run.go", module+"/kanon/risk"); why != "" {
		t.Error(why)
	}
}

// refuse says why a file may not import a package; empty if it may.
func refuse(file, imported string) string {
	if imported == "log" && !strings.HasSuffix(file, "_test.go") { // libraries do not log; log/slog serves to redact
		return "nothing may"
	}
	for _, f := range forbidden {
		if within(imported, f) {
			return "nothing may"
		}
	}
	part := partOf(file)
	for mod, owner := range confined {
		if within(imported, mod) && part != owner && !within(file, owner) &&
			!strings.HasSuffix(file, "_test.go") {
			return "only " + owner + " may"
		}
	}
	own, ok := strings.CutPrefix(imported, module+"/")
	if !ok {
		return ""
	}
	for _, engine := range checkers[file] {
		if within(own, engine) {
			return "a checker shares no code with the search"
		}
	}
	if part == "anonymize" && within(own, "anonymize/tableio") &&
		!strings.HasSuffix(file, "_test.go") {
		return "files are a layer above the pipeline"
	}
	for _, a := range allowed[part] {
		if within(own, a) {
			return ""
		}
	}
	return "the layers of the design forbid it"
}

// partOf returns the longest part of the tree that holds the file.
func partOf(file string) string {
	best := ""
	for part := range allowed {
		if within(file, part) && len(part) > len(best) {
			best = part
		}
	}
	return best
}

func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+"/")
}

func importsOf(path string) ([]string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var imports []string
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		imports = append(imports, imported)
	}
	return imports, nil
}
