package anonymize

import (
	"encoding/csv"
	"strconv"
	"strings"
)

// checkCommand is the call of the command lethe that checks the written table
// again, one option an element. It is nil where there is nothing to check or a
// name cannot be typed.
func (r *Report) checkCommand() []string {
	a := r.Anonymity
	if a == nil || len(a.Quasi) == 0 {
		return nil
	}
	sensitive := make([]string, len(a.Sensitive))
	for i, s := range a.Sensitive {
		sensitive[i] = s.Column
	}
	parts := []string{"lethe check --in OUTPUT"}
	for _, option := range []struct {
		name    string
		columns []string
	}{{"quasi", a.written()}, {"sensitive", sensitive}, {"unit", r.writtenUnit()}} {
		if len(option.columns) == 0 {
			continue
		}
		list := strings.Join(option.columns, ",")
		if list != printable(list) {
			return nil
		}
		if option.name != "unit" {
			list = commaList(option.columns)
		}
		parts = append(parts, "--"+option.name+" "+shellWord(list))
	}
	if k := a.wantedK(); k > 0 {
		parts = append(parts, "--k "+strconv.FormatInt(k, 10))
	}
	return parts
}

// verifyCommand is the call of the command lethe that compares the written table
// with the report.
const verifyCommand = "lethe verify --report REPORT.json --in OUTPUT"

// checkNote says what the command must report.
func (r *Report) checkNote() string {
	if r.Anonymity.Unit != "" && len(r.writtenUnit()) == 0 {
		return "People were counted by " + r.Anonymity.Unit + ", which is not in the written table; from " +
			"the table alone only rows can be counted, and no class may have fewer rows than people are " +
			"reported above."
	}
	return "It must report what is said above."
}

// writtenUnit is the column of people, if it was written.
func (r *Report) writtenUnit() []string {
	unit := r.Anonymity.Unit
	for _, c := range r.Columns {
		if c.Name == unit && c.Dropped {
			return nil
		}
	}
	if unit == "" {
		return nil
	}
	return []string{unit}
}

// commaList writes names as one line of CSV, which is how the command reads
// lists.
func commaList(names []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(names) // a strings.Builder takes everything
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// shellWord quotes s for a POSIX shell where it needs it.
func shellWord(s string) string {
	special := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') &&
			!strings.ContainsRune("_-.,/:@%+", r)
	}
	if s != "" && s[0] != '-' && strings.IndexFunc(s, special) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
