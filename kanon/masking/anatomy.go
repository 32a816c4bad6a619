package masking

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/take"
	"github.com/lethe-go/lethe/kanon"
)

// Anatomy separates a sensitive column from the others [1]: rows are put into
// groups in which no two have the same sensitive value, and two tables are
// published, one of the rows without the sensitive column but with the number
// of their group, the other of the groups with their sensitive values. Which of
// the L or more values of a group belongs to which of its rows is not told. Its
// zero value is refused.
//
// Everything but the sensitive column is published as it is: that a person is
// in the table, and all else about them, is disclosed. Where a person has
// several rows, their groups together tell more.
//
// [1] Xiao, Tao (2006). Anatomy: simple and effective privacy preservation.
// VLDB 2006, 139–150.
type Anatomy struct {
	Sensitive string `yaml:"sensitive"`
	// L is how many rows, all of different sensitive value, a group has at
	// least; 2 or more.
	L int `yaml:"l"`
	// Group names the column of group numbers in both tables.
	Group string `yaml:"group"`
}

// Anatomized is what Anatomy publishes. The caller releases both tables.
type Anatomized struct {
	// Rows are the rows in their order, without the sensitive column and with
	// the group of each, an int64.
	Rows arrow.Table
	// Values are the sensitive values: the group, the value, and count, how
	// many rows of the group have it. They are ordered by group and value.
	Values arrow.Table
	// Audit is what the independent checker found of the groups.
	Audit *kanon.Audit
}

// Release releases both tables.
func (a *Anatomized) Release() {
	a.Rows.Release()
	a.Values.Release()
}

func (a Anatomy) validate(t arrow.Table) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("masking: anatomy: "+format, args...))
	}
	if _, err := find(t, a.Sensitive); err != nil {
		bad("%w", err)
	}
	if a.L < 2 {
		bad("l is %d, want at least 2", a.L)
	}
	switch {
	case a.Group == "":
		bad("no name for the column of groups")
	case len(t.Schema().FieldIndices(a.Group)) > 0:
		bad("group: column %q is in the table already; choose another name", a.Group)
	case a.Group == "count" || a.Sensitive == "count":
		bad("\"count\" is a column of the result; choose another name")
	}
	return errors.Join(errs...)
}

// Apply separates the table, with groups drawn at random by crypto/rand. It
// fails with kanon.ErrInfeasible where a value is in more than 1/L of the rows.
// Null is one more value.
func (a Anatomy) Apply(ctx context.Context, t arrow.Table) (*Anatomized, error) {
	if err := a.validate(t); err != nil {
		return nil, err
	}
	values, err := whole(t, a.Sensitive)
	if err != nil {
		return nil, fmt.Errorf("masking: anatomy: %w", err)
	}
	defer values.Release()
	typ, err := column.TypeOf(values.DataType())
	if err != nil {
		return nil, fmt.Errorf("masking: anatomy: column %q: %w", a.Sensitive, err)
	}
	coder := column.NewCoder(typ)
	codes := make([]uint32, values.Len())
	if err := coder.Encode(values, codes); err != nil {
		return nil, fmt.Errorf("masking: anatomy: column %q: %w", a.Sensitive, err)
	}
	buckets := bucketsOf(codes, coder)
	for _, b := range buckets {
		if len(b.rows)*a.L > len(codes) {
			return nil, fmt.Errorf("masking: anatomy: %w: a value of column %q is in more than 1 of %d "+
				"rows; lower l or drop some of these rows", kanon.ErrInfeasible, a.Sensitive, a.L)
		}
	}
	group, groups := grouped(entropy.New(), buckets, len(codes), a.L)
	rows := newColumns(t)
	defer rows.release()
	rows.remove(a.Sensitive)
	rows.add(arrow.Field{Name: a.Group, Type: arrow.PrimitiveTypes.Int64}, numbers(group))
	out := &Anatomized{Rows: rows.table()}
	if out.Values, err = a.values(values, group, groups, rankOf(coder), codes); err != nil {
		out.Rows.Release()
		return nil, err
	}
	if out.Audit, err = a.check(ctx, group, values); err != nil {
		out.Release()
		return nil, err
	}
	return out, nil
}

// bucket holds the rows of one sensitive value that are in no group yet.
type bucket struct {
	rank int // of the value
	rows []int32
}

// rankOf is the place of each code in the canonical order, null last.
func rankOf(coder *column.Coder) []int {
	rank := make([]int, coder.Len())
	for i := range rank {
		rank[i] = coder.Len()
	}
	for i, c := range coder.Order() {
		rank[c] = i
	}
	return rank
}

