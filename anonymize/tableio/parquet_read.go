package tableio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/anonymize/tableio/internal/pqfile"
)

// maxDictionary is the largest dictionary of a row group that is kept as one.
// A larger one has hardly fewer entries than a record has rows, and whoever
// takes a dictionary apart once a record would do so at a loss.
const maxDictionary = 1 << 15

// parquetTable is a Parquet file whose footer was read.
type parquetTable struct {
	file    *File
	meta    *pqfile.File
	columns []string
	typed   []arrow.Field // zero where refused
	leaves  []leafType
	dicts   []bool
	refuse  []error // of columns that cannot be read
}

func (p *parquetTable) names() []string { return p.columns }

func (p *parquetTable) fields() []arrow.Field { return readable(p.typed, p.refuse) }

func (p *parquetTable) unreadable() []error { return p.refuse }

// agree gives up a dictionary where another file has none.
func (p *parquetTable) agree(column string, dt arrow.DataType) error {
	i := slices.Index(p.columns, column)
	if p.refuse[i] == nil && p.dicts[i] && dt.ID() != arrow.DICTIONARY {
		p.dicts[i], p.typed[i].Type = false, p.leaves[i].dt
	}
	return nil
}

// recovered turns a panic of a decoder into damage. Decoders should not panic;
// a hostile file must not find the one that does.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = &damaged{fmt.Errorf("a decoder gave up")}
	}
}

func openParquet(t *File, f *content) (_ table, err error) {
	defer recovered(&err)
	meta, err := pqfile.Open(f, t.size, noteKey)
	if err != nil {
		return nil, asDamage(err)
	}
	p := &parquetTable{file: t, meta: meta}
	words := words(meta.Note, len(meta.Fields))
	for i := range meta.Fields {
		word := ""
		if words != nil {
			word = words[i]
		}
		if err := p.addField(i, word, words != nil); err != nil {
			return nil, asDamage(fmt.Errorf("column %q: %w", meta.Fields[i].Name, err))
		}
	}
	if err := distinct(p.columns); err != nil {
		return nil, err
	}
	return p, nil
}

// asDamage leaves errors of reading as they are and calls the rest damage.
func asDamage(err error) error {
	var failed *unreadable
	if errors.As(err, &failed) {
		return err
	}
	return &damaged{err}
}

// addField finds the Arrow type of column i. A column that cannot be read is
// remembered with the reason, so that the others can.
func (p *parquetTable) addField(i int, word string, exact bool) error {
	f := &p.meta.Fields[i]
	field := arrow.Field{Name: f.Name, Nullable: f.Optional}
	var leaf leafType
	var dict bool
	refuse := error(nil)
	if f.Nested {
		refuse = fmt.Errorf("column %q is nested, which is not supported", f.Name)
	} else if natural, err := naturalType(f); err != nil {
		refuse = fmt.Errorf("column %q: %w", f.Name, err)
	} else {
		values, isDict := cutDictionary(word)
		leaf = restore(natural, values)
		if dict, err = p.keepDictionary(i, leaf, isDict, exact); err != nil {
			return err
		}
		if field.Type = leaf.dt; dict {
			field.Type = dictionaryOf(leaf.dt)
		}
	}
	p.columns = append(p.columns, f.Name)
	p.typed = append(p.typed, field)
	p.leaves = append(p.leaves, leaf)
	p.dicts = append(p.dicts, dict)
	p.refuse = append(p.refuse, refuse)
	return nil
}

// keepDictionary decides whether column i comes as a dictionary: as it was
// written where the file says so, otherwise text with small dictionaries.
func (p *parquetTable) keepDictionary(i int, leaf leafType, asked, exact bool) (bool, error) {
	id := leaf.dt.ID()
	exact = exact && !(p.file.opts.Dictionaries && id == arrow.STRING)
	if exact && !asked || !exact && id != arrow.STRING || id == arrow.NULL || id == arrow.BOOL {
		return false, nil
	}
	for g := range p.meta.RowGroups {
		if p.meta.RowGroups[g].Rows == 0 {
			continue
		}
		ok, entries, err := p.meta.Dictionary(g, i)
		if err != nil {
			return false, fmt.Errorf("row group %d: %w", g, err)
		}
		if !ok || !asked && entries > maxDictionary {
			return false, nil
		}
	}
	return p.meta.Rows > 0 || asked, nil
}

