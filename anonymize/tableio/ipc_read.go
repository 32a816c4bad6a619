package tableio

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// ipcMagic begins and ends the file format; the stream format has none.
const ipcMagic = "ARROW1"

// ipcTable is an Arrow IPC file or stream whose schema was read.
type ipcTable struct {
	file    *File
	stream  bool
	columns []string
	typed   []arrow.Field // without metadata
	refuse  []error       // of columns that cannot be read
}

func (p *ipcTable) names() []string { return p.columns }

func (p *ipcTable) fields() []arrow.Field { return readable(p.typed, p.refuse) }

func (p *ipcTable) unreadable() []error { return p.refuse }

// readable leaves out the types of columns that cannot be read.
func readable(fields []arrow.Field, refuse []error) []arrow.Field {
	fields = slices.Clone(fields)
	for i, err := range refuse {
		if err != nil {
			fields[i].Type = nil
		}
	}
	return fields
}

func (p *ipcTable) agree(column string, dt arrow.DataType) error {
	i := slices.Index(p.columns, column)
	if p.refuse[i] == nil && !sameType(p.typed[i].Type, dt) {
		return fmt.Errorf("column %q is of type %s, but %s in another file; write them alike",
			column, p.typed[i].Type, dt)
	}
	return nil
}

// ipcSource reads the records of a file one after another.
type ipcSource interface {
	schema() *arrow.Schema
	// next returns a record the caller releases, or io.EOF.
	next() (arrow.Record, error)
	close()
}

func openIPC(t *File, f *content) (_ table, err error) {
	defer recovered(&err)
	p := &ipcTable{file: t}
	head := make([]byte, len(ipcMagic))
	if n, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	} else if n == 0 {
		return nil, errors.New("the file is empty")
	}
	p.stream = string(head) != ipcMagic
	src, err := p.source(f)
	if err != nil {
		return nil, err
	}
	defer src.close()
	for _, field := range src.schema().Fields() {
		p.columns = append(p.columns, field.Name)
		p.typed = append(p.typed,
			arrow.Field{Name: field.Name, Type: field.Type, Nullable: field.Nullable})
		_, refuse := newGather(field)
		if _, nested := field.Type.(arrow.NestedType); nested {
			refuse = fmt.Errorf("column %q is nested, which is not supported", field.Name)
		}
		p.refuse = append(p.refuse, refuse)
	}
	if err := distinct(p.columns); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *ipcTable) source(f *content) (_ ipcSource, err error) {
	defer recovered(&err)
	alloc := newBudget(recordBudget(p.file.size))
	if p.stream {
		m := &messages{
			r:    bufio.NewReaderSize(io.NewSectionReader(f, 0, p.file.size), 1<<16),
			left: p.file.size, alloc: alloc, refs: 1,
		}
		r, err := ipc.NewReaderFromMessageReader(m, ipc.WithAllocator(alloc))
		if err != nil {
			return nil, asDamage(plainIPC(err))
		}
		return &ipcStream{r: r, messages: m, alloc: alloc}, nil
	}
	if err := checkFooter(f, p.file.size); err != nil {
		return nil, asDamage(err)
	}
	r, err := ipc.NewFileReader(io.NewSectionReader(f, 0, p.file.size), ipc.WithAllocator(alloc))
	if err != nil {
		return nil, asDamage(plainIPC(err))
	}
	return &ipcFile{r: r, alloc: alloc}, nil
}

// checkFooter looks at the footer of a file before the library does.
func checkFooter(f *content, size int64) error {
	const tail = 4 + len(ipcMagic)
	if size < int64(2*len(ipcMagic)+tail) {
		return errCut
	}
	var end [tail]byte
	if _, err := f.ReadAt(end[:], size-int64(tail)); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(end[:4]))
	if string(end[4:]) != ipcMagic || n > size-int64(tail+len(ipcMagic)) {
		return errCut
	}
	footer := make([]byte, n)
	if _, err := f.ReadAt(footer, size-int64(tail)-n); err != nil {
		return err
	}
	return verifyFooter(footer)
}

