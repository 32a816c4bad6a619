package kanon_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The check stands on its own: its files import nothing internal, and refer to
// nothing of the package beyond themselves but the models.
func TestCheckSharesNoCode(t *testing.T) {
	own := map[string]bool{"check.go": true, "check_column.go": true, "check_models.go": true,
		"check_values.go": true, "check_diversity.go": true, "check_compare.go": true,
		"check_sizes.go": true, "check_keys.go": true, "check_classes.go": true,
		"check_order.go": true, "check_trace.go": true, "check_read.go": true,
		"check_kinds.go": true, "check_texts.go": true, "check_words.go": true, "audit.go": true}
	// The models and their parameters: a Tree is one, which says what a label is.
	allowed := map[string]bool{"Model": true, "KAnonymity": true, "LDiversity": true,
		"TCloseness": true, "AlphaK": true, "BetaLikeness": true, "DeltaDisclosure": true,
		"KMap": true, "Poisson": true, "TruncatedPoisson": true, "DeltaPresence": true,
		"AverageRisk": true, "SampleUniqueness": true, "PopulationUniqueness": true,
		"Distinct": true, "Entropy": true, "Grassberger": true, "Recursive": true, "Equal": true,
		"Ordered": true, "Hierarchical": true, "Basic": true, "Enhanced": true, "Tree": true}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	foreign := map[string]string{} // names declared elsewhere, with their file
	unresolved := map[string]string{}
	checked := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !own[name] {
			for declared := range file.Scope.Objects {
				foreign[declared] = name
			}
			continue
		}
		checked++
		for _, spec := range file.Imports {
			if strings.Contains(spec.Path.Value, "lethe") {
				t.Errorf("%s imports %s", name, spec.Path.Value)
			}
		}
		for _, ident := range file.Unresolved {
			unresolved[ident.Name] = name
		}
		methodsOnlyOfOwn(t, name, file)
	}
	if checked != len(own) {
		t.Fatalf("%d files of the check, want %d", checked, len(own))
	}
	if len(unresolved) == 0 || foreign["Anonymizer"] == "" {
		t.Fatal("this test sees nothing")
	}
	for name, in := range unresolved {
		if from, ok := foreign[name]; ok && !allowed[name] {
			t.Errorf("%s uses %s of %s", in, name, from)
		}
	}
}

// methodsOnlyOfOwn keeps the files from adding methods to types of the search.
func methodsOnlyOfOwn(t *testing.T, name string, file *ast.File) {
	own := map[string]bool{"Checker": true, "checkColumn": true, "checkClasses": true,
		"keyNumbers": true, "keyPairs": true, "classField": true, "blockReader": true, "Audit": true,
		"checkedValues": true, "wholeValues": true, "textNumbers": true,
		"wordNumbers": true}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Recv == nil {
			continue
		}
		typ := f.Recv.List[0].Type
		if star, ok := typ.(*ast.StarExpr); ok {
			typ = star.X
		}
		if id, ok := typ.(*ast.Ident); !ok || !own[id.Name] {
			t.Errorf("%s has a method %s of another type", name, f.Name.Name)
		}
	}
}
