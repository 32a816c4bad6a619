package ledger

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-go/lethe/dp/budget"
)

// Terms are fixed when a ledger is made.
type Terms struct {
	// Dataset is what the table is called, for people.
	Dataset string
	// Unit is the column that tells apart the people who are protected. Budgets
	// of releases that protect different units do not add up.
	Unit string
	// Total is what all releases together may cost.
	Total budget.Budget
}

// Entry is what one Spend took.
type Entry struct {
	N       int // 1, 2, …
	Time    time.Time
	By      string // who took it: Options.By
	Charges []budget.Charge
	// TornBytes is the length of an incomplete line that was found, and removed,
	// when this one was written; 0 if there was none.
	TornBytes int
	Hash      string // of the line, in lower-case hexadecimal
}

// Head names the last line that somebody knows of: its number, 0 for the terms,
// and its hash. The zero value is none.
type Head struct {
	N    int    `yaml:"n" json:"n"`
	Hash string `yaml:"hash" json:"hash"`
}

// String is the number and the hash with a colon between, as ParseHead reads it.
func (h Head) String() string { return fmt.Sprintf("%d:%s", h.N, h.Hash) }

// ParseHead reads what String wrote.
func ParseHead(text string) (Head, error) {
	number, hash, ok := strings.Cut(text, ":")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
		return Head{}, fmt.Errorf("ledger: a head is a number, a colon and 64 hexadecimal digits")
	}
	return Head{N: n, Hash: hash}, nil
}

// Statement is a ledger as it was when it was read, with every line checked.
type Statement struct {
	Terms   Terms
	Created time.Time
	Keyed   bool // the chain has a key
	Entries []Entry
	Spent   budget.Budget // rounded up where it has no short decimal
	Left    budget.Budget // rounded down
	Head    Head
	// TornBytes is the length of an incomplete line at the end, which does not
	// count; 0 if there is none.
	TornBytes int
}

// SpentBy is what entries 1 to n cost together, rounded up where it has no short
// decimal.
func (s *Statement) SpentBy(n int) budget.Budget {
	sum, err := budget.NewFilter(s.Terms.Total)
	if err != nil {
		return budget.Budget{} // of a Statement that no ledger made
	}
	for _, e := range s.Entries[:max(0, min(n, len(s.Entries)))] {
		if sum.Spend(e.Charges...) != nil {
			break // no ledger holds such charges
		}
	}
	return sum.Spent()
}

// statement is what is known of the file, as a value of its own.
func (b *book) statement() *Statement {
	return &Statement{
		Terms:     b.terms,
		Created:   b.created,
		Keyed:     b.chain.key != nil,
		Entries:   append([]Entry(nil), b.entries...),
		Spent:     b.filter.Spent(),
		Left:      b.filter.Remaining(),
		Head:      b.head(),
		TornBytes: len(b.tail),
	}
}
