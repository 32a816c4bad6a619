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
	"github.com/lethe-go/lethe/internal/take"
)

// RandomizedResponse keeps a value with probability e^ε/(e^ε + k - 1), k the
// number of categories, and replaces it by one of the others, each equally
// likely, otherwise (Warner 1965, Randomized response, JASA 60(309); Kairouz,
// Bonawitz and Ramage 2016, Discrete distribution estimation under local
// privacy, ICML). It takes columns of text, booleans and integers, which keep
// their type, and dictionaries of them, whose indices become int32 and whose
// entries the categories. There are no nulls afterwards. The zero value is
// refused.
type RandomizedResponse struct {
	Epsilon float64 `yaml:"epsilon" json:"epsilon"`
	// Categories are all values that the column may have. They are public and
	// must not be read off the data.
	Categories []string `yaml:"categories" json:"categories"`
	// Other is the category that stands for nulls and for values that are none
	// of the categories. Without it such a row is an error.
	Other string `yaml:"other" json:"other,omitempty"`
}

// String names the method and its parameters, without the categories.
func (m RandomizedResponse) String() string {
	return fmt.Sprintf("randomized response among %d categories, epsilon %v",
		len(m.Categories), m.Epsilon)
}

// Validate says what is wrong with the parameters, all at once.
func (m RandomizedResponse) Validate() error { return under(m.mistakes()) }

func (m RandomizedResponse) mistakes() []error {
	return of("randomized response",
		append(checkEpsilon(m.Epsilon), checkCategories(m.Categories, m.Other)...))
}

func (m RandomizedResponse) loss() float64 { return m.Epsilon }

func (m RandomizedResponse) outType(in arrow.DataType) (arrow.DataType, error) {
	value, err := valueType(in)
	if err != nil {
		return nil, err
	}
	if _, ok := in.(*arrow.DictionaryType); ok {
		return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: value}, nil
	}
	return value, nil
}

func (m RandomizedResponse) bind(in arrow.DataType) (kernel, error) {
	out, err := m.outType(in)
	if err != nil {
		return nil, err
	}
	domain, err := newDomain(in, slices.Clone(m.Categories), m.Other)
	if err != nil {
		return nil, err
	}
	response := exact.NewResponse(uint64(len(m.Categories)), decimal.Of(m.Epsilon))
	return func(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
		codes, err := domain.codes(a)
		if err != nil {
			return nil, err
		}
		exact.Respond(response, entropy.New(), codes)
		if out.ID() != arrow.DICTIONARY {
			return take.Rows(mem, domain.values, codes)
		}
		buf := memory.NewResizableBuffer(mem)
		defer buf.Release()
		buf.Resize(4 * len(codes))
		copy(arrow.Int32Traits.CastFromBytes(buf.Bytes()), codes)
		data := array.NewDataWithDictionary(out, len(codes), []*memory.Buffer{nil, buf}, 0, 0,
			domain.values.Data().(*array.Data))
		defer data.Release()
		return array.NewDictionaryData(data), nil
	}, nil
}

// Frequencies estimates how the true values are distributed, from columns that
// were randomized by m, one batch each, in the order of Categories. alpha, in
// (0, 1), is the probability with which an interval misses the truth.
//
// With p the probability of a true answer and q that of another one, the share
// c/n of rows that show a category is p·f + q·(1-f) in expectation, f its true
// share, so that (c/n - q)/(p - q) estimates f without bias (ibid.). It may lie
// below 0 or above 1; cutting it off there would be a bias.
func (m RandomizedResponse) Frequencies(alpha float64, columns ...arrow.Array) ([]Frequency, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	counts, rows := make([]int64, len(m.Categories)), int64(0)
	for _, a := range columns {
		domain, err := newDomain(a.DataType(), m.Categories, "")
		if err != nil {
			return nil, fmt.Errorf("local: randomized response: %w", err)
		}
		codes, err := domain.codes(a)
		if err != nil {
			return nil, fmt.Errorf("local: randomized response: the column was not randomized so: %w",
				err)
		}
		for _, c := range codes {
			counts[c]++
		}
		rows += int64(len(codes))
	}
	others := float64(len(m.Categories)-1) * math.Exp(-m.Epsilon)
	p, q := 1/(1+others), math.Exp(-m.Epsilon)/(1+others)
	return frequencies(m.Categories, counts, rows, p, q, alpha)
}
