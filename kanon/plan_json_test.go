package kanon

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

func smallPlan(tb testing.TB, cfg Config, people []person) []byte {
	rec := encoding{}.record(tb, memory.NewGoAllocator(), people)
	defer rec.Release()
	a := mustNew(tb, cfg)
	return []byte(planBytes(tb, mustSolve(tb, a, mustCount(tb, a, rec))))
}

func TestPlanJSON(t *testing.T) {
	text := smallPlan(t, smallConfig(), six)
	const want = `{"version":1,"recoding":"global","suppressed":"drop","models":["2-anonymity"],` +
		`"unit":"","max_suppression":0.1,"columns":[` +
		`{"name":"zip","kind":"string","level":1,"levels":3,"values":["100","101","102","200","201"],` +
		`"null":false,"labels":["10*","20*"],"label":[0,0,0,1,1]},` +
		`{"name":"age","kind":"integer","level":1,"levels":3,"values":["21","22","41","43","45"],` +
		`"null":false,"labels":["from 20","from 40"],"label":[0,0,1,1,1]}],` +
		`"kept":[[0,0],[1,1]],"summary":`
	if !strings.HasPrefix(string(text), want) {
		t.Fatalf("plan %s", text)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	p := new(Plan)
	if err := json.Unmarshal(indented.Bytes(), p); err != nil || planBytes(t, p) != string(text) {
		t.Fatalf("read as %s (%v)", planBytes(t, p), err)
	}
	if _, err := json.Marshal(new(Plan)); err == nil {
		t.Fatal("the zero plan is written")
	}
}

// A plan that was changed is refused, and no value is shown.
func TestPlanJSONEdited(t *testing.T) {
	text := string(smallPlan(t, smallConfig(), six))
	for _, c := range [][2]string{
		{`"version":1`, `"version":2`},
		{`"version":1`, `"version":1,"more":0`},
		{`"version":1`, `"version":1,"version":1`},
		{`"version"`, `"Version"`},
		{`"recoding":"global"`, `"recoding":"local"`},
		{`"suppressed":"drop"`, `"suppressed":""`},
		{`"models":["2-anonymity"]`, `"models":[]`},
		{`"max_suppression":0.1`, `"max_suppression":0.10`},
		{`"max_suppression":0.1`, `"max_suppression":-1`},
		{`"name":"zip"`, `"name":"age"`},
		{`"unit":""`, `"unit":"zip"`},
		{`"kind":"integer"`, `"kind":"canary"`},
		{`"kind":"integer"`, `"kind":"boolean"`},
		{`"level":1`, `"level":0`},
		{`"levels":3`, `"levels":0`},
		{`["100","101"`, `["101","100"`},
		{`["100","101"`, `["100","100"`},
		{`["21","22"`, `["canary","22"`},
		{`["21","22"`, `["021","22"`},
		{`["21","22"`, `[21,"22"`},
		{`["10*","20*"]`, `["10*"]`},
		{`["10*","20*"]`, `["10*","10*"]`},
		{`"label":[0,0,0,1,1]`, `"label":[0,0,0,1,2]`},
		{`"label":[0,0,0,1,1]`, `"label":[1,1,1,0,0]`},
		{`"label":[0,0,0,1,1]`, `"label":[0,0,0,1]`},
		{`"label":[0,0,0,1,1]`, `"label":null`},
		{`"kept":[[0,0],[1,1]]`, `"kept":[[1,1],[0,0]]`},
		{`"kept":[[0,0],[1,1]]`, `"kept":[[0,0],[0,0]]`},
		{`"kept":[[0,0],[1,1]]`, `"kept":[[0,0],[1,2]]`},
		{`"kept":[[0,0],[1,1]]`, `"kept":[[0,0],[1]]`},
		{`"kept":[[0,0],[1,1]]`, `"kept":[[0,0],[0,1],[1,1]]`},
		{`"kept":[[0,0],[1,1]]`, `"kept":null`},
		{`"summary":{"rows":6`, `"summary":{"rows":-6`},
		{`"search":"optimal"`, `"search":"canary"`},
		{`"before":[{`, `"before":[{"size":1,"classes":1},{`},
	} {
		edited := strings.Replace(text, c[0], c[1], 1)
		if edited == text {
			t.Fatalf("%s does not occur", c[0])
		}
		p := new(Plan)
		err := json.Unmarshal([]byte(edited), p)
		if err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "021") {
			t.Errorf("%s: error %v", c[1], err)
		}
		if p.kept != nil {
			t.Errorf("%s: a plan is left after the error", c[1])
		}
	}
}

