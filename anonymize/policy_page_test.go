package anonymize

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lethe-go/lethe/internal/lattice"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/pseudonym"
)

// pageRow is what a table of POLICY.md says of a key, under its path: the keys from the
// top, joined by dots, without names of columns and places in lists.
type pageRow struct {
	values string
	preset string // the column Default
}

var (
	pageHeader = regexp.MustCompile("^\\| Key(?: of `([a-z_.]+)`)?(?: within (.*?))? \\|")
	pageTicks  = regexp.MustCompile("`([^`]*)`")
	wantList   = regexp.MustCompile(`want (?:one|some) of (.*)$`)
)

func readPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../POLICY.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// ticked lists what a cell has in backticks.
func ticked(cell string) (words []string) {
	for _, m := range pageTicks.FindAllStringSubmatch(cell, -1) {
		words = append(words, m[1])
	}
	return words
}

// pageRows reads the tables of keys. A path that is there twice is an error.
func pageRows(t *testing.T, page string) map[string]pageRow {
	t.Helper()
	rows := map[string]pageRow{}
	var under []string // what the keys of the table are in; nil outside of a table
	for _, line := range strings.Split(page, "\n") {
		if head := pageHeader.FindStringSubmatch(line); head != nil {
			under = []string{head[1]}
			if within := ticked(head[2]); within != nil {
				under = nil
				for _, w := range within {
					under = append(under, head[1]+"."+w)
				}
			}
			continue
		}
		if !strings.HasPrefix(line, "|") {
			under = nil
		}
		if under == nil || strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(line, " | ")
		if len(cells) != 4 {
			t.Fatalf("a row has not four cells: %s", line)
		}
		for _, key := range ticked(cells[0]) {
			for _, above := range under {
				path := strings.TrimPrefix(above+"."+key, ".")
				if _, twice := rows[path]; twice {
					t.Errorf("%s is on the page twice", path)
				}
				rows[path] = pageRow{cells[1], cells[2]}
			}
		}
	}
	return rows
}

// policyKeys lists the paths of all keys of a policy that hold no keys of their own, with
// their types, and those that hold some; and of which paths the keys are names.
func policyKeys() (leaves map[string]reflect.Type, above, named map[string]bool) {
	leaves, above, named = map[string]reflect.Type{}, map[string]bool{}, map[string]bool{}
	var walk func(t reflect.Type, path string)
	walk = func(t reflect.Type, path string) {
		for {
			if k := t.Kind(); k == reflect.Map {
				named[path] = true
			} else if k != reflect.Pointer && k != reflect.Slice {
				break
			}
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || len(keysIn(t)) == 0 {
			leaves[path] = t
			return
		}
		above[path] = true
		for i := range t.NumField() {
			f := t.Field(i)
			key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			switch {
			case strings.HasSuffix(f.Tag.Get("yaml"), ",inline"):
				walk(f.Type, path)
			case key != "" && key != "-":
				walk(f.Type, strings.TrimPrefix(path+"."+key, "."))
			}
		}
	}
	walk(reflect.TypeFor[Policy](), "")
	return leaves, above, named
}

// TestPolicyPageHasEveryKey compares the tables of POLICY.md with the structs that a
// policy is made of: every key, and no other.
func TestPolicyPageHasEveryKey(t *testing.T) {
	rows := pageRows(t, readPage(t))
	leaves, above, _ := policyKeys()
	if len(leaves) < 150 {
		t.Fatalf("only %d keys found", len(leaves))
	}
	for _, path := range slices.Sorted(maps.Keys(leaves)) {
		if _, ok := rows[path]; !ok {
			t.Errorf("%s is in a policy and not on the page", path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(rows)) {
		if leaves[path] == nil && !above[path] {
			t.Errorf("%s is on the page and in no policy", path)
		}
	}
	if keys := pageRows(t, "| Key of `a` |\n| `b`, `c.d` | e | f | g |"); len(keys) != 2 ||
		keys["a.c.d"] != (pageRow{"e", "f"}) {
		t.Errorf("the reader of tables found %v", keys)
	}
}

// constantsOf lists the values of a type of text, from the source of its package.
func constantsOf(t *testing.T, typ reflect.Type, parsed map[string][]*ast.File) (values []string) {
	t.Helper()
	dir := strings.TrimPrefix(typ.PkgPath(), "github.com/lethe-go/lethe")
	if parsed[dir] == nil {
		paths, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed[dir] = append(parsed[dir], f)
		}
	}
	for _, f := range parsed[dir] {
		for _, d := range f.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, s := range group.Specs {
				spec := s.(*ast.ValueSpec)
				name, ok := spec.Type.(*ast.Ident)
				if !ok || name.Name != typ.Name() {
					continue
				}
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, value)
			}
		}
	}
	return values
}

