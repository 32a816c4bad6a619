package propose

import (
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/kanon"
)

// dates proposes calendar periods by the time between the first and the last
// percent of the rows.
func (v *values) dates(p *Proposal) {
	domain := v.coder.Array(memory.DefaultAllocator,
		[]uint32{v.codes[v.quantile(.01)], v.codes[v.quantile(.99)]})
	defer domain.Release()
	var first, last time.Time
	switch a := domain.(type) {
	case *array.Date32:
		first, last = a.Value(0).ToTime(), a.Value(1).ToTime()
	case *array.Date64:
		first, last = a.Value(0).ToTime(), a.Value(1).ToTime()
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		first, last = a.Value(0).ToTime(unit), a.Value(1).ToTime(unit)
	}
	var h kanon.Dates
	switch years := last.Sub(first).Hours() / 24 / 365.25; {
	case years < .5:
		h.Periods = []string{"week"}
	case years < 2:
		h.Periods = []string{"month", "quarter", "half-year"}
	case years < 15:
		h.Periods = []string{"month", "quarter", "year"}
	default:
		h.Periods = []string{"month", "year", "5-years", "decade"}
	}
	if v.coder.Type().Kind == column.Timestamp {
		h.Periods = append([]string{"day"}, h.Periods...)
	}
	all := v.coder.Array(memory.DefaultAllocator, v.codes)
	defer all.Release()
	if _, err := h.Generalize(all, 1); err != nil {
		p.because("some dates lie outside of the years that calendars name")
		return
	}
	p.Hierarchy = h
	p.because("%d distinct dates, of which nearly all lie within %.0f days: %v",
		p.Distinct, last.Sub(first).Hours()/24, h.Periods)
}
