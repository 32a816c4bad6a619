package anonymize

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/pseudonym"
)

// validate says everything that is wrong with the policy by itself, without
// the table: what DESIGN calls the refusals of the constructor.
func (p *Policy) validate() []mistake {
	v := &validator{policy: p}
	switch p.Version {
	case PolicyVersion:
	case 0:
		v.addf("version", "no version; want version: %d", PolicyVersion)
	default:
		v.addf("version", "version is %d, want %d", p.Version, PolicyVersion)
	}
	v.input()
	if len(p.Columns) == 0 {
		v.addf("columns", "no columns; every column of the input needs an entry with a role")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Columns)) {
		v.column(name, p.Columns[name])
	}
	v.minimize()
	v.privacy()
	v.statistics()
	switch p.Output.Suppressed {
	case "", kanon.Drop, kanon.Star:
	default:
		v.addf(join("output", "suppressed"), "suppressed rows: %q is unknown, want drop or star",
			p.Output.Suppressed)
	}
	return v.mistakes
}

type validator struct {
	policy   *Policy
	mistakes []mistake
}

func (v *validator) addf(path, format string, args ...any) {
	v.mistakes = append(v.mistakes, mistake{path: path, text: fmt.Sprintf(format, args...)})
}

// addAll adds each error that err joins, without the prefix of its package.
func (v *validator) addAll(path, where string, err error) {
	for _, e := range flatten(err) {
		v.addf(path, "%s%s", where, unprefixed(e))
	}
}