// TestPolicyPageHasEveryValue compares what POLICY.md says a key may hold with the
// constants of its type, or with what the reader says it wants in place of a wrong value.
func TestPolicyPageHasEveryValue(t *testing.T) {
	rows := pageRows(t, readPage(t))
	leaves, _, _ := policyKeys()
	same := func(path string, want []string) {
		t.Helper()
		got := ticked(rows[path].values)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || len(want) < 2 {
			t.Errorf("%s: the page has %q, want %q", path, got, want)
		}
	}
	// Of some sets a key takes a part.
	takes := map[string]func(v string) bool{
		"columns.pseudonym.siv.format": func(v string) bool {
			return validMethod(pseudonym.SIV{Format: pseudonym.Format(v)})
		},
		"columns.pseudonym.crosswalk.format": func(v string) bool {
			return validMethod(pseudonym.Crosswalk{Format: pseudonym.Format(v)})
		},
	}
	parsed := map[string][]*ast.File{}
	for path, typ := range leaves {
		if typ.Kind() != reflect.String || typ.PkgPath() == "" {
			continue
		}
		values := constantsOf(t, typ, parsed)
		if f := takes[path]; f != nil {
			values = slices.DeleteFunc(values, func(v string) bool { return !f(v) })
		}
		same(path, values)
	}
	for path, part := range map[string]string{
		"input.encoding":                  "input: {encoding: x}",
		"input.decimal":                   "input: {decimal: x}",
		"input.dates":                     "input: {dates: x}",
		"input.types":                     "input: {types: {a: x}}",
		"columns.truncate.to":             "columns: {a: {truncate: {to: x}}}",
		"columns.pseudonym.canonical":     "columns: {a: {pseudonym: {hmac: {}, canonical: [x]}}}",
		"columns.hierarchy.dates.periods": "columns: {a: {hierarchy: {dates: {periods: [x]}}}}",
	} {
		_, err := parsePolicy([]byte(part), "policy")
		if err == nil {
			t.Fatalf("%s is accepted", part)
		}
		var wants []string
		for _, line := range strings.Split(err.Error(), "\n") {
			if m := wantList.FindStringSubmatch(line); m != nil && strings.Contains(line, `"x"`) {
				wants = strings.Split(strings.ReplaceAll(m[1], ", ", " "), " ")
			}
		}
		same(path, wants)
	}
}

func validMethod(m pseudonym.Method) bool {
	c := pseudonym.Column{Name: "a", Field: pseudonym.Field{Domain: "d", Entity: "e"}, Method: m}
	return c.Validate() == nil
}

// TestPolicyPageHasDefaults compares the defaults of POLICY.md with those that the code
// tells, and wants that what is not named is zero.
func TestPolicyPageHasDefaults(t *testing.T) {
	rows := pageRows(t, readPage(t))
	leaves, _, _ := policyKeys()
	_, err := parsePolicy([]byte("columns: {a: {pseudonym: {siv: {bucket: -1}}}}"), "policy")
	bucket := regexp.MustCompile(`or 0 for (\d+)`).FindStringSubmatch(fmt.Sprint(err))
	if bucket == nil {
		t.Fatal(err)
	}
	measure, aggregate, _ := strings.Cut(kanon.Loss{}.String(), " by ")
	ring := (&Pseudonym{}).keyName().ring
	for path, want := range map[string]string{
		"columns.mask.with":            "`" + Mask{}.with() + "`",
		"columns.pseudonym.key":        "`" + ring + "`",
		"columns.pseudonym.entity":     "the column's name",
		"columns.pseudonym.siv.bucket": "`" + bucket[1] + "`",
		"minimize.sample.key":          "`" + ring + "`",
		"minimize.sample.entity":       "the column's name",
		"output.suppressed":            "`" + string((&Pipeline{policy: &Policy{}}).suppressed()) + "`",
		"privacy.effort":               fmt.Sprintf("`%d`", lattice.DefaultEffort),
		"privacy.loss.measure":         "`" + measure + "`",
		"privacy.loss.aggregate":       aggregate + " of " + measure,
	} {
		if got := rows[path].preset; !strings.HasPrefix(got, want) {
			t.Errorf("default of %s is %q on the page, want %q", path, got, want)
		}
	}
	for path, typ := range leaves {
		if got := rows[path].preset; typ.Kind() == reflect.Bool && got != "false" {
			t.Errorf("default of %s is %q on the page, want false", path, got)
		}
	}
	for _, m := range []kanon.Measure{kanon.MeasureNCP, kanon.MeasurePrecision} {
		if got := (kanon.Loss{Measure: m}).String(); got != string(m)+" by arithmetic_mean" {
			t.Errorf("the page is wrong about %s", got)
		}
	}
	for _, m := range []kanon.Measure{kanon.MeasureHeight, kanon.MeasureEntropy,
		kanon.MeasureNormalizedEntropy} {
		if got := (kanon.Loss{Measure: m}).String(); got != string(m)+" by sum" {
			t.Errorf("the page is wrong about %s", got)
		}
	}
}
