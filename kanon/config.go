package kanon

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Quasi is a quasi-identifier: a column that outsiders know, and how its
// values are coarsened.
type Quasi struct {
	Column    string    `yaml:"column"`
	Hierarchy Hierarchy `yaml:"-"`
	// MinLevel and MaxLevel bound the level that is chosen, both included;
	// level 0 is the value itself. A MaxLevel of 0 stands for the top.
	MinLevel int `yaml:"min_level"`
	MaxLevel int `yaml:"max_level"`
}

// Recoding says what is generalized alike. Its zero value is refused.
type Recoding string

const (
	// Global recoding gives a column one level in all rows.
	Global Recoding = "global"
	// Local recoding gives each combination of values labels of its own, of any
	// level: the lowest that its class has in common. Rows of equal values are
	// still written alike. It loses far less than Global does, and a value that is
	// lost altogether, under the top, is lost in one column of one class.
	Local Recoding = "local"
	// Mondrian is strict multidimensional partitioning as it was published, for
	// comparison with Local. Columns of free intervals are cut at the median, and
	// others into all labels below the lowest that a part has in common:
	//
	// LeFevre, DeWitt, Ramakrishnan (2006). Mondrian multidimensional
	// k-anonymity. ICDE 2006, doi:10.1109/ICDE.2006.101.
	Mondrian Recoding = "mondrian"
)

func recodings() []Recoding { return []Recoding{Global, Local, Mondrian} }

// oneOf lists names for an error.
func oneOf[S ~string](names []S) string {
	var b strings.Builder
	for i, n := range names {
		switch {
		case i > 0 && i == len(names)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", n)
	}
	return b.String()
}

// Suppressed says what becomes of rows whose class cannot be kept. Its zero
// value is refused.
type Suppressed string

const (
	// Drop leaves suppressed rows out.
	Drop Suppressed = "drop"
	// Star keeps suppressed rows and hides their quasi-identifiers, all of
	// them, under "*", or under null in a column that keeps its own type and
	// is not text. These rows then form one class, which must satisfy the
	// models itself.
	Star Suppressed = "star"
)

// Config says which columns are generalized and what is to be reached.
type Config struct {
	// Quasi are the quasi-identifiers. Their order decides between solutions
	// of equal loss: the earlier columns are generalized less.
	Quasi []Quasi `yaml:"quasi"`
	// Models are what every class has to satisfy, any number together. One of
	// them must say how many people a class has, or all classes have: models of
	// sensitive columns and of presence alone would let somebody stand alone.
	Models []Model `yaml:"-"`
	// MaxSuppression is the share of rows, from 0 to 1, that may be
	// suppressed; what is allowed is rounded down to whole rows.
	MaxSuppression float64 `yaml:"max_suppression"`
	// Unit is the column that says whose a row is. The models then count
	// distinct people and not rows. Rows are counted where it is empty.
	Unit       string     `yaml:"unit"`
	Recoding   Recoding   `yaml:"recoding"`
	Suppressed Suppressed `yaml:"suppressed"`
	// Numeric says as what numbers and dates come out.
	Numeric Numeric `yaml:"numeric"`
	// Loss is what the search of Recoding Global makes as small as it can. The
	// others have a measure of their own, and refuse one.
	Loss Loss `yaml:"loss"`
	// Local is for Recoding Local.
	Local LocalSearch `yaml:"local"`
	// Effort bounds a search of best effort, see Solve: how many vectors of
	// levels have their classes counted. 0 stands for 4,096.
	Effort int `yaml:"effort"`
}

// Anonymizer is a checked Config. It is immutable and safe for concurrent use.
type Anonymizer struct {
	cfg       Config
	k         int               // rows or people of a class at least; 1 where no model says
	sensitive []sensitiveColumn // that models name, by name

	estimated   []KMap
	sizes       []sizeModel
	populations []populationModel
}

// New checks a configuration and copies it. The error holds every mistake. The
// hierarchies themselves are shared and must not be changed any more.
func New(cfg Config) (*Anonymizer, error) {
	a := &Anonymizer{cfg: cfg}
	a.cfg.Quasi = slices.Clone(cfg.Quasi)
	a.cfg.Models = slices.Clone(cfg.Models)
	a.cfg.Loss.Weights = maps.Clone(cfg.Loss.Weights)
	var errs []error
	mistake := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("kanon: "+format, args...))
	}
	if len(cfg.Quasi) == 0 {
		mistake("no quasi-identifiers, want at least one")
	}
	if len(cfg.Quasi) > maxQuasi {
		mistake("%d quasi-identifiers, want at most %d", len(cfg.Quasi), maxQuasi)
	}
	names := map[string]bool{}
	for i, q := range a.cfg.Quasi {
		where := fmt.Sprintf("quasi-identifier %d", i+1)
		if q.Column != "" {
			where = fmt.Sprintf("column %q", q.Column)
		} else {
			mistake("%s has no column", where)
		}
		if names[q.Column] && q.Column != "" {
			mistake("%s is a quasi-identifier twice", where)
		}
		names[q.Column] = true
		for _, err := range q.mistakes() {
			mistake("%s: %w", where, err)
		}
	}
	if names[cfg.Unit] && cfg.Unit != "" {
		mistake("column %q is the unit and cannot be a quasi-identifier", cfg.Unit)
	}
	errs = append(errs, a.modelMistakes()...)
	if s := cfg.MaxSuppression; !(s >= 0 && s <= 1) { // so written for NaN
		mistake("maximal suppression is %v, want a share from 0 to 1", s)
	}
	if !slices.Contains(recodings(), cfg.Recoding) {
		mistake("recoding is %q, want %s", cfg.Recoding, oneOf(recodings()))
	}
	if cfg.Effort < 0 {
		mistake("effort is %d, want 1 or more, or 0 for the default", cfg.Effort)
	}
	for _, q := range a.cfg.Quasi {
		if err := q.freeMistake(cfg.Recoding); err != nil {
			mistake("column %q: %w", q.Column, err)
		}
	}
	if err := cfg.Numeric.mistake(); err != nil {
		mistake("%w", err)
	}
	for _, err := range cfg.Local.mistakes(cfg.Recoding) {
		mistake("local: %w", err)
	}
	if cfg.Suppressed != Drop && cfg.Suppressed != Star {
		mistake("suppressed is %q, want %q or %q", cfg.Suppressed, Drop, Star)
	}
	for _, err := range flatErrors(cfg.Loss.validate(a.columns())) {
		mistake("%w", err)
	}
	if cfg.Recoding != Global && !cfg.Loss.plain() {
		mistake("a measure of loss is for recoding %q", Global)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return a, nil
}

