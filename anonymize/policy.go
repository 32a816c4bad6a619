package anonymize

import (
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/pseudonym"
)

// PolicyVersion is the version of the policy format that this package reads.
const PolicyVersion = 1

// MainKey is the name of the keyring that a policy means when it names none.
const MainKey = "main"

// Policy says what is done to a table. It is a tree of plain structs: a file
// read by [ReadPolicy] and a literal in Go are the same thing. The order of
// the steps is the library's, so a policy cannot express a wrong one. It holds
// no key and no data and may be committed beside the code.
type Policy struct {
	// Version is PolicyVersion.
	Version int `yaml:"version" json:"version"`
	// Title and Purpose are for the report: what the release is called and
	// what it is made for.
	Title   string `yaml:"title" json:"title,omitempty"`
	Purpose string `yaml:"purpose" json:"purpose,omitempty"`
	// Input says how text input is read. It does not concern typed formats.
	Input Input `yaml:"input" json:"input"`
	// Columns has an entry for each column of the input, no more and no less.
	Columns map[string]Column `yaml:"columns" json:"columns"`
	// Minimize removes rows and columns that the purpose does not need.
	Minimize Minimize `yaml:"minimize" json:"minimize"`
	// Privacy asks for the models that the output satisfies. It is required
	// where a column is a quasi-identifier that is not dropped.
	Privacy Privacy `yaml:"privacy" json:"privacy"`
	// Statistics are differentially private queries over the minimized table.
	Statistics *Statistics `yaml:"statistics" json:"statistics,omitempty"`
	// Output says how the result is written.
	Output Output `yaml:"output" json:"output"`

	origin origin
}

// Input says how a CSV file is read.
type Input struct {
	// Null lists the fields that stand for a missing value; nil means the
	// empty field.
	Null []string `yaml:"null" json:"null,omitempty"`
	// Delimiter separates the fields; empty means that it is detected.
	Delimiter string `yaml:"delimiter" json:"delimiter,omitempty"`
	// Types declares the types of columns that are not to be inferred:
	// string, int64, float64, bool, date or timestamp.
	Types map[string]string `yaml:"types" json:"types,omitempty"`
	// Encoding of the text: utf-8, utf-16, utf-16le, utf-16be, iso-8859-1 or
	// windows-1252; empty means utf-8, or utf-16 where a byte order mark says so.
	Encoding string `yaml:"encoding" json:"encoding,omitempty"`
	// Decimal is the mark before the fraction of a number, "." or ","; empty
	// means ".".
	Decimal string `yaml:"decimal" json:"decimal,omitempty"`
	// Dates is the order of dates that are not written as ISO 8601 says: dmy or
	// mdy; empty means that it is found where the values of a column leave but one.
	Dates string `yaml:"dates" json:"dates,omitempty"`
}

// Column says what a column is and what is done to it, in this order: round,
// clamp, truncate, mask, zip3, then pseudonym, hierarchy or local_dp.
type Column struct {
	Role Role `yaml:"role" json:"role"`
	// Drop leaves the column out of the output. Statistics and the unit may
	// still refer to it.
	Drop bool `yaml:"drop" json:"drop,omitempty"`

	Round    *Round    `yaml:"round" json:"round,omitempty"`
	Clamp    *Clamp    `yaml:"clamp" json:"clamp,omitempty"`
	Truncate *Truncate `yaml:"truncate" json:"truncate,omitempty"`
	Mask     *Mask     `yaml:"mask" json:"mask,omitempty"`
	ZIP3     *ZIP3     `yaml:"zip3" json:"zip3,omitempty"`

	// Pseudonym replaces the values of an identifier by keyed tokens.
	Pseudonym *Pseudonym `yaml:"pseudonym" json:"pseudonym,omitempty"`
	// Hierarchy says how a quasi-identifier is generalized.
	Hierarchy *Hierarchy `yaml:"hierarchy" json:"hierarchy,omitempty"`
	// LocalDP randomizes the values row by row, after the steps above.
	LocalDP *LocalDP `yaml:"local_dp" json:"local_dp,omitempty"`
	// Unprotected says, for a sensitive column that no model names and that is
	// not randomized, why nothing protects it. It is written into the report as a warning.
	Unprotected string `yaml:"unprotected" json:"unprotected,omitempty"`
}

