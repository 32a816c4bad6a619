package tableio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/anonymize"
)

// Files are files that are one table together, the rows of one behind those of
// the other. They satisfy anonymize.Source and anonymize.Digester and are safe
// for concurrent use.
type Files struct {
	files []*File

	mu     sync.Mutex
	fields []arrow.Field // of all files; nil until they were compared
}

var (
	_ anonymize.Source   = (*Files)(nil)
	_ anonymize.Digester = (*Files)(nil)
	_ anonymize.Lister   = (*Files)(nil)
)

// OpenFiles looks at the files that the paths name, see Expand, and returns the
// table that they are together. All have the columns of the first, in any
// order and of the same types, but for what a format leaves open: text comes as
// a dictionary only if it does so from every file, a column is nullable if it
// is in one of them, and the type of a CSV column is one that fits the rows of
// all. Anything else is an error that names the file and the column, here or,
// where types have to be found by reading text, with the first pass.
//
// Each file must stay as it is, as for Open. At most one is open at a time.
func OpenFiles(paths []string, opts *Options) (*Files, error) {
	expanded, err := Expand(paths, opts)
	if err != nil {
		return nil, err
	}
	s := &Files{}
	for i, name := range shortNames(expanded) {
		f, err := openFile(expanded[i], name, opts, nil)
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, f)
	}
	if err := s.sameNames(); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(s.files, (*File).guesses) {
		return s, s.compare()
	}
	return s, nil
}

// shortNames are what errors call files: their names, with their folders where
// two have one name.
func shortNames(paths []string) []string {
	times := map[string]int{}
	for _, path := range paths {
		times[filepath.Base(path)]++
	}
	names := make([]string, len(paths))
	for i, path := range paths {
		if names[i] = filepath.Base(path); times[names[i]] > 1 {
			names[i] = filepath.ToSlash(filepath.Clean(path))
		}
	}
	return names
}

// guesses says whether types are found by reading.
func (t *File) guesses() bool {
	_, text := t.table.(*csvTable)
	return text
}

func (s *Files) sameNames() error {
	first := s.files[0]
	want := first.table.names()
	for _, f := range s.files[1:] {
		got := f.table.names()
		for _, name := range want {
			if !slices.Contains(got, name) {
				return fmt.Errorf("tableio: %s: there is no column %q, which %s has",
					f.name, name, first.name)
			}
		}
		for _, name := range got {
			if !slices.Contains(want, name) {
				return fmt.Errorf("tableio: %s: column %q is not in %s", f.name, name, first.name)
			}
		}
	}
	return nil
}

// settle finds the types of text and compares the files, once.
func (s *Files) settle(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fields != nil {
		return nil
	}
	if err := s.guess(ctx); err != nil {
		return err
	}
	return s.compare()
}

// guess gives each column one type in all files of text.
func (s *Files) guess(ctx context.Context) error {
	merged := map[string]guess{}
	for _, f := range s.files {
		t, text := f.table.(*csvTable)
		if !text {
			continue
		}
		guesses, err := t.guessesOf(ctx)
		if err != nil {
			return f.wrap(err)
		}
		for i, name := range t.columns {
			if before, ok := merged[name]; ok {
				guesses[i] = guesses[i].merge(before)
			}
			merged[name] = guesses[i]
		}
	}
	for _, f := range s.files {
		if t, text := f.table.(*csvTable); text {
			t.setTypes(merged)
		}
	}
	return nil
}