// unprefixed is the text of an error without the name of the package that made
// it, for lists in which this package's name stands above.
func unprefixed(err error) string {
	text := err.Error()
	for _, prefix := range []string{"kanon: ", "dp: ", "pseudonym: ", "anonymize: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return strings.ReplaceAll(text, "\n", "; ")
}

// flatten takes a joined error apart.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

func (v *validator) input() {
	in := v.policy.Input
	if n := len([]rune(in.Delimiter)); n > 1 {
		v.addf(join("input", "delimiter"), "delimiter has %d characters, want one", n)
	}
	for _, name := range slices.Sorted(maps.Keys(in.Types)) {
		if _, ok := v.policy.Columns[name]; !ok {
			v.addf(join("input", "types", name), "column %q has a type but no entry in columns", name)
		}
		if _, ok := inputTypes[in.Types[name]]; !ok {
			v.addf(join("input", "types", name), "column %q: type %q is unknown, want one of %s",
				name, in.Types[name], strings.Join(slices.Sorted(maps.Keys(inputTypes)), ", "))
		}
	}
	for _, said := range []struct {
		key, value string
		known      []string
	}{
		{"encoding", in.Encoding, []string{"utf-8", "utf-16", "utf-16le", "utf-16be", "iso-8859-1",
			"windows-1252"}},
		{"decimal", in.Decimal, []string{".", ","}},
		{"dates", in.Dates, []string{"dmy", "mdy"}},
	} {
		if said.value != "" && !slices.Contains(said.known, said.value) {
			v.addf(join("input", said.key), "%s %q is unknown, want one of %s", said.key, said.value,
				strings.Join(said.known, " "))
		}
	}
}

func (v *validator) column(name string, c Column) {
	path := join("columns", name)
	where := fmt.Sprintf("column %q: ", name)
	if err := c.Role.validate(); err != nil {
		v.addf(join(path, "role"), "%s%v", where, err)
	}
	for _, err := range c.minimization().validate() {
		v.addf(path, "%s%v", where, err)
	}
	dropped := v.policy.dropped(name)
	if c.Role == Identifier && !dropped && c.Pseudonym == nil {
		v.addf(path, "%sis an identifier and would be published; drop it or give it a pseudonym", where)
	}
	if c.Role == QuasiIdentifier && !dropped && c.Hierarchy == nil {
		v.addf(path, "%sis a quasi-identifier without a hierarchy; give it one or drop it", where)
	}
	protection := ""
	switch {
	case slices.Contains(v.policy.modelled(), name):
		protection = "a model names it"
	case c.LocalDP != nil:
		protection = "local_dp randomizes it"
	}
	if c.Role == Sensitive && !dropped && c.Unprotected == "" && protection == "" {
		v.addf(path, "%sis sensitive and no model names it; "+
			"say in \"unprotected\" why it needs none, or drop it", where)
	}
	if c.Role == Sensitive && c.Unprotected != "" && protection != "" {
		v.addf(join(path, "unprotected"), "%sis \"unprotected\", but %s; "+
			"leave one of them out", where, protection)
	}
	if c.Role != Sensitive && c.Unprotected != "" {
		v.addf(join(path, "unprotected"), "%s\"unprotected\" is for sensitive columns", where)
	}
	if c.Hierarchy != nil {
		v.hierarchy(path, where, name, c)
	}
	if c.Pseudonym != nil {
		v.pseudonym(path, where, name, c)
	}
	if c.LocalDP != nil {
		v.localDP(path, where, name, c)
	}
}

func (v *validator) hierarchy(path, where, name string, c Column) {
	path = join(path, "hierarchy")
	if c.Role != QuasiIdentifier {
		v.addf(path, "%sa hierarchy is for quasi-identifiers", where)
	}
	if n := c.Hierarchy.count(); n != 1 {
		v.addf(path, "%s%d hierarchies, want exactly one of intervals, prefix, dates, order, "+
			"frequent, file", where, n)
		return
	}
	h, err := c.Hierarchy.resolve(v.policy.origin.dir)
	if err != nil {
		v.addAll(path, where, err)
		return
	}
	cfg := alone()
	cfg.Quasi = []kanon.Quasi{c.Hierarchy.quasi(name, h)}
	if r := v.policy.Privacy.Recoding; r == kanon.Local || r == kanon.Mondrian {
		cfg.Recoding = r
	}
	_, err = kanon.New(cfg)
	v.addAll(path, "", err)
}

func (v *validator) minimize() {
	m := v.policy.Minimize
	for i, name := range m.KeepOnly {
		if _, ok := v.policy.Columns[name]; !ok {
			v.addf(join("minimize", "keep_only", fmt.Sprint(i)),
				"keep_only names column %q, which has no entry in columns%s", name,
				suggestion(name, maps.Keys(v.policy.Columns)))
		}
	}
	if m.Retain != nil {
		v.reference(join("minimize", "retain"), "the retention window", m.Retain.Column)
		for _, err := range m.Retain.validate() {
			v.addf(join("minimize", "retain"), "%v", err)
		}
	}
	if s := m.Sample; s != nil {
		path := join("minimize", "sample")
		v.reference(path, "the sample", s.Column)
		if !(s.Fraction > 0 && s.Fraction <= 1) {
			v.addf(join(path, "fraction"), "the sample's fraction is %v, want above 0 and at most 1",
				s.Fraction)
		}
		if err := s.field().Validate(); err != nil {
			v.addAll(path, "the sample: ", err)
		}
	}
}

// unit checks that a setting names the column that identifies a person, and
// that the column is not published as it is.
func (v *validator) unit(path, what, column string) {
	v.reference(path, what, column)
	c, ok := v.policy.Columns[column]
	if ok && c.Role != Identifier && !v.policy.dropped(column) {
		v.addf(path, "%s %q identifies people, and its role is %q; want identifier, with a pseudonym "+
			"or dropped", what, column, c.Role)
	}
}

// reference checks that a setting names a column of the policy.
func (v *validator) reference(path, what, column string) {
	if column == "" {
		v.addf(path, "%s names no column", what)
	} else if _, ok := v.policy.Columns[column]; !ok {
		v.addf(path, "%s names column %q, which has no entry in columns%s", what, column,
			suggestion(column, maps.Keys(v.policy.Columns)))
	}
}

func (v *validator) privacy() {
	p := v.policy
	if u := p.Privacy.Unit; u != "" {
		v.unit(join("privacy", "unit"), "the unit", u)
	}
	if s := p.Privacy.MaxSuppression; !(s >= 0 && s <= 1) || math.IsNaN(s) {
		v.addf(join("privacy", "max_suppression"), "max_suppression is %v, want from 0 to 1", s)
	}
	if p.Privacy.Effort < 0 {
		v.addf(join("privacy", "effort"), "effort is %d, want 1 or more, or 0 for the default",
			p.Privacy.Effort)
	}
	quasi := p.quasi()
	if len(quasi) == 0 {
		if len(p.Privacy.Models) > 0 {
			v.addf(join("privacy", "models"), "models, but no column is a quasi-identifier")
		}
		return
	}
	if len(p.Privacy.Models) == 0 {
		v.addf("privacy", "no model, but %d quasi-identifiers (%s); "+
			"want models: [{k_anonymity: {k: …}}]", len(quasi), strings.Join(quasi, ", "))
	}
	v.models()
	v.recoding()
}

func (v *validator) recoding() {
	p := v.policy.Privacy
	switch p.Recoding {
	case kanon.Global, kanon.Local, kanon.Mondrian:
	case "":
		v.addf("privacy", "no recoding; want recoding: global, or local, which loses less")
		return
	default:
		v.addf(join("privacy", "recoding"), "recoding %q is unknown, want global, local or mondrian",
			p.Recoding)
		return
	}
	cfg := alone()
	cfg.Recoding, cfg.Local = p.Recoding, p.Local
	_, err := kanon.New(cfg)
	v.addAll(join("privacy", "local"), "", err)
	cfg.Local, cfg.Loss, cfg.Quasi = kanon.LocalSearch{}, p.Loss, nil
	for _, name := range v.policy.quasi() {
		cfg.Quasi = append(cfg.Quasi, kanon.Quasi{Column: name, Hierarchy: kanon.Prefix{Length: 1}})
	}
	_, err = kanon.New(cfg)
	v.addAll(join("privacy", "loss"), "", err)
	cfg.Loss, cfg.Numeric = kanon.Loss{}, v.policy.Output.Numeric
	_, err = kanon.New(cfg)
	v.addAll(join("output", "numeric"), "", err)
}

// alone is a configuration in which everything is in order, so that what is
// wrong with a part that is put into it is its own.
func alone() kanon.Config {
	return kanon.Config{
		Quasi:      []kanon.Quasi{{Column: "\x00", Hierarchy: kanon.Prefix{Length: 1}}},
		Models:     []kanon.Model{kanon.KAnonymity{K: 2}},
		Recoding:   kanon.Global,
		Suppressed: kanon.Drop,
	}
}

// inputTypes are the names of types in Input.Types.
var inputTypes = map[string]struct{}{
	"string": {}, "int64": {}, "float64": {}, "bool": {}, "date": {}, "timestamp": {},
}

// dropped says whether the column is left out of the output.
func (p *Policy) dropped(name string) bool {
	return p.Columns[name].Drop ||
		len(p.Minimize.KeepOnly) > 0 && !slices.Contains(p.Minimize.KeepOnly, name)
}

// written lists the columns in which a table of the output, which has the
// columns that has says, keeps the quasi-identifiers, in the order of quasi: two
// in the place of one that is written by its bounds.
func (p *Policy) written(has func(column string) bool) []string {
	var names []string
	for _, name := range p.quasi() {
		lower, upper := name+kanon.LowerSuffix, name+kanon.UpperSuffix
		if p.Output.Numeric == kanon.NumericBounds && !has(name) && has(lower) && has(upper) {
			names = append(names, lower, upper)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// quasi lists the quasi-identifiers of the output, sorted by name.
func (p *Policy) quasi() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(p.Columns)) {
		if p.Columns[name].Role == QuasiIdentifier && !p.dropped(name) {
			names = append(names, name)
		}
	}
	return names
}

// minimization is what is done to the values of the column.
func (c Column) minimization() minimization {
	return newMinimization(c.Round, c.Clamp, c.Truncate, c.Mask, c.ZIP3)
}

func (h *Hierarchy) count() int {
	n := 0
	for _, given := range []bool{h.Intervals != nil, h.Prefix != nil, h.Dates != nil,
		h.Order != nil, h.Frequent != nil, h.File != "", h.Custom != nil} {
		if given {
			n++
		}
	}
	return n
}

// resolve returns the one hierarchy that is given; dir is what a relative path
// is relative to.
func (h *Hierarchy) resolve(dir string) (kanon.Hierarchy, error) {
	switch {
	case h.Intervals != nil:
		return *h.Intervals, nil
	case h.Prefix != nil:
		return *h.Prefix, nil
	case h.Dates != nil:
		return *h.Dates, nil
	case h.Order != nil:
		return *h.Order, nil
	case h.Frequent != nil:
		return *h.Frequent, nil
	case h.Custom != nil:
		return h.Custom, nil
	}
	path := h.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return kanon.ReadTreeFile(path)
}

// describe names the hierarchy with its parameters.
func (h *Hierarchy) describe() string {
	switch {
	case h.Intervals != nil:
		return fmt.Sprintf("intervals %v", h.Intervals.Widths)
	case h.Prefix != nil:
		return fmt.Sprintf("a prefix of %d", h.Prefix.Length)
	case h.Dates != nil:
		return "dates " + strings.Join(h.Dates.Periods, ", ")
	case h.Order != nil:
		return fmt.Sprintf("an order of %d values", len(h.Order.Values))
	case h.Frequent != nil:
		return fmt.Sprintf("frequent values at %d levels", len(h.Frequent.Keep))
	case h.File != "":
		return filepath.Base(h.File)
	}
	return "a hierarchy of the caller's"
}

func (h *Hierarchy) quasi(column string, resolved kanon.Hierarchy) kanon.Quasi {
	return kanon.Quasi{Column: column, Hierarchy: resolved,
		MinLevel: h.MinLevel, MaxLevel: h.MaxLevel}
}

func (s *Sample) field() pseudonym.Field {
	return pseudonym.Field{Domain: s.Domain, Entity: or(s.Entity, s.Column)}
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