func (p *parquetTable) open(
	ctx context.Context, f *content, columns []string,
) (_ array.RecordReader, err error) {
	picked, err := pick(p.columns, columns)
	if err == nil {
		err = refused(p.refuse, picked)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	fields := make([]arrow.Field, len(picked))
	for k, c := range picked {
		fields[k] = p.typed[c]
	}
	schema := arrow.NewSchema(fields, nil)
	inner, cancel := context.WithCancel(ctx)
	pass := &parquetPass{
		table: p, meta: p.meta.With(f), f: f, picked: picked, schema: schema,
		ctx: inner, cancel: cancel,
		permits: make(chan struct{}, p.file.opts.Workers),
		batch:   p.file.opts.BatchRows,
		done:    map[int][]*leafReader{},
		ahead:   1 + (p.file.opts.Workers+len(picked)-1)/len(picked),
	}
	return newStream(ctx, schema, pass), nil
}

// parquetPass reads the row groups in order. Each column of each row group in
// flight has a goroutine that decodes one record's worth ahead; permits bound
// how many of them work at a time, ahead how many row groups are in flight.
type parquetPass struct {
	table  *parquetTable
	meta   *pqfile.File
	f      *content
	picked []int
	schema *arrow.Schema

	ctx     context.Context
	cancel  context.CancelFunc
	workers sync.WaitGroup
	permits chan struct{}
	batch   int
	ahead   int

	started int         // row groups started
	flight  []*groupRun // in order; the first is being read

	mu sync.Mutex
	// Readers by column, whose memory the next row groups use again: a column of
	// large pages does not make that of others large.
	done map[int][]*leafReader
}

// groupRun is a row group in flight.
type groupRun struct {
	left    int64
	columns []chan decoded
}

// decoded is an array or the error in its place.
type decoded struct {
	arr arrow.Array
	err error
}

func (p *parquetPass) next() (arrow.Record, error) {
	for len(p.flight) == 0 || p.flight[0].left == 0 {
		if len(p.flight) > 0 {
			p.flight = p.flight[1:]
		}
		p.startGroups()
		if len(p.flight) == 0 {
			return nil, p.finish()
		}
	}
	g := p.flight[0]
	n := min(int64(p.batch), g.left)
	arrays := make([]arrow.Array, 0, len(g.columns))
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	for _, c := range g.columns {
		select {
		case d := <-c:
			if d.err != nil {
				return nil, p.table.file.wrap(d.err)
			}
			arrays = append(arrays, d.arr)
		case <-p.ctx.Done():
			return nil, context.Cause(p.ctx)
		}
	}
	g.left -= n
	return array.NewRecord(p.schema, arrays, n), nil
}

// finish checks at the end of a pass that the file stayed the same.
func (p *parquetPass) finish() error {
	if err := p.table.file.unchanged(p.f); err != nil {
		return err
	}
	return io.EOF
}

func (p *parquetPass) startGroups() {
	for len(p.flight) < p.ahead && p.started < len(p.meta.RowGroups) {
		group := p.started
		p.started++
		run := &groupRun{left: p.meta.RowGroups[group].Rows}
		if run.left == 0 {
			continue
		}
		for _, column := range p.picked {
			c := make(chan decoded, 1)
			run.columns = append(run.columns, c)
			p.workers.Add(1)
			go func() {
				defer p.workers.Done()
				p.decode(group, column, c)
			}()
		}
		p.flight = append(p.flight, run)
	}
}

// decode sends the arrays of one column of one row group until it is done, an
// error occurred or the pass is over.
func (p *parquetPass) decode(group, column int, out chan<- decoded) {
	fail := func(err error) {
		var d *damaged
		if !errors.As(err, &d) {
			err = asDamage(fmt.Errorf("row group %d, column %q: %w", group, p.table.columns[column], err))
		}
		select {
		case out <- decoded{err: err}:
		case <-p.ctx.Done():
		}
	}
	r := p.reader(column)
	defer p.putBack(r, column)
	if err := r.open(p.meta, group, column, p.table); err != nil {
		fail(err)
		return
	}
	for left := p.meta.RowGroups[group].Rows; left > 0; {
		n := min(int64(p.batch), left)
		select {
		case p.permits <- struct{}{}:
		case <-p.ctx.Done():
			return
		}
		arr, err := guardedRead(r, int(n))
		<-p.permits
		if err != nil {
			fail(err)
			return
		}
		select {
		case out <- decoded{arr: arr}:
		case <-p.ctx.Done():
			arr.Release()
			return
		}
		left -= n
	}
}

// reader is one that is done with its row group, or a new one.
func (p *parquetPass) reader(column int) *leafReader {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := p.done[column]
	if len(done) == 0 {
		return new(leafReader)
	}
	p.done[column] = done[:len(done)-1]
	return done[len(done)-1]
}

func (p *parquetPass) putBack(r *leafReader, column int) {
	r.forget()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[column] = append(p.done[column], r)
}

func guardedRead(r *leafReader, n int) (_ arrow.Array, err error) {
	defer recovered(&err)
	return r.read(n)
}

func (p *parquetPass) stop() {
	p.cancel()
	p.workers.Wait()
	for _, readers := range p.done {
		for _, r := range readers {
			r.close()
		}
	}
	for _, g := range p.flight {
		for _, c := range g.columns {
			select {
			case d := <-c:
				if d.arr != nil {
					d.arr.Release()
				}
			default:
			}
		}
	}
	p.f.Close()
}
