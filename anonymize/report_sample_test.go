package anonymize

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
)

// A visit of the made-up hospital that the sample report is about.
type visit struct {
	patient, birth, sex, zip, month, diagnosis int
}

// visits makes 50,000 visits of 31,000 patients, the same in each run: old
// patients come more often, few places hold most of the patients.
func visits() []visit {
	rng := rand.New(rand.NewPCG(1, 2))
	patients := make([]visit, 31_000)
	for i := range patients {
		patients[i] = visit{patient: i,
			birth: 1925 + (rng.IntN(80)+rng.IntN(80)+rng.IntN(80))/3 + rng.IntN(12),
			sex:   min(rng.IntN(100)/49, 2),
			zip:   10_000 + min(rng.IntN(900), rng.IntN(900))*7}
	}
	all := make([]visit, 50_000)
	for i := range all {
		v := patients[min(rng.IntN(len(patients)), rng.IntN(len(patients)*2))]
		v.month = rng.IntN(60)
		v.diagnosis = min(rng.IntN(120), rng.IntN(120))
		all[i] = v
	}
	return all
}

// sampleTuple is a visit's quasi-identifiers, raw or generalized.
type sampleTuple [4]int

func (v visit) raw() sampleTuple { return sampleTuple{v.birth, v.sex, v.zip, v.month} }

// generalized is five levels coarser: ten years, the sex as it is, the first
// two digits of the place, the year.
func (v visit) generalized() sampleTuple {
	return sampleTuple{v.birth / 10, v.sex, v.zip / 1000, v.month / 12}
}

// sampleClasses groups visits and counts the distinct patients of each class.
func sampleClasses(all []visit, of func(visit) sampleTuple) map[sampleTuple]map[int]bool {
	classes := map[sampleTuple]map[int]bool{}
	for _, v := range all {
		if classes[of(v)] == nil {
			classes[of(v)] = map[int]bool{}
		}
		classes[of(v)][v.patient] = true
	}
	return classes
}

// sampleClassReport describes the classes with the risks by their definitions.
func sampleClassReport(classes map[sampleTuple]map[int]bool) ClassReport {
	var c ClassReport
	var members, unique, atRisk int
	for _, class := range classes {
		c.addClasses(int64(len(class)), 1)
		members += len(class)
		if len(class) == 1 {
			unique++
		}
		if len(class) < 5 {
			atRisk += len(class)
		}
	}
	highest := 1 / float64(c.Smallest)
	c.Risk = Risk{ProsecutorHighest: highest, JournalistHighest: highest,
		Marketer:  float64(c.Classes) / float64(members),
		AtRisk:    float64(atRisk) / float64(members),
		Threshold: 0.2, Unique: float64(unique) / float64(members)}
	return c
}

// shareOf counts what share of the visits has each value, by rising value.
func shareOf(all []visit, of func(visit) int) []float64 {
	counts := map[int]int{}
	var values []int
	for _, v := range all {
		if counts[of(v)] == 0 {
			values = append(values, of(v))
		}
		counts[of(v)]++
	}
	slices.Sort(values)
	shares := make([]float64, len(values))
	for i, value := range values {
		shares[i] = float64(counts[value]) / float64(len(all))
	}
	return shares
}

// sampleReport is the report of a release of hospital visits: its figures are
// counted from the visits, its parameters as a policy would have them.
func sampleReport() *Report {
	all := visits()
	read := int64(len(all))
	all = all[:48_912] // the others are too old
	before, after := sampleClasses(all, visit.raw), sampleClasses(all, visit.generalized)
	var kept []visit
	for _, v := range all {
		if len(after[v.generalized()]) >= 5 {
			kept = append(kept, v)
		}
	}
	for tuple, class := range after {
		if len(class) < 5 {
			delete(after, tuple)
		}
	}
	rows := RowCounts{Input: read, Retained: int64(len(all)), Sampled: int64(len(all)),
		Suppressed: int64(len(all) - len(kept)), Output: int64(len(kept))}
	a := &AnonymityReport{
		Quasi: []string{"birth_year", "sex", "zip", "admission"}, Unit: "patient_id",
		Recoding: "global",
		Search:   "optimal", Measure: "loss by geometric_mean", Loss: 0.3482, MaxSuppression: 0.05,
		Suppression: float64(rows.Suppressed) / float64(rows.Sampled), SuppressedAs: "drop",
		Sensitive: []SensitiveReport{{Column: "diagnosis", Distinct: 3}},
		Before:    sampleClassReport(before), After: sampleClassReport(after),
	}
	a.Models = []ModelReport{{Model: "5-anonymity", Wanted: 5,
		Reached: float64(a.After.Smallest), Holds: true}}
	return &Report{
		Version: ReportVersion, Title: "Ward visits 2019–2023",
		Purpose: "Train a model that predicts the length of a stay",
		Lethe:   "v0.1.0", Created: "2026-01-15T09:30:00Z",
		Digests: Digests{Policy: strings.Repeat("3fa1", 16), Plan: strings.Repeat("09bc", 16),
			Input: strings.Repeat("e7d2", 16), Output: strings.Repeat("51c8", 16)},
		Rows: rows, Columns: sampleColumns(all, kept), Anonymity: a,
		Statistics: sampleStatistics(),
		Warnings: []string{
			`column "diagnosis" is sensitive and no diversity model protects it: "reviewed by the ` +
				`data-protection officer; the codes are three-character groups"`,
			"2 releases of this table are known to carry the same pseudonyms of patient_id",
		},
	}
}