// Pseudonym holds exactly one method, the scope of its tokens, the key, and what
// is done to values before. Tables whose columns share method, key, domain,
// entity and data set have equal tokens for equal values, so they join; a
// difference in any of them makes tokens unlinkable.
type Pseudonym struct {
	HMAC *pseudonym.HMAC `yaml:"hmac" json:"hmac,omitempty"`
	CMAC *pseudonym.CMAC `yaml:"cmac" json:"cmac,omitempty"`
	SIV  *pseudonym.SIV  `yaml:"siv" json:"siv,omitempty"`
	FF1  *pseudonym.FF1  `yaml:"ff1" json:"ff1,omitempty"`
	// Crosswalk keeps its tokens in the table of Config.
	Crosswalk *pseudonym.Crosswalk `yaml:"crosswalk" json:"crosswalk,omitempty"`
	Email     *pseudonym.Email     `yaml:"email" json:"email,omitempty"`
	// DateShift may be given to a quasi-identifier, too.
	DateShift *pseudonym.DateShift `yaml:"date_shift" json:"date_shift,omitempty"`
	// Redact, Mask and Constant have no key and so no domain, entity, data set
	// or key.
	Redact   *pseudonym.Redact   `yaml:"redact" json:"redact,omitempty"`
	Mask     *pseudonym.Mask     `yaml:"mask" json:"mask,omitempty"`
	Constant *pseudonym.Constant `yaml:"constant" json:"constant,omitempty"`

	// Domain names the group of tables among which tokens may join.
	Domain string `yaml:"domain" json:"domain,omitempty"`
	// Entity names what the value identifies; empty means the column's name,
	// and for a date shift the name of the subject's column.
	Entity string `yaml:"entity" json:"entity,omitempty"`
	// Dataset, where set, separates this release from all others.
	Dataset string `yaml:"dataset" json:"dataset,omitempty"`
	// Key names the keyring; empty means MainKey.
	Key string `yaml:"key" json:"key,omitempty"`
	// KeyID pins the key of the keyring, so that a release can be made again
	// after a rotation: the manifest of a release says which it was. 0 means
	// the primary key.
	KeyID uint32 `yaml:"key_id" json:"key_id,omitempty"`

	// Canonical, Empty, Sentinels, SentinelAs and Describe are those of
	// pseudonym.Column.
	Canonical  []string           `yaml:"canonical" json:"canonical,omitempty"`
	Empty      pseudonym.Handling `yaml:"empty" json:"empty,omitempty"`
	Sentinels  []string           `yaml:"sentinels" json:"sentinels,omitempty"`
	SentinelAs pseudonym.Handling `yaml:"sentinel_as" json:"sentinel_as,omitempty"`
	Describe   bool               `yaml:"describe" json:"describe,omitempty"`
	// LowEntropy says why the column may hold tokens although it has few
	// distinct values or one that dominates, which stops a run otherwise. It is
	// written into the report as a warning.
	LowEntropy string `yaml:"low_entropy" json:"low_entropy,omitempty"`
}

// Hierarchy holds exactly one way to generalize a column.
type Hierarchy struct {
	Intervals *kanon.Intervals `yaml:"intervals" json:"intervals,omitempty"`
	Prefix    *kanon.Prefix    `yaml:"prefix" json:"prefix,omitempty"`
	Dates     *kanon.Dates     `yaml:"dates" json:"dates,omitempty"`
	Order     *kanon.Order     `yaml:"order" json:"order,omitempty"`
	Frequent  *kanon.Frequent  `yaml:"frequent" json:"frequent,omitempty"`
	// File is a table of labels, leaf;level1;…;* a line. Its path is absolute
	// or relative to the policy.
	File string `yaml:"file" json:"file,omitempty"`
	// Custom is a hierarchy of the caller's own; only Go code can give one.
	Custom kanon.Hierarchy `yaml:"-" json:"-"`

	// MinLevel and MaxLevel narrow the levels the search may choose; a
	// MaxLevel of 0 means the top.
	MinLevel int `yaml:"min_level" json:"min_level,omitempty"`
	MaxLevel int `yaml:"max_level" json:"max_level,omitempty"`
}

// Minimize removes what the purpose does not need before anything else.
type Minimize struct {
	// KeepOnly lists the columns the purpose needs; the others are dropped as
	// if each said so itself. Empty means that all are kept.
	KeepOnly []string `yaml:"keep_only" json:"keep_only,omitempty"`
	// Retain keeps the rows of a window of time.
	Retain *Retain `yaml:"retain" json:"retain,omitempty"`
	// Sample keeps a share of the people.
	Sample *Sample `yaml:"sample" json:"sample,omitempty"`
}