// plainIPC replaces an error of the library. Where it caught a panic, its text
// might quote anything.
func plainIPC(err error) error {
	var failed *unreadable
	if errors.As(err, &failed) {
		return failed
	}
	for _, known := range []error{errCut, errBudget, errSchema} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errors.New("its messages cannot be decoded")
}

// recordBudget bounds what the decoding of one record of a file may allocate.
// Without compression a record is no larger than the file; LZ4 makes at most
// 255 bytes of one, Zstandard more, but hardly of a large file.
func recordBudget(size int64) int64 {
	const floor, ratio, most = 128 << 20, 256, 4 << 30
	return min(floor+ratio*min(size, most), most)
}

var errBudget = errors.New("a record claims more bytes than the file can hold")

// budget is an allocator that gives up above a limit. The library allocates by
// the lengths a file states before it looks whether they can be true.
type budget struct {
	memory.Allocator
	whole, left int64
}

func newBudget(whole int64) *budget {
	return &budget{Allocator: memory.DefaultAllocator, whole: whole, left: whole}
}

// refill begins another record.
func (b *budget) refill() { b.left = b.whole }

func (b *budget) Allocate(size int) []byte {
	if b.left -= int64(size); size < 0 || b.left < 0 {
		panic(errBudget)
	}
	return b.Allocator.Allocate(size)
}

func (b *budget) Reallocate(size int, old []byte) []byte {
	if b.left -= int64(size); size < 0 || b.left < 0 {
		panic(errBudget)
	}
	return b.Allocator.Reallocate(size, old)
}

// ipcFile reads the file format by its footer.
type ipcFile struct {
	r     *ipc.FileReader
	alloc *budget
	at    int
}

func (s *ipcFile) schema() *arrow.Schema { return s.r.Schema() }

func (s *ipcFile) next() (_ arrow.Record, err error) {
	defer recovered(&err)
	if s.at >= s.r.NumRecords() {
		return nil, io.EOF
	}
	s.alloc.refill()
	rec, err := s.r.RecordAt(s.at)
	if err != nil {
		return nil, asDamage(fmt.Errorf("record %d: %w", s.at, plainIPC(err)))
	}
	s.at++
	return rec, nil
}

func (s *ipcFile) close() { s.r.Close() }

// ipcStream reads the stream format.
type ipcStream struct {
	r        *ipc.Reader
	messages *messages
	alloc    *budget
	at       int
}

func (s *ipcStream) schema() *arrow.Schema { return s.r.Schema() }

func (s *ipcStream) next() (_ arrow.Record, err error) {
	defer recovered(&err)
	s.alloc.refill()
	if s.r.Next() {
		s.at++
		rec := s.r.Record()
		rec.Retain()
		return rec, nil
	}
	if err := s.r.Err(); err != nil {
		return nil, asDamage(fmt.Errorf("record %d: %w", s.at, plainIPC(err)))
	}
	if !s.messages.ended {
		return nil, &damaged{errCut}
	}
	return nil, io.EOF
}

func (s *ipcStream) close() { s.r.Release() }

var errCut = errors.New("it is cut short: its end is missing")

// cutShort leaves errors of reading as they are.
func cutShort(err error) error {
	var failed *unreadable
	if errors.As(err, &failed) {
		return err
	}
	return errCut
}

// messages takes a stream apart into messages. It differs from the library's
// in that a length is checked against the bytes that are left, and that the
// stream must say where it ends, so that a file cut between two messages is
// not taken for a whole one.
type messages struct {
	r     *bufio.Reader
	left  int64
	alloc memory.Allocator
	refs  int
	ended bool
	msg   *ipc.Message
}

func (m *messages) Retain() { m.refs++ }

func (m *messages) Release() {
	if m.refs--; m.refs == 0 && m.msg != nil {
		m.msg.Release()
		m.msg = nil
	}
}

