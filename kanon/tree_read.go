package kanon

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// maxTreeMistakes bounds the mistakes listed of one tree.
const maxTreeMistakes = 10

// ReadTree reads a hierarchy from text, one leaf a line with its labels from
// level 1 upward, as in
//
//	Bachelors;Undergraduate;Higher education;*
//
// The delimiter is a semicolon, or a tab or comma where the first line has no
// semicolon (no tab) outside of quotes. Fields may be quoted as in CSV. Empty
// lines and a byte order mark are skipped; spaces count. What NewTree refuses
// is refused with the numbers of the lines, all mistakes at once up to ten.
func ReadTree(r io.Reader) (*Tree, error) {
	t, err := readTree(r)
	if err != nil {
		return nil, fmt.Errorf("kanon: tree: %w", err)
	}
	return t, nil
}

// ReadTreeFile is ReadTree of a file. The error names the file.
func ReadTreeFile(path string) (*Tree, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("kanon: tree: %w", err)
	}
	defer f.Close()
	t, err := readTree(f)
	if err != nil {
		return nil, fmt.Errorf("kanon: tree %s: %w", path, err)
	}
	return t, nil
}

func readTree(r io.Reader) (*Tree, error) {
	in := bufio.NewReader(r)
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		in.Discard(3)
	}
	comma, head, err := delimiter(in)
	if err != nil {
		return nil, err
	}
	records := csv.NewReader(io.MultiReader(bytes.NewReader(head), in))
	records.Comma = comma
	records.FieldsPerRecord = -1 // newTree reports every ragged line
	var rows [][]string
	var lines []int
	for {
		row, err := records.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := records.FieldPos(0)
		rows, lines = append(rows, row), append(lines, line)
	}
	return newTree(rows, func(row int) string { return fmt.Sprintf("line %d", lines[row]) })
}

// delimiter finds the separator of fields in the first line that is not empty.
// It returns what it has read.
func delimiter(in *bufio.Reader) (rune, []byte, error) {
	var head []byte
	for {
		line, err := in.ReadBytes('\n')
		head = append(head, line...)
		if err != nil && err != io.EOF {
			return 0, nil, err
		}
		if text := strings.TrimRight(string(line), "\r\n"); text != "" {
			quoted := false
			bare := strings.Map(func(c rune) rune {
				if c == '"' {
					quoted = !quoted
				}
				if quoted {
					return -1
				}
				return c
			}, text)
			for _, comma := range ";\t," {
				if strings.ContainsRune(bare, comma) {
					return comma, head, nil
				}
			}
			return 0, nil, errors.New(
				"the first line has no semicolon, tab or comma; want leaf;level 1;…;* a line")
		}
		if err == io.EOF {
			return 0, nil, errors.New("empty")
		}
	}
}

// newTree builds a tree from rows; place names a row in an error.
func newTree(rows [][]string, place func(row int) string) (*Tree, error) {
	if len(rows) == 0 {
		return nil, errors.New("empty")
	}
	if len(rows) > math.MaxInt32 {
		return nil, fmt.Errorf("%d leaves, want at most %d", len(rows), math.MaxInt32)
	}
	m := mistakes{place: place}
	width := len(rows[0])
	if width < 2 {
		m.add(0, "no level above the leaf")
	}
	for i, row := range rows {
		if len(row) != width {
			m.add(i, "%d fields, want %d as on %s", len(row), width, place(0))
		}
	}
	if err := m.err(); err != nil {
		return nil, err // the checks below compare columns
	}

	t := &Tree{leaf: make(map[string]int32, len(rows))}
	for i, row := range rows {
		if first, ok := t.leaf[row[0]]; ok {
			m.add(i, "the leaf of %s again", place(int(first)))
			continue
		}
		t.leaf[strings.Clone(row[0])] = int32(i)
	}
	height := width - 1 // levels that keep their labels
	if constant(rows, height) {
		height--
	}
	for level := 0; level <= height; level++ {
		for i, row := range rows {
			switch {
			case row[level] == Top:
				m.add(i, "%q in field %d, want it only as the last of every line", Top, level+1)
			case level > 0 && row[level] == "":
				m.add(i, "field %d is empty", level+1)
			}
		}
	}
	for level := 1; level <= height; level++ {
		t.levels = append(t.levels, newTreeLevel(rows, level, level < height, &m))
	}
	if err := m.err(); err != nil {
		return nil, err
	}
	return t, nil
}

// newTreeLevel codes one column of the rows. Where the next column is a level
// too, each label must stand under one label of it.
func newTreeLevel(rows [][]string, column int, nests bool, m *mistakes) treeLevel {
	l := treeLevel{label: make([]int32, len(rows))}
	code := map[string]int32{}
	var first []int // row of a label's first occurrence
	for i, row := range rows {
		c, ok := code[row[column]]
		if !ok {
			c = int32(len(l.labels))
			label := strings.Clone(row[column])
			code[label] = c
			l.labels = append(l.labels, label)
			l.leaves = append(l.leaves, 0)
			first = append(first, i)
		}
		l.label[i] = c
		l.leaves[c]++
		if nests && row[column+1] != rows[first[c]][column+1] {
			m.add(i, "field %d is the same as on %s, but field %d above it is not",
				column+1, m.place(first[c]), column+2)
		}
	}
	return l
}

// constant says whether a column holds one label throughout.
func constant(rows [][]string, column int) bool {
	for _, row := range rows {
		if row[column] != rows[0][column] {
			return false
		}
	}
	return true
}

// mistakes collects what is wrong with rows, up to a number.
type mistakes struct {
	place func(row int) string
	list  []mistake
	more  int
}

type mistake struct {
	row int
	err error
}

func (m *mistakes) add(row int, format string, args ...any) {
	if len(m.list) == maxTreeMistakes {
		m.more++
		return
	}
	m.list = append(m.list, mistake{row, fmt.Errorf(m.place(row)+": "+format, args...)})
}

// err is nil without mistakes, and else all of them in the order of the rows.
func (m *mistakes) err() error {
	slices.SortStableFunc(m.list, func(a, b mistake) int { return a.row - b.row })
	var errs []error
	for _, mistake := range m.list {
		errs = append(errs, mistake.err)
	}
	if m.more > 0 {
		errs = append(errs, fmt.Errorf("and %d mistakes more", m.more))
	}
	return errors.Join(errs...)
}