// Sample keeps each person with the same probability, by a keyed hash of the
// person: the same people in every table that is sampled under the same key,
// domain and entity.
type Sample struct {
	Column   string  `yaml:"column" json:"column"`
	Fraction float64 `yaml:"fraction" json:"fraction"`
	Domain   string  `yaml:"domain" json:"domain"`
	// Entity is empty for the column's name.
	Entity string `yaml:"entity" json:"entity,omitempty"`
	// Key is empty for MainKey.
	Key string `yaml:"key" json:"key,omitempty"`
	// KeyID pins the key of the keyring; 0 means the primary key.
	KeyID uint32 `yaml:"key_id" json:"key_id,omitempty"`
}

// Privacy is what the output satisfies.
type Privacy struct {
	// Unit names the column whose distinct values are people, for tables in
	// which a person has several rows. Empty means that each row is a person.
	Unit   string  `yaml:"unit" json:"unit,omitempty"`
	Models []Model `yaml:"models" json:"models,omitempty"`
	// MaxSuppression is the share of rows, in [0, 1], that may be suppressed.
	MaxSuppression float64 `yaml:"max_suppression" json:"max_suppression"`
	// Recoding is global, local or mondrian.
	Recoding kanon.Recoding `yaml:"recoding" json:"recoding,omitempty"`
	// Local says how thoroughly local recoding searches.
	Local kanon.LocalSearch `yaml:"local" json:"local,omitzero"`
	// Loss is what global recoding makes as small as it can. Its zero value is
	// Iyengar's measure by the geometric mean.
	Loss kanon.Loss `yaml:"loss" json:"loss,omitzero"`
	// Effort bounds a search that cannot look at all combinations of levels: how
	// many have their classes counted. 0 stands for 4,096.
	Effort int `yaml:"effort" json:"effort,omitempty"`
}

// Model holds exactly one privacy model. One of the models says how many people
// a class has, or all classes have; those that name a sensitive column protect
// it.
type Model struct {
	KAnonymity      *kanon.KAnonymity      `yaml:"k_anonymity" json:"k_anonymity,omitempty"`
	AlphaK          *kanon.AlphaK          `yaml:"alpha_k" json:"alpha_k,omitempty"`
	LDiversity      *kanon.LDiversity      `yaml:"l_diversity" json:"l_diversity,omitempty"`
	TCloseness      *TCloseness            `yaml:"t_closeness" json:"t_closeness,omitempty"`
	BetaLikeness    *kanon.BetaLikeness    `yaml:"beta_likeness" json:"beta_likeness,omitempty"`
	DeltaDisclosure *kanon.DeltaDisclosure `yaml:"delta_disclosure" json:"delta_disclosure,omitempty"`

	// KMap is by the size of a population, which a policy has no table of.
	KMap                 *kanon.KMap                 `yaml:"k_map" json:"k_map,omitempty"`
	AverageRisk          *kanon.AverageRisk          `yaml:"average_risk" json:"average_risk,omitempty"`
	SampleUniqueness     *kanon.SampleUniqueness     `yaml:"sample_uniqueness" json:"sample_uniqueness,omitempty"`
	PopulationUniqueness *kanon.PopulationUniqueness `yaml:"population_uniqueness" json:"population_uniqueness,omitempty"`
}

// TCloseness is a kanon.TCloseness that finds its tree in a file.
type TCloseness struct {
	kanon.TCloseness `yaml:",inline"`
	// File lists the values of the column for a hierarchical distance,
	// leaf;level1;…;* a line, unless Go code gives the Tree. Its path is
	// absolute or relative to the policy.
	File string `yaml:"file" json:"file,omitempty"`
}

// Output says how the result is written.
type Output struct {
	// Numeric says as what quasi-identifiers that are numbers or dates are written:
	// labels, midpoint, mean or bounds; empty means labels.
	Numeric kanon.Numeric `yaml:"numeric" json:"numeric,omitempty"`
	// Suppressed is kanon.Drop or kanon.Star; empty means kanon.Drop.
	Suppressed kanon.Suppressed `yaml:"suppressed" json:"suppressed,omitempty"`
}
