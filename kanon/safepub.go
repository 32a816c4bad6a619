package kanon

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
	"github.com/lethe-go/lethe/internal/take"
)

// SafePub publishes a table under (Epsilon, Delta)-differential privacy of its
// rows: whoever reads the result learns nearly the same whether or not any one
// row was in the table. Every row is kept with the probability 1 - e^-Epsilon,
// by secret randomness; the rows kept are generalized to levels that were
// chosen without looking at the table; and of these, what fewer than k rows
// share is left out. No noise is added, and what is written are labels of rows.
//
// The guarantee is that of [1]: with β the probability, γ = (e^ε-1+β)/e^ε,
// and every class published having k sampled rows,
//
//	δ = max over n ≥ ⌈k/γ-1⌉ of P[Bin(n, β) > γ n].
//
// It is about one row added or removed, and all columns: a table with other
// columns than those of Quasi is refused. It is spent with each Apply to the
// same people. Two things are taken for granted. The levels, and the
// hierarchies with what they are made of, do not depend on the table; and they
// know every value that could occur, as an error tells that one does.
//
// [1] Li, Qardaji, Su (2012). On sampling, anonymization, and differential
// privacy: or, k-anonymization meets differential privacy. ASIACCS 2012.
// Bild, Kuhn, Prasser (2018). SafePub: a truthful data anonymization algorithm
// with strong privacy guarantees. PoPETs 2018(1), 67–87.
type SafePub struct {
	Epsilon float64 // from 0.01 to 5
	Delta   float64 // from 1e-12 to 0.1; well below one over the number of people
	// Quasi are all columns. Each is generalized to its MinLevel, which is at
	// least 1; MaxLevel is 0 or the same.
	Quasi []Quasi
}

// Parameters are the number of sampled rows that a class needs to be published,
// and the probability that a row is sampled. The number is one above the least
// that the theorem asks for, as the reference has it.
func (s SafePub) Parameters() (k int, rate float64, err error) {
	var errs []error
	if !(s.Epsilon >= 0.01 && s.Epsilon <= 5) {
		errs = append(errs, fmt.Errorf("kanon: safepub: epsilon is %v, want from 0.01 to 5", s.Epsilon))
	}
	if !(s.Delta >= 1e-12 && s.Delta <= 0.1) {
		errs = append(errs, fmt.Errorf("kanon: safepub: delta is %v, want from 1e-12 to 0.1", s.Delta))
	}
	if err := errors.Join(errs...); err != nil {
		return 0, 0, err
	}
	rate = -math.Expm1(-s.Epsilon)
	gamma := -math.Expm1(-2 * s.Epsilon) // which the formula above is for this β
	// By Chernoff, P[Bin(n, β) > γ n] ≤ e^(-n c); beyond last it is below δ.
	c := gamma*math.Log(gamma/rate) - (gamma - rate)
	last := int(math.Ceil(-math.Log(s.Delta) / c))
	for last > 0 && binomialAbove(last, rate, gamma) <= s.Delta*(1-tailSlack) {
		last--
	}
	for k = 2; int(math.Ceil(float64(k)/gamma-1)) <= last; k++ {
	}
	return k + 1, rate, nil
}

// tailSlack is more than rounding can make of a tail.
const tailSlack = 1e-9

// binomialAbove is P[Bin(n, p) > share n].
func binomialAbove(n int, p, share float64) (sum float64) {
	all, _ := math.Lgamma(float64(n) + 1)
	for j := int(math.Floor(share*float64(n))) + 1; j <= n; j++ {
		in, _ := math.Lgamma(float64(j) + 1)
		out, _ := math.Lgamma(float64(n-j) + 1)
		sum += math.Exp(all - in - out + float64(j)*math.Log(p) + float64(n-j)*math.Log1p(-p))
	}
	return sum
}