func (m *messages) word() (uint32, error) {
	var b [4]byte
	if _, err := io.ReadFull(m.r, b[:]); err != nil {
		return 0, cutShort(err)
	}
	m.left -= 4
	return binary.LittleEndian.Uint32(b[:]), nil
}

func (m *messages) bytes(n int64) ([]byte, error) {
	if n < 0 || n > m.left {
		return nil, errCut
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(m.r, b); err != nil {
		return nil, cutShort(err)
	}
	m.left -= n
	return b, nil
}

// Message returns the next message, or io.EOF behind the mark of the end.
func (m *messages) Message() (*ipc.Message, error) {
	if m.ended {
		return nil, io.EOF
	}
	size, err := m.word()
	if err == nil && size == 0xffffffff {
		size, err = m.word()
	}
	if err != nil {
		return nil, err
	}
	if size == 0 {
		m.ended = true
		return nil, io.EOF
	}
	meta, err := m.bytes(int64(size))
	if err != nil {
		return nil, err
	}
	if err := verifyMessage(meta); err != nil {
		return nil, err
	}
	head := ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(nil))
	defer head.Release()
	body, err := m.bytes(head.BodyLen())
	if err != nil {
		return nil, err
	}
	if m.msg != nil {
		m.msg.Release()
	}
	m.msg = ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(body))
	return m.msg, nil
}

func (p *ipcTable) open(
	ctx context.Context, f *content, columns []string,
) (array.RecordReader, error) {
	r, err := p.start(ctx, f, columns)
	if err != nil {
		f.Close()
	}
	return r, err
}

func (p *ipcTable) start(
	ctx context.Context, f *content, columns []string,
) (array.RecordReader, error) {
	picked, err := pick(p.columns, columns)
	if err != nil {
		return nil, err
	}
	if err := refused(p.refuse, picked); err != nil {
		return nil, err
	}
	fields := make([]arrow.Field, len(picked))
	for k, i := range picked {
		fields[k] = p.typed[i]
	}
	src, err := p.source(f)
	if err != nil {
		return nil, err
	}
	pass := &ipcPass{
		table: p, src: src, f: f, picked: picked, schema: arrow.NewSchema(fields, nil),
	}
	return newStream(ctx, pass.schema, pass), nil
}

// ipcPass cuts the records of a file to the size asked for.
type ipcPass struct {
	table  *ipcTable
	src    ipcSource
	f      *content
	picked []int
	schema *arrow.Schema

	rec arrow.Record // being cut, projected and checked
	at  int64
}

func (p *ipcPass) next() (arrow.Record, error) {
	for p.rec == nil || p.at == p.rec.NumRows() {
		p.drop()
		if err := p.load(); err != nil {
			return nil, err
		}
	}
	n := min(int64(p.table.file.opts.BatchRows), p.rec.NumRows()-p.at)
	cut := p.rec.NewSlice(p.at, p.at+n)
	p.at += n
	return cut, nil
}

// load reads the next record of the file.
func (p *ipcPass) load() error {
	rec, err := p.src.next()
	if err == io.EOF {
		if err := p.table.file.unchanged(p.f); err != nil {
			return err
		}
		return io.EOF
	}
	if err != nil {
		return p.table.file.wrap(err)
	}
	defer rec.Release()
	for _, i := range p.picked {
		if err := guardedCheck(rec.Column(i), rec.NumRows()); err != nil {
			return p.table.file.wrap(&damaged{fmt.Errorf("column %q: %w", p.table.columns[i], err)})
		}
	}
	p.rec, p.at = projectRecord(p.schema, rec, p.picked), 0
	return nil
}

func (p *ipcPass) drop() {
	if p.rec != nil {
		p.rec.Release()
		p.rec = nil
	}
}

func (p *ipcPass) stop() {
	p.drop()
	p.src.close()
	p.f.Close()
}