func bucketsOf(codes []uint32, coder *column.Coder) []*bucket {
	rank := rankOf(coder)
	out := make([]*bucket, coder.Len())
	for c := range out {
		out[c] = &bucket{rank: rank[c]}
	}
	for i, c := range codes {
		out[c].rows = append(out[c].rows, int32(i))
	}
	slices.SortFunc(out, func(a, b *bucket) int { return cmp.Compare(a.rank, b.rank) })
	return out
}

// largest is a heap of buckets, the one with most rows first.
type largest []*bucket

func (h largest) Len() int { return len(h) }
func (h largest) Less(i, j int) bool {
	if a, b := len(h[i].rows), len(h[j].rows); a != b {
		return a > b
	}
	return h[i].rank < h[j].rank
}
func (h largest) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *largest) Push(x any)   { *h = append(*h, x.(*bucket)) }
func (h *largest) Pop() any {
	last := len(*h) - 1
	b := (*h)[last]
	*h = (*h)[:last]
	return b
}

// grouped gives each row its group: again and again one random row of each of
// the l largest buckets, and what is left, one row of fewer than l buckets each
// (property 1 of the paper), to random groups that lack its value. The numbers
// of the groups are in random order.
func grouped(rng *entropy.Source, buckets []*bucket, n, l int) (group []int64, groups int) {
	group = make([]int64, n)
	h := largest{}
	has := make([][]int32, len(buckets)) // groups that have each value
	at := map[*bucket]int{}
	for i, b := range buckets {
		shuffle(rng, b.rows)
		at[b] = i
		if len(b.rows) > 0 {
			h = append(h, b)
		}
	}
	heap.Init(&h)
	drawn := make([]*bucket, l)
	for h.Len() >= l {
		for i := range drawn {
			drawn[i] = heap.Pop(&h).(*bucket)
		}
		for _, b := range drawn {
			last := len(b.rows) - 1
			group[b.rows[last]] = int64(groups)
			has[at[b]] = append(has[at[b]], int32(groups))
			if b.rows = b.rows[:last]; last > 0 {
				heap.Push(&h, b)
			}
		}
		groups++
	}
	for _, b := range h {
		for _, row := range b.rows {
			// As a value is in at most 1/l of the rows, some group lacks it.
			g := int32(rng.Uint64n(uint64(groups)))
			for slices.Contains(has[at[b]], g) {
				g = (g + 1) % int32(groups)
			}
			group[row] = int64(g)
			has[at[b]] = append(has[at[b]], g)
		}
	}
	number := make([]int32, groups)
	for i := range number {
		number[i] = int32(i)
	}
	shuffle(rng, number)
	for i, g := range group {
		group[i] = int64(number[g])
	}
	return group, groups
}

// values is the table of groups and their sensitive values.
func (a Anatomy) values(
	values arrow.Array, group []int64, groups int, rank []int, codes []uint32,
) (arrow.Table, error) {
	order := make([]int32, len(group))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int {
		return cmp.Or(cmp.Compare(group[x], group[y]), cmp.Compare(rank[codes[x]], rank[codes[y]]))
	})
	picked, err := take.Rows(memory.DefaultAllocator, values, order)
	if err != nil {
		return nil, fmt.Errorf("masking: anatomy: column %q: %w", a.Sensitive, err)
	}
	of, count := make([]int64, len(order)), make([]int64, len(order))
	for i, row := range order {
		of[i], count[i] = group[row], 1
	}
	c := &columns{rows: int64(len(order))}
	defer c.release()
	c.add(arrow.Field{Name: a.Group, Type: arrow.PrimitiveTypes.Int64}, numbers(of))
	c.add(arrow.Field{Name: a.Sensitive, Type: values.DataType(), Nullable: true}, picked)
	c.add(arrow.Field{Name: "count", Type: arrow.PrimitiveTypes.Int64}, numbers(count))
	return c.table(), nil
}

// check has the checker of kanon see the groups with their values.
func (a Anatomy) check(
	ctx context.Context, group []int64, values arrow.Array,
) (*kanon.Audit, error) {
	values.Retain()
	c := &columns{rows: int64(len(group))}
	defer c.release()
	c.add(arrow.Field{Name: a.Group, Type: arrow.PrimitiveTypes.Int64}, numbers(group))
	c.add(arrow.Field{Name: a.Sensitive, Type: values.DataType(), Nullable: true}, values)
	t := c.table()
	defer t.Release()
	return check(ctx, t, kanon.CheckConfig{Quasi: []string{a.Group}, Models: []kanon.Model{
		kanon.KAnonymity{K: a.L},
		kanon.LDiversity{Column: a.Sensitive, L: float64(a.L), Kind: kanon.Distinct},
	}})
}

func numbers(values []int64) arrow.Array {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(values, nil)
	return b.NewArray()
}
