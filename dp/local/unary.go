package local

import (
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/decimal"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
)

// UnaryEncoding turns a column of categories into one of lists of booleans, of
// fixed size, or of text, with an answer for each category: that of the true
// value is true with probability ½, every other with probability 1/(e^ε + 1)
// (optimized unary encoding; Wang, Blocki, Li and Jha 2017, Locally
// differentially private protocols for frequency estimation, USENIX Security,
// section 4.2). From about 3·e^ε + 2 categories on its estimates are better than
// those of a RandomizedResponse, and their error does not grow with the
// categories. There are no nulls afterwards. The zero value is refused.
type UnaryEncoding struct {
	Epsilon float64 `yaml:"epsilon" json:"epsilon"`
	// Categories and Other are those of RandomizedResponse.
	Categories []string `yaml:"categories" json:"categories"`
	Other      string   `yaml:"other" json:"other,omitempty"`
	// Text asks for text in place of lists, for files of flat columns: of a 0 or a 1
	// for each category, in their order.
	Text bool `yaml:"text" json:"text,omitempty"`
}

// String names the method and its parameters, without the categories.
func (m UnaryEncoding) String() string {
	return fmt.Sprintf("unary encoding of %d categories, epsilon %v", len(m.Categories), m.Epsilon)
}

// Validate says what is wrong with the parameters, all at once.
func (m UnaryEncoding) Validate() error { return under(m.mistakes()) }

func (m UnaryEncoding) mistakes() []error {
	return of("unary encoding",
		append(checkEpsilon(m.Epsilon), checkCategories(m.Categories, m.Other)...))
}

func (m UnaryEncoding) loss() float64 { return m.Epsilon }

func (m UnaryEncoding) outType(in arrow.DataType) (arrow.DataType, error) {
	if _, err := valueType(in); err != nil {
		return nil, err
	}
	if m.Text {
		return arrow.BinaryTypes.String, nil
	}
	k := int32(len(m.Categories))
	return arrow.FixedSizeListOfNonNullable(k, arrow.FixedWidthTypes.Boolean), nil
}

func (m UnaryEncoding) bind(in arrow.DataType) (kernel, error) {
	out, err := m.outType(in)
	if err != nil {
		return nil, err
	}
	domain, err := newDomain(in, slices.Clone(m.Categories), m.Other)
	if err != nil {
		return nil, err
	}
	k := len(m.Categories)
	unary := exact.NewUnary(k, decimal.Of(m.Epsilon))
	return func(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
		codes, err := domain.codes(a)
		if err != nil {
			return nil, err
		}
		if int64(len(codes))*int64(k) > math.MaxInt32 {
			return nil, fmt.Errorf("%d rows of %d answers are too many for one batch; "+
				"want smaller batches", len(codes), k)
		}
		buf := memory.NewResizableBuffer(mem)
		defer buf.Release()
		buf.Resize((k*len(codes) + 7) / 8)
		unary.Answer(entropy.New(), codes, buf.Bytes())
		if m.Text {
			return digits(mem, buf.Bytes(), len(codes), k), nil
		}
		bits := array.NewData(arrow.FixedWidthTypes.Boolean, k*len(codes),
			[]*memory.Buffer{nil, buf}, nil, 0, 0)
		defer bits.Release()
		data := array.NewData(out, len(codes), []*memory.Buffer{nil},
			[]arrow.ArrayData{bits}, 0, 0)
		defer data.Release()
		return array.NewFixedSizeListData(data), nil
	}, nil
}

// digits writes bits as text, k of them a row.
func digits(mem memory.Allocator, bits []byte, rows, k int) arrow.Array {
	offsets, text := memory.NewResizableBuffer(mem), memory.NewResizableBuffer(mem)
	defer offsets.Release()
	defer text.Release()
	offsets.Resize(4 * (rows + 1))
	starts := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	for i := range starts {
		starts[i] = int32(i * k)
	}
	text.Resize(rows * k)
	out := text.Bytes()
	for i := range out {
		out[i] = '0' + bits[i/8]>>(i%8)&1
	}
	data := array.NewData(arrow.BinaryTypes.String, rows,
		[]*memory.Buffer{nil, offsets, text}, nil, 0, 0)
	defer data.Release()
	return array.NewStringData(data)
}

// Frequencies estimates how the true values are distributed, from columns that
// were randomized by m, as RandomizedResponse.Frequencies does. Here p = ½ and
// q = 1/(e^ε + 1).
func (m UnaryEncoding) Frequencies(alpha float64, columns ...arrow.Array) ([]Frequency, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	counts, rows := make([]int64, len(m.Categories)), int64(0)
	for _, a := range columns {
		count := countLists
		if _, text := a.(*array.String); text {
			count = countDigits
		}
		if a.NullN() > 0 || !count(a, counts) {
			return nil, fmt.Errorf("local: unary encoding: the column is %s, want lists of %d booleans "+
				"or text of as many digits 0 and 1, without nulls", a.DataType(), len(counts))
		}
		rows += int64(a.Len())
	}
	return frequencies(m.Categories, counts, rows, 0.5, 1/(math.Exp(m.Epsilon)+1), alpha)
}

// countLists counts the answers that are true, and says whether these are lists of
// one for each of the counts.
func countLists(a arrow.Array, counts []int64) bool {
	list, ok := a.(*array.FixedSizeList)
	if !ok || list.DataType().(*arrow.FixedSizeListType).Len() != int32(len(counts)) {
		return false
	}
	bits, ok := list.ListValues().(*array.Boolean)
	if !ok || bits.NullN() > 0 {
		return false
	}
	for i := range list.Len() {
		from, _ := list.ValueOffsets(i)
		for j := range counts {
			if bits.Value(int(from) + j) {
				counts[j]++
			}
		}
	}
	return true
}

// countDigits is countLists for text.
func countDigits(a arrow.Array, counts []int64) bool {
	texts := a.(*array.String)
	for i := range texts.Len() {
		digits := texts.Value(i)
		if len(digits) != len(counts) {
			return false
		}
		for j := range counts {
			switch digits[j] {
			case '1':
				counts[j]++
			case '0':
			default:
				return false
			}
		}
	}
	return true
}
