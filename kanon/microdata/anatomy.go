package microdata

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/tuple"
)

// Anatomy takes a sensitive column out of a table and publishes it by groups:
// one table has all other columns and the group of each row, the other one how
// many rows of each group have each sensitive value. Every group has at least L
// different values, and no value for more than one row in L. The zero value is
// refused.
//
// All other columns are published exactly as they are. That a person is in the
// table, and every value of theirs but the sensitive one, is not hidden at all;
// and who can rule out the values of others in a group learns the rest.
//
// Xiao, Tao (2006). Anatomy: simple and effective privacy preservation. VLDB.
type Anatomy struct {
	Sensitive string `yaml:"sensitive"`
	L         int    `yaml:"l"` // at least 2
	// Group names the column of groups, which is no column of the table.
	Group string `yaml:"group"`
}

// AnatomyTables are the two tables of a release. The caller releases both.
type AnatomyTables struct {
	// Rows is the table in its order, without the sensitive column and with the
	// group, int32.
	Rows arrow.Table
	// Values has the group, the sensitive value, and count, int64: the rows of
	// the group that have it. It is ordered by group and value.
	Values arrow.Table
}

// AnatomyAudit says what groups were made.
type AnatomyAudit struct {
	Rows   int64 `json:"rows"`
	Groups int64 `json:"groups"`
	// Smallest is the smallest number of distinct values in a group, and
	// MostFrequent the largest share of one value in a group.
	Smallest     int64   `json:"smallest"`
	MostFrequent float64 `json:"most_frequent"`
}

func (a Anatomy) validate() error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("kanon/microdata: anatomy: "+format, args...))
	}
	if a.Sensitive == "" {
		wrong("no sensitive column")
	}
	if a.L < 2 {
		wrong("l is %d, want at least 2", a.L)
	}
	switch a.Group {
	case "":
		wrong("no name for the column of groups")
	case a.Sensitive, countColumn:
		wrong("the column of groups is named %q, which is another column of the release", a.Group)
	}
	if a.Sensitive == countColumn {
		wrong("the sensitive column is named %q, which is another column of the release", countColumn)
	}
	return errors.Join(errs...)
}

const countColumn = "count"

// Apply makes the two tables, by fresh randomness of the operating system. Null
// is one more sensitive value. Refused is a table in which a value has more
// than one row in L, since no such groups exist, and a column of groups that is
// there already.
func (a Anatomy) Apply(ctx context.Context, t arrow.Table) (*AnatomyTables, *AnatomyAudit, error) {
	if err := a.validate(); err != nil {
		return nil, nil, err
	}
	if t.Schema().HasField(a.Group) {
		return nil, nil, fmt.Errorf("kanon/microdata: anatomy: column %q: in the table already, "+
			"but groups are to have this name", a.Group)
	}
	read, err := read(ctx, t, []string{a.Sensitive}, nil)
	if err == nil && read.Rows > maxRows {
		err = fmt.Errorf("%d rows, want at most %d", read.Rows, maxRows)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("kanon/microdata: anatomy: %w", err)
	}
	c := read.Columns[0]
	group, groups, err := a.groups(c)
	if err != nil {
		return nil, nil, err
	}
	cells := cellsOf(c, group)
	audit, err := a.audit(cells, groups, int64(read.Rows))
	if err != nil {
		return nil, nil, err
	}
	values, err := a.values(t, cells)
	if err != nil {
		return nil, nil, fmt.Errorf("kanon/microdata: anatomy: %w", err)
	}
	return &AnatomyTables{Rows: a.rows(t, group), Values: values}, audit, nil
}

// cell is a value of a group.
type cell struct {
	group   int32
	rank    int32 // of the value
	example int32 // a row of the value
	count   int64
}

