package kanon

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// labelArray makes a column of labels: the dictionary of those that occur, in
// the order of the plan, and the place in it of each row that is kept or
// starred.
func (c *planColumn) labelArray(
	mem memory.Allocator, s *transformScratch, labels []uint32, star bool,
) arrow.Array {
	// By label, behind them that of starred rows, and where null has a label of
	// its own, that.
	starAt, size := len(c.Labels), max(c.labels(), len(c.Labels))+1
	if i := slices.Index(c.Labels, Top); i >= 0 {
		starAt = i
	} else if c.nullLabel() {
		starAt++
	}
	used, nulls := make([]bool, size), 0
	switch {
	case s.suppressed == 0:
		for _, label := range labels {
			used[label] = true
		}
	case star:
		for k, label := range labels {
			if !s.keep[k] {
				label = uint32(starAt)
				labels[k] = label
			}
			used[label] = true
		}
	default:
		for k, row := range s.rows { // not before it
			label := labels[row]
			labels[k] = label
			used[label] = true
		}
		labels = labels[:len(s.rows)]
	}
	values := array.NewStringBuilder(mem)
	defer values.Release()
	place := make([]int32, size)
	for i, u := range used {
		switch {
		case !u || uint32(i) == c.null:
		case i < len(c.Labels):
			place[i] = int32(values.Len())
			values.Append(c.Labels[i])
		default:
			place[i] = int32(values.Len())
			values.Append(Top)
		}
	}
	index := memory.NewResizableBuffer(mem)
	defer index.Release()
	index.Resize(len(labels) * arrow.Int32SizeBytes)
	to := arrow.Int32Traits.CastFromBytes(index.Bytes())
	for k, label := range labels {
		to[k] = place[label]
	}
	var valid *memory.Buffer
	if c.nullLabel() && used[c.null] {
		valid = memory.NewResizableBuffer(mem)
		defer valid.Release()
		valid.Resize(int(bitutil.BytesForBits(int64(len(labels)))))
		clear(valid.Bytes())
		for k, label := range labels {
			if label == c.null {
				nulls++
			} else {
				bitutil.SetBit(valid.Bytes(), k)
			}
		}
	}
	dict := values.NewArray()
	defer dict.Release()
	data := array.NewDataWithDictionary(labelType, len(labels), []*memory.Buffer{valid, index},
		nulls, 0, dict.Data().(*array.Data))
	defer data.Release()
	return array.MakeFromData(data)
}