func sampleColumns(all, kept []visit) []ColumnReport {
	column := func(name string, level, levels int, loss float64, raw, label func(visit) int,
		ordered bool, actions ...string) ColumnReport {
		c := ColumnReport{Name: name, Role: QuasiIdentifier, Level: level, Levels: levels,
			Loss: loss, Actions: actions}
		c.setShares(shareOf(all, raw), shareOf(kept, label), ordered)
		return c
	}
	diagnosis := ColumnReport{Name: "diagnosis", Role: Sensitive,
		Actions: []string{"cut to its first 3 characters"}}
	code := func(v visit) int { return v.diagnosis }
	diagnosis.setShares(shareOf(all, code), shareOf(kept, code), false)
	birth := func(v visit) int { return v.birth }
	decade := func(v visit) int { return v.birth / 10 }
	sex := func(v visit) int { return v.sex }
	zip := func(v visit) int { return v.zip }
	month := func(v visit) int { return v.month }
	return []ColumnReport{
		{Name: "name", Role: Identifier, Dropped: true},
		{Name: "patient_id", Role: Identifier, Actions: []string{
			`replaced by a keyed pseudonym (HMAC-SHA-256, domain "ward-study", key "main")`}},
		column("birth_year", 2, 4, 0.1216, birth, decade, true,
			"clamped to 1930 or later", "generalized to intervals of 10"),
		column("sex", 0, 1, 0, sex, sex, false),
		column("zip", 3, 5, 0.7214, zip, func(v visit) int { return v.zip / 1000 }, false,
			"generalized to its first 2 characters"),
		column("admission", 3, 5, 0.5497, month, func(v visit) int { return v.month / 12 }, true,
			"rounded to the month", "generalized to the year"),
		diagnosis,
		{Name: "ward", Role: Insensitive},
		{Name: "stay_days", Role: Insensitive, Actions: []string{"clamped to 0 … 60", "rounded to 1"}},
		{Name: "notes", Role: Sensitive, Dropped: true,
			Actions: []string{"not needed for the purpose"}},
	}
}

func sampleStatistics() *StatisticsReport {
	s := &StatisticsReport{Unit: "patient_id", MaxRows: 4,
		Total: BudgetReport{Epsilon: 1, Delta: 1e-6},
		Queries: []QueryReport{
			{Query: "mean stay_days by ward", Epsilon: 0.5, Delta: 0, Groups: 14,
				Mechanism:  "discrete Laplace noise on the sums of the distances from both bounds",
				NoiseScale: &Extent{0.021, 0.34}, HalfWidth: &Extent{0.1, 1.9}},
			{Query: "count by admission year", Epsilon: 0.25, Delta: 5e-7, Groups: 5,
				Mechanism:  "Gaussian noise on the number of rows",
				NoiseScale: &Extent{77.1, 77.1}, HalfWidth: &Extent{151, 151}},
			{Query: "count", Epsilon: 0.05, Delta: 0, Groups: 1,
				Mechanism: "discrete Laplace noise on the number of rows"},
		}}
	for _, q := range s.Queries {
		s.Spent.Epsilon += q.Epsilon
		s.Spent.Delta += q.Delta
	}
	return s
}

// hostileReport is the sample with s before each text in it but the roles, and
// a model that does not hold.
func hostileReport(s string) *Report {
	r := sampleReport()
	eachText(reflect.ValueOf(r), "", func(path string, text reflect.Value) {
		if path != ".Columns.Role" {
			text.SetString(s + text.String())
		}
	})
	r.Anonymity.Models = append(r.Anonymity.Models, ModelReport{Model: s, Wanted: 1})
	return r
}

// eachText calls f for each string under v, with the names of its fields.
func eachText(v reflect.Value, path string, f func(path string, text reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			eachText(v.Elem(), path, f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			eachText(v.Field(i), path+"."+v.Type().Field(i).Name, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachText(v.Index(i), path, f)
		}
	case reflect.String:
		f(path, v)
	}
}