// planByParts is a plan that was found part by part, of parts that are coarser.
func planByParts(tb testing.TB) []byte {
	cfg := smallConfig()
	cfg.Recoding = Local
	a := mustNew(tb, cfg)
	people := drawnPeople(rand.New(rand.NewPCG(1, 15)), 60)
	rec := encoding{}.record(tb, memory.NewGoAllocator(), people)
	defer rec.Release()
	c := mustCount(tb, a, rec)
	c.bound, c.dir = 4000, tb.TempDir()
	defer c.Close()
	plan := mustSolve(tb, a, c)
	if s := plan.Summary(); s.Parts < 2 || s.Coarsened == 0 {
		tb.Fatalf("%d parts, %d coarser; the test needs both", s.Parts, s.Coarsened)
	}
	return []byte(planBytes(tb, plan))
}

// Parts that contradict themselves are refused.
func TestPlanByPartsIsChecked(t *testing.T) {
	good := planByParts(t)
	if new(Plan).UnmarshalJSON(good) != nil {
		t.Fatal("a plan is refused")
	}
	for name, change := range map[string]func(p *planPartsDoc){
		"no parts":           func(p *planPartsDoc) { p.Parts = nil },
		"a part too many":    func(p *planPartsDoc) { p.Parts = append(p.Parts, p.Parts[0]) },
		"a part is missing":  func(p *planPartsDoc) { p.Parts = p.Parts[:len(p.Parts)-1] },
		"parts are swapped":  func(p *planPartsDoc) { p.Parts[0], p.Parts[1] = p.Parts[1], p.Parts[0] },
		"a floor":            func(p *planPartsDoc) { p.Parts[0].Floor[0] = 9 },
		"a floor is missing": func(p *planPartsDoc) { p.Parts[0].Floor = p.Parts[0].Floor[:1] },
		"a vector":           func(p *planPartsDoc) { p.Parts[0].Vectors[0][0] = 9 },
		"a vector too many":  func(p *planPartsDoc) { p.Parts[0].Vectors = append(p.Parts[0].Vectors, []uint32{0, 0}) },
		"a walk in a circle": func(p *planPartsDoc) { p.Splits[0].Next[0] = 0 },
		"a split's column":   func(p *planPartsDoc) { p.Splits[0].Column = 2 },
		"a split's level":    func(p *planPartsDoc) { p.Splits[0].Level = -1 },
		"a split's value":    func(p *planPartsDoc) { p.Splits[0].First[0] = 1 << 30 },
		"values alike":       func(p *planPartsDoc) { p.Columns[0].First[0][0] = 1 },
		"a label": func(p *planPartsDoc) {
			labels := p.Columns[0].Labels
			labels[len(labels)-1][0] = 99
		},
		"a column":            func(p *planPartsDoc) { p.Columns = p.Columns[:1] },
		"tuples that are cut": func(p *planPartsDoc) { p.Parts[0].Tuples = p.Parts[0].Tuples[:1] },
	} {
		p := new(Plan)
		if err := p.UnmarshalJSON(good); err != nil {
			t.Fatal(err)
		}
		change(p.doc.Local.Parts)
		bad, err := json.Marshal(p.doc)
		if err != nil {
			t.Fatal(err)
		}
		if err := new(Plan).UnmarshalJSON(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(smallPlan(f, smallConfig(), six))
	f.Add(smallPlan(f, peopleConfig(), append(six, person{age: -1})))
	f.Add(smallPlan(f, peopleConfig(), nil))
	cfg := smallConfig()
	cfg.Unit, cfg.Suppressed = "id", Star
	f.Add(smallPlan(f, cfg, six))
	f.Add(planByParts(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := new(Plan)
		if p.UnmarshalJSON(b) != nil {
			return
		}
		text := planBytes(t, p)
		q := new(Plan)
		if err := q.UnmarshalJSON([]byte(text)); err != nil || planBytes(t, q) != text {
			t.Fatalf("not stable: %v", err)
		}
		_ = p.Summary()
	})
}