// compare makes the fields of the table and sees to it that every file has
// them.
func (s *Files) compare() error {
	first := s.files[0]
	fields := first.table.fields()
	for _, f := range s.files[1:] {
		others := f.table.fields()
		for i := range fields {
			name := first.table.names()[i]
			other := others[slices.Index(f.table.names(), name)]
			if other.Type == nil && fields[i].Type == nil { // refused in both
				continue
			}
			if other.Type == nil || fields[i].Type == nil ||
				!sameType(valuesOf(other.Type), valuesOf(fields[i].Type)) {
				return fmt.Errorf("tableio: %s: column %q is of type %s, but %s in %s", f.name, name,
					described(other.Type), described(fields[i].Type), first.name)
			}
			fields[i].Nullable = fields[i].Nullable || other.Nullable
			if !sameType(other.Type, fields[i].Type) {
				fields[i].Type = valuesOf(fields[i].Type)
			}
		}
	}
	for _, f := range s.files {
		for i, name := range first.table.names() {
			if err := f.table.agree(name, fields[i].Type); err != nil {
				return f.wrap(err)
			}
		}
	}
	s.fields = fields
	return nil
}

func described(dt arrow.DataType) string {
	if dt == nil {
		return "a kind that is not supported"
	}
	return dt.String()
}

// valuesOf is the type of a column without regard to dictionaries.
func valuesOf(dt arrow.DataType) arrow.DataType {
	if d, ok := dt.(*arrow.DictionaryType); ok {
		return d.ValueType
	}
	return dt
}

// Open starts a pass over the named columns in that order, or over all of them
// without names: those of the first file. Rows come file by file.
func (s *Files) Open(ctx context.Context, columns ...string) (array.RecordReader, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	first := s.files[0]
	if len(s.files) == 1 {
		return first.Open(ctx, columns...)
	}
	if err := once(columns); err != nil {
		return nil, first.wrap(err)
	}
	names := first.table.names()
	picked, err := pick(names, columns)
	if err != nil {
		return nil, first.wrap(err)
	}
	p := &filesPass{files: s.files, ctx: ctx}
	fields := make([]arrow.Field, len(picked))
	for k, i := range picked {
		fields[k] = s.fields[i]
		p.columns = append(p.columns, names[i])
	}
	p.schema = arrow.NewSchema(fields, nil)
	if err := p.begin(); err != nil { // so that what cannot be read shows here
		return nil, err
	}
	return newStream(ctx, p.schema, p), nil
}

// Columns are the names of the columns, as of the first file. Of those that
// cannot be read unreadable says why; they are the same in all files.
func (s *Files) Columns() (names []string, unreadable map[string]error) {
	return s.files[0].Columns()
}

// Remarks are those of the CSV files, see File.Remarks: the same of all.
func (s *Files) Remarks() map[string]string {
	for _, f := range s.files {
		if f.guesses() {
			return f.Remarks()
		}
	}
	return nil
}

// SHA256 is the hash of the one file or, of several, the hash of their hashes
// in order, each in lower-case hexadecimal with a line feed behind it.
func (s *Files) SHA256() (string, error) {
	if len(s.files) == 1 {
		return s.files[0].SHA256()
	}
	h := sha256.New()
	for _, f := range s.files {
		sum, err := f.SHA256()
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, sum)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// filesPass reads file by file.
type filesPass struct {
	files   []*File
	ctx     context.Context
	columns []string
	schema  *arrow.Schema

	at int                // files begun
	r  array.RecordReader // of the last of them; nil between two
}

func (p *filesPass) begin() error {
	r, err := p.files[p.at].Open(p.ctx, p.columns...)
	if err != nil {
		return err
	}
	p.at++
	p.r = r
	return nil
}

func (p *filesPass) next() (arrow.Record, error) {
	for {
		if p.r == nil {
			if p.at == len(p.files) {
				return nil, io.EOF
			}
			if err := p.begin(); err != nil {
				return nil, err
			}
		}
		if p.r.Next() {
			rec := p.r.Record()
			return array.NewRecord(p.schema, rec.Columns(), rec.NumRows()), nil
		}
		err := p.r.Err()
		p.stop()
		if err != nil {
			return nil, err
		}
	}
}

func (p *filesPass) stop() {
	if p.r != nil {
		p.r.Release()
		p.r = nil
	}
}
