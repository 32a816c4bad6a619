package anonymize

// Report says what was done to a table and what was reached. It holds counts,
// parameters and digests and no cell value, so it may be published with the
// table. Its JSON form is stable within a Version; see also WriteText and
// WriteHTML.
type Report struct {
	Version    int               `json:"version"`
	Lethe      string            `json:"lethe"`   // version of the library
	Created    string            `json:"created"` // RFC 3339, UTC
	Digests    Digests           `json:"digests"`
	Rows       RowCounts         `json:"rows"`
	Columns    []ColumnReport    `json:"columns"`
	Anonymity  *AnonymityReport  `json:"anonymity,omitempty"`  // nil without quasi-identifiers
	Statistics *StatisticsReport `json:"statistics,omitempty"` // nil without queries
	Warnings   []string          `json:"warnings"`
}

// Digests are SHA-256 values in lower-case hexadecimal; empty where the bytes
// are not known, as for a table in memory.
type Digests struct {
	Policy string `json:"policy"`
	Plan   string `json:"plan"`
	Input  string `json:"input"`
	Output string `json:"output"`
}

// RowCounts follows the rows of the input to the output.
type RowCounts struct {
	Input      int64 `json:"input"`
	Retained   int64 `json:"retained"`   // left by the retention window
	Sampled    int64 `json:"sampled"`    // left by the sample, of those retained
	Suppressed int64 `json:"suppressed"` // by the anonymization, of those sampled
	Output     int64 `json:"output"`
}

// ColumnReport says what became of one column.
type ColumnReport struct {
	Name    string   `json:"name"`
	Role    Role     `json:"role"`
	Actions []string `json:"actions"` // in order, in plain words, with their parameters
	Dropped bool     `json:"dropped"`

	// For a quasi-identifier: the level chosen of the levels there are
	// (0 is the value itself, Levels the top), and the share of information
	// lost in [0, 1].
	Level  int     `json:"level,omitempty"`
	Levels int     `json:"levels,omitempty"`
	Loss   float64 `json:"loss,omitempty"`

	// Before and After are shares of rows, one a distinct value (before) or
	// label (after), without the values themselves: in domain order where
	// Ordered, by falling share otherwise. Where there are more than 60, the
	// neighbours are added up. Suppressed rows are not in After.
	Ordered bool      `json:"ordered,omitempty"`
	Before  []float64 `json:"before,omitempty"`
	After   []float64 `json:"after,omitempty"`
}

// AnonymityReport is what the check of the written table found, beside what
// the table was before.
type AnonymityReport struct {
	Quasi          []string      `json:"quasi"`
	Unit           string        `json:"unit,omitempty"` // column whose distinct values are counted; rows when empty
	Search         string        `json:"search"`         // e.g. "optimal"
	Loss           float64       `json:"loss"`
	MaxSuppression float64       `json:"max_suppression"`
	Suppression    float64       `json:"suppression"`   // share of rows
	SuppressedAs   string        `json:"suppressed_as"` // "drop" or "star"
	Models         []ModelReport `json:"models"`
	Before         ClassReport   `json:"before"`
	After          ClassReport   `json:"after"`
}

// ModelReport is one privacy model with what was asked and what was reached.
type ModelReport struct {
	Model   string  `json:"model"` // e.g. "5-anonymity"
	Wanted  float64 `json:"wanted"`
	Reached float64 `json:"reached"`
	Holds   bool    `json:"holds"`
}

// ClassReport describes the equivalence classes of a table and the
// re-identification risk they imply. Sizes are in people where a unit is set,
// in rows otherwise.
type ClassReport struct {
	Classes  int64   `json:"classes"`
	Smallest int64   `json:"smallest"`
	Largest  int64   `json:"largest"`
	Mean     float64 `json:"mean"`
	// Sizes counts classes by size: Sizes[i] classes of size at least
	// SizeFrom[i] and below SizeFrom[i+1]. The bounds are powers of two.
	SizeFrom []int64 `json:"size_from"`
	Sizes    []int64 `json:"sizes"`
	Risk     Risk    `json:"risk"`
}

// Risk is the probability of re-identification under three attackers: one who
// knows that the person is in the table (prosecutor), one who does not and
// relies on a population of which the table is taken (journalist; the table
// itself stands for the population where none is given, which makes it equal
// to the prosecutor's), and one who wants as many people as possible
// (marketer).
type Risk struct {
	ProsecutorHighest float64 `json:"prosecutor_highest"`
	JournalistHighest float64 `json:"journalist_highest"`
	Marketer          float64 `json:"marketer"`
	AtRisk            float64 `json:"at_risk"`   // share of records whose prosecutor risk is above Threshold
	Threshold         float64 `json:"threshold"` // e.g. 0.2
	Unique            float64 `json:"unique"`    // share of records alone in their class
}

// StatisticsReport is what the differentially private queries cost.
type StatisticsReport struct {
	Unit    string        `json:"unit"`
	MaxRows int           `json:"max_rows"` // rows one person contributes at most
	Total   BudgetReport  `json:"total"`
	Spent   BudgetReport  `json:"spent"`
	Queries []QueryReport `json:"queries"`
}

// BudgetReport is a privacy budget.
type BudgetReport struct {
	Epsilon float64 `json:"epsilon"`
	Delta   float64 `json:"delta"`
}

// QueryReport is one query and its cost.
type QueryReport struct {
	Query   string  `json:"query"` // e.g. "mean stay_days by ward"
	Epsilon float64 `json:"epsilon"`
	Delta   float64 `json:"delta"`
	Groups  int     `json:"groups"` // rows of its result
}