// Apply publishes a table in memory, once. The rows of the result are in random
// order, its columns hold text, and its audit is of the result alone; the
// caller releases it. It has no rows where no class is large enough. Errors are
// those of New and Solve, and of a column that Quasi does not name.
func (s SafePub) Apply(ctx context.Context, t arrow.Table) (arrow.Table, *Audit, error) {
	k, _, err := s.Parameters()
	if err != nil {
		return nil, nil, err
	}
	cfg := Config{Models: []Model{KAnonymity{k}}, MaxSuppression: 1, Recoding: Global, Suppressed: Drop}
	names := map[string]bool{}
	var errs []error
	for _, q := range s.Quasi {
		if q.MinLevel < 1 || q.MaxLevel != 0 && q.MaxLevel != q.MinLevel {
			errs = append(errs, fmt.Errorf("kanon: safepub: column %q: levels %d to %d, want one level "+
				"of at least 1, chosen without the table", q.Column, q.MinLevel, q.MaxLevel))
		}
		q.MaxLevel = q.MinLevel
		cfg.Quasi = append(cfg.Quasi, q)
		names[q.Column] = true
	}
	for _, f := range t.Schema().Fields() {
		if !names[f.Name] {
			errs = append(errs, fmt.Errorf("kanon: safepub: column %q is no quasi-identifier and would "+
				"be published as it is; leave it out", f.Name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	src := entropy.New()
	sample, err := s.sample(t, src)
	if err != nil {
		return nil, nil, err
	}
	defer sample.Release()
	plan, err := fit(ctx, cfg, sample)
	if err != nil {
		return nil, nil, err
	}
	labels, err := plan.table(ctx, sample)
	if err != nil {
		return nil, nil, err
	}
	defer labels.Release()
	out, err := shuffled(labels, src)
	if err != nil {
		return nil, nil, err
	}
	r := array.NewTableReader(out, countBlock)
	defer r.Release()
	check := CheckConfig{Models: cfg.Models}
	for _, q := range cfg.Quasi {
		check.Quasi = append(check.Quasi, q.Column)
	}
	found, err := Check(ctx, r, check)
	return checked(out, found, err)
}

// sample keeps each row with the probability 1 - e^-Epsilon, exactly.
func (s SafePub) sample(t arrow.Table, src *entropy.Source) (arrow.Table, error) {
	epsilon := new(big.Rat).SetFloat64(s.Epsilon)
	lost := exact.NewEvent(exact.Exponential(epsilon))
	var recs []arrow.Record
	defer func() {
		for _, rec := range recs {
			rec.Release()
		}
	}()
	r := array.NewTableReader(t, countBlock)
	defer r.Release()
	for r.Next() {
		keep := make([]bool, r.Record().NumRows())
		for i := range keep {
			keep[i] = !lost.Sample(src)
		}
		rec, err := take.Record(memory.DefaultAllocator, r.Record(), keep)
		if err != nil {
			return nil, fmt.Errorf("kanon: safepub: %w", err)
		}
		recs = append(recs, rec)
	}
	return array.NewTableFromRecords(t.Schema(), recs), nil
}

// shuffled is a table of labels as text, in random order: neither the order of
// rows nor that of a dictionary tells of rows that were left out.
func shuffled(t arrow.Table, src *entropy.Source) (arrow.Table, error) {
	n := int(t.NumRows())
	if int64(n) != t.NumRows() || n > math.MaxInt32 {
		return nil, fmt.Errorf("kanon: safepub: %d rows, want at most %d", t.NumRows(), math.MaxInt32)
	}
	order := make([]int32, n)
	for i := range order { // Fisher and Yates, inside out
		j := int(src.Uint64n(uint64(i + 1)))
		order[i], order[j] = order[j], int32(i)
	}
	var fields []arrow.Field
	var columns []arrow.Array
	defer func() {
		for _, c := range columns {
			c.Release()
		}
	}()
	for i, f := range t.Schema().Fields() {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		defer b.Release()
		for _, chunk := range t.Column(i).Data().Chunks() {
			if err := appendLabels(b, chunk); err != nil {
				return nil, fmt.Errorf("kanon: safepub: column %q: %w", f.Name, err)
			}
		}
		text := b.NewArray()
		rows, err := take.Rows(memory.DefaultAllocator, text, order)
		text.Release()
		if err != nil {
			return nil, fmt.Errorf("kanon: safepub: column %q: %w", f.Name, err)
		}
		columns = append(columns, rows)
		fields = append(fields, arrow.Field{Name: f.Name, Type: rows.DataType(), Nullable: f.Nullable})
	}
	schema := arrow.NewSchema(fields, nil)
	rec := array.NewRecord(schema, columns, int64(n))
	defer rec.Release()
	return array.NewTableFromRecords(schema, []arrow.Record{rec}), nil
}

// appendLabels appends the labels of a column that Transform made.
func appendLabels(b *array.StringBuilder, a arrow.Array) error {
	labels, ok := a.(*array.Dictionary)
	if !ok {
		return fmt.Errorf("labels of type %s", a.DataType())
	}
	text, ok := labels.Dictionary().(*array.String)
	if !ok {
		return fmt.Errorf("labels of type %s", a.DataType())
	}
	for i := range labels.Len() {
		if labels.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(text.Value(labels.GetValueIndex(i)))
		}
	}
	return nil
}
