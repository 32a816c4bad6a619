package risk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/tuple"
)

// TableSample measures a table that is a sample of the given population: what a
// journalist finds who has the population with the same quasi-identifiers. The
// two tables have the columns of these names in the same types; the physical
// encoding may differ. Threshold is that of Measure. It does not release the
// readers. Refused is a table with a class of more records than the population
// has of it, since it is no sample.
func TableSample(
	ctx context.Context, r, population array.RecordReader, quasi []string, threshold float64,
) (Risk, error) {
	if _, err := Measure(nil, threshold); err != nil { // before the tables are read
		return Risk{}, err
	}
	classes, err := sampleCounts(ctx, r, population, quasi)
	if err != nil {
		return Risk{}, err
	}
	return MeasureSample(classes, threshold)
}

// sampleCounts counts the classes of a table by their sizes there and in the
// population, in ascending order.
func sampleCounts(
	ctx context.Context, r, population array.RecordReader, quasi []string,
) ([]SampleCount, error) {
	if len(quasi) == 0 {
		return nil, errors.New("kanon/risk: no quasi-identifier")
	}
	t, err := tuple.Read(ctx, r, quasi, nil)
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: sample: %w", err)
	}
	records := t.Rows
	all, err := tuple.Read(ctx, population, quasi, nil)
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: population: %w", err)
	}
	if err := t.Append(all); err != nil {
		return nil, fmt.Errorf("kanon/risk: population: %w", err)
	}
	d := t.Distinct(places(len(quasi))...)
	size := make([]int64, d.Len())
	for _, c := range d.Of[:records] {
		size[c]++
	}
	sizes := map[[2]int64]int64{}
	larger := 0
	for c, n := range size {
		if n > 0 {
			people := d.Rows[c] - n
			if people < n {
				larger++
			}
			sizes[[2]int64{n, people}]++
		}
	}
	if larger > 0 {
		return nil, fmt.Errorf("kanon/risk: %d classes have more records than the population "+
			"has of them, so that the table is no sample of it", larger)
	}
	var counts []SampleCount
	for s, classes := range sizes {
		counts = append(counts, SampleCount{Size: s[0], Population: s[1], Classes: classes})
	}
	slices.SortFunc(counts, func(a, b SampleCount) int {
		return cmp.Or(cmp.Compare(a.Size, b.Size), cmp.Compare(a.Population, b.Population))
	})
	return counts, nil
}