// cellsOf counts the rows of each value of each group, ordered by both.
func cellsOf(c tuple.Column, group []int32) []cell {
	rank, example := make([]int32, c.Coder.Len()), make([]int32, c.Coder.Len())
	for i, code := range c.Coder.Order() {
		rank[code] = int32(i) + 1
	}
	for row, code := range c.Codes {
		example[code] = int32(row)
	}
	all := make([]cell, len(group))
	for row, code := range c.Codes {
		all[row] = cell{group: group[row], rank: rank[code], example: example[code], count: 1}
	}
	slices.SortFunc(all, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.rank, b.rank))
	})
	out := all[:0]
	for _, x := range all {
		if n := len(out); n > 0 && out[n-1].group == x.group && out[n-1].rank == x.rank {
			out[n-1].count++
		} else {
			out = append(out, x)
		}
	}
	return out
}

// audit counts what is published, and refuses a group that is not as it should
// be.
func (a Anatomy) audit(cells []cell, groups int, rows int64) (*AnatomyAudit, error) {
	found := &AnatomyAudit{Rows: rows, Groups: int64(groups)}
	if rows == 0 {
		return found, nil
	}
	found.Smallest = math.MaxInt64
	for from := 0; from < len(cells); {
		to, size, most := from, int64(0), int64(0)
		for ; to < len(cells) && cells[to].group == cells[from].group; to++ {
			size += cells[to].count
			most = max(most, cells[to].count)
		}
		found.Smallest = min(found.Smallest, int64(to-from))
		found.MostFrequent = max(found.MostFrequent, float64(most)/float64(size))
		if most*int64(a.L) > size {
			return nil, errors.New("kanon/microdata: anatomy: the check of the result found a group " +
				"with too many rows of a value; nothing is returned")
		}
		from = to
	}
	return found, nil
}

// values makes the table of the sensitive values.
func (a Anatomy) values(t arrow.Table, cells []cell) (arrow.Table, error) {
	groups := array.NewInt32Builder(memory.DefaultAllocator)
	defer groups.Release()
	counts := array.NewInt64Builder(memory.DefaultAllocator)
	defer counts.Release()
	rows := make([]int32, len(cells))
	for i, x := range cells {
		groups.Append(x.group)
		counts.Append(x.count)
		rows[i] = x.example
	}
	picked, err := pick(t, map[string][]int32{a.Sensitive: rows})
	if err != nil {
		return nil, err
	}
	columns := []arrow.Array{groups.NewArray(), picked[a.Sensitive], counts.NewArray()}
	sensitive := t.Schema().Field(t.Schema().FieldIndices(a.Sensitive)[0])
	schema := arrow.NewSchema([]arrow.Field{
		{Name: a.Group, Type: arrow.PrimitiveTypes.Int32},
		{Name: a.Sensitive, Type: columns[1].DataType(), Nullable: sensitive.Nullable},
		{Name: countColumn, Type: arrow.PrimitiveTypes.Int64},
	}, nil)
	rec := array.NewRecord(schema, columns, int64(len(cells)))
	defer rec.Release()
	for _, c := range columns {
		c.Release()
	}
	return array.NewTableFromRecords(schema, []arrow.Record{rec}), nil
}

// rows makes the table of all other columns and the groups.
func (a Anatomy) rows(t arrow.Table, group []int32) arrow.Table {
	b := array.NewInt32Builder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(group, nil)
	groups := b.NewArray()
	at := t.Schema().FieldIndices(a.Sensitive)[0]
	others := replace(t, nil)
	defer others.Release()
	var fields []arrow.Field
	var data []arrow.Column
	for i, f := range others.Schema().Fields() {
		if i != at {
			fields, data = append(fields, f), append(data, *others.Column(i))
		}
	}
	f := arrow.Field{Name: a.Group, Type: arrow.PrimitiveTypes.Int32}
	chunked := arrow.NewChunked(f.Type, []arrow.Array{groups})
	groups.Release()
	column := arrow.NewColumn(f, chunked)
	chunked.Release()
	out := array.NewTable(arrow.NewSchema(append(fields, f), nil), append(data, *column), t.NumRows())
	column.Release()
	return out
}