const (
	maxQuasi     = 64
	maxSensitive = 64
	maxLevels    = 100
)

func (q Quasi) mistakes() (errs []error) {
	if !utf8.ValidString(q.Column) {
		errs = append(errs, errors.New("the name is not UTF-8"))
	}
	if q.Hierarchy == nil {
		return append(errs, errors.New("no hierarchy"))
	}
	if v, ok := q.Hierarchy.(validator); ok {
		if err := v.validate(); err != nil {
			if many, ok := err.(interface{ Unwrap() []error }); ok {
				return append(errs, many.Unwrap()...)
			}
			return append(errs, err)
		}
	}
	n := q.Hierarchy.Levels()
	if n < 1 || n > maxLevels {
		return append(errs, fmt.Errorf("the hierarchy has %d levels, want 1 to %d", n, maxLevels))
	}
	if q.MinLevel < 0 || q.MinLevel > n {
		errs = append(errs, fmt.Errorf("minimal level is %d, want 0 to %d", q.MinLevel, n))
	}
	if q.MaxLevel < 0 || q.MaxLevel > n {
		errs = append(errs, fmt.Errorf("maximal level is %d, want 1 to %d, or 0 for the top",
			q.MaxLevel, n))
	}
	if q.MaxLevel > 0 && q.MinLevel > q.MaxLevel {
		errs = append(errs, fmt.Errorf("minimal level %d is above maximal level %d",
			q.MinLevel, q.MaxLevel))
	}
	return errs
}

// highest is the highest level allowed.
func (q Quasi) highest() int {
	if q.MaxLevel == 0 {
		return q.Hierarchy.Levels()
	}
	return q.MaxLevel
}

// models are the names of the models, in the order of the configuration.
func (a *Anonymizer) models() []string {
	names := make([]string, len(a.cfg.Models))
	for i, m := range a.cfg.Models {
		names[i] = m.String()
	}
	return names
}

func (a *Anonymizer) columns() []string {
	names := make([]string, len(a.cfg.Quasi))
	for i, q := range a.cfg.Quasi {
		names[i] = q.Column
	}
	return names
}

// quoted lists names for an error.
func quoted(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(q, ", ")
}
