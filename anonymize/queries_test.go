package anonymize_test

import (
	"errors"
	"iter"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/dp"
	"github.com/lethe-go/lethe/dp/ledger"
)

// askingPolicy asks so exactly that the noise does not show.
const askingPolicy = visitsPolicy + `
statistics:
  unit: {column: id, max_rows: 20}
  budget: {epsilon: 4e6}
  queries:
    - count: {epsilon: 1e6}
    - people: {epsilon: 1e6}
    - mean: {column: days, lower: 0, upper: 80, by: [diagnosis], keys: {diagnosis: [canary 1, canary 2]}, epsilon: 1e6}
    - quantiles: {column: days, ranks: [0.5], lower: 0, upper: 80, epsilon: 1e6}
`

// kept is what Query keeps of each shard, in binary form.
func kept(t *testing.T, p *anonymize.Pipeline, shards []*tableio.Memory) (all [][]byte) {
	t.Helper()
	for _, shard := range shards {
		some, err := p.Query(t.Context(), shard, &anonymize.RunOptions{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		data, err := some.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

// tallied is what Tally makes of shards whose people are divided into so many parts.
func tallied(t *testing.T, p *anonymize.Pipeline, shards []*tableio.Memory, parts int) (all [][]byte) {
	t.Helper()
	of := make([][][]byte, parts)
	for _, shard := range shards {
		some, err := p.Query(t.Context(), shard, nil)
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := some.MarshalParts(dp.Division{Parts: parts, Key: []byte("key of a division")})
		if err != nil {
			t.Fatal(err)
		}
		for i, piece := range pieces {
			of[i] = append(of[i], piece)
		}
	}
	for _, pieces := range of {
		tally, err := p.Tally(t.Context(), shards[0], each(pieces...))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tally)
	}
	return all
}

func each(data ...[]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, d := range data {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// valueColumn is the column of the results in a table of statistics.
func valueColumn(t *testing.T, stats arrow.Table) (values []float64) {
	t.Helper()
	r := array.NewTableReader(stats, 0)
	defer r.Release()
	for r.Next() {
		at := r.Schema().FieldIndices("value")[0]
		values = append(values, r.Record().Column(at).(*array.Float64).Float64Values()...)
	}
	return values
}

// The queries are answered from seven shards and three parts of the people as from the
// table in one piece, and what bounds the rows of a person holds for all shards
// together.
func TestQueriesOfShards(t *testing.T) {
	table := visitsTable(1500)
	defer table.Release()
	keys := newKeys(t)
	for _, text := range []string{askingPolicy, strings.Replace(askingPolicy, "max_rows: 20", "max_rows: 1", 1)} {
		p := newPipeline(t, text, keys)
		whole := tableio.NewBuffer()
		defer whole.Release()
		_, report := runAll(t, p, tableio.FromTable(table), &anonymize.RunOptions{Statistics: whole})
		parts := shards(t, table, 7)
		dst := tableio.NewBuffer()
		defer dst.Release()
		answered, err := p.Answer(t.Context(), parts[3], each(tallied(t, p, parts, 3)...), dst, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answered.Spent != report.Statistics.Spent || len(answered.Queries) != 4 {
			t.Errorf("%+v, want %+v", answered, report.Statistics)
		}
		got, want := valueColumn(t, dst.Table()), valueColumn(t, whole.Table())
		if len(got) != 5 || len(want) != 5 {
			t.Fatalf("%v, want %v", got, want)
		}
		counts := 2
		if strings.Contains(text, "max_rows: 1}") {
			if got[0] != got[1] || got[0] >= 1500 {
				t.Errorf("%v rows of %v people, who count once each", got[0], got[1])
			}
		} else {
			counts = len(got) // no row is left out by chance
		}
		for i := range counts {
			if math.Abs(got[i]-want[i]) > 1e-3 {
				t.Errorf("value %d is %v, want %v", i, got[i], want[i])
			}
		}
	}
}

// What cannot be answered is not paid for, and what is answered is paid once.
func TestAnswerPaysOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "visits.ledger")
	l, err := ledger.Create(t.Context(), path, ledger.Terms{Dataset: "visits", Unit: "id",
		Total: dp.Budget{Epsilon: 6e6}}, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table := visitsTable(200)
	defer table.Release()
	parts := shards(t, table, 3)
	keys, asking := newKeys(t), askingPolicy+"  ledger: "+path+"\n"
	p := newPipeline(t, asking, keys)
	data, tallies := kept(t, p, parts), tallied(t, p, parts, 2)
	answer := func(shards iter.Seq2[[]byte, error]) error {
		dst := tableio.NewBuffer()
		defer dst.Release()
		report, err := p.Answer(t.Context(), parts[0], shards, dst, nil)
		if err != nil && (dst.Table() != nil || report != nil) {
			t.Error("something was committed")
		}
		return err
	}
	spent := func() float64 {
		s, err := l.Statement(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s.Spent.Epsilon
	}
	broken := errors.New("a worker is lost")
	other := kept(t, newPipeline(t, strings.Replace(askingPolicy, "max_rows: 20", "max_rows: 2", 1),
		keys), parts)
	rotated := kept(t, newPipeline(t, asking, newKeys(t)), parts)
	elsewhere := tallied(t, newPipeline(t, asking, newKeys(t)), parts, 2)
	for what, c := range map[string]struct {
		shards iter.Seq2[[]byte, error]
		want   string
	}{
		"no shards":      {each(), "no shard to answer the queries from"},
		"a part of one":  {each(data[0], data[1][:len(data[1])-1]), "shard 1: dp: malformed scan"},
		"half of one":    {each(data[0][:20]), "shard 0: this is nothing that Query gave"},
		"another policy": {each(data[0], other[1]), "it was kept under another policy"},
		"another key":    {each(data[0], rotated[1]), "pseudonymized under other keys"},
		"an error": {func(yield func([]byte, error) bool) { _ = yield(data[0], nil) && yield(nil, broken) },
			"a worker is lost"},
	} {
		if _, err := p.Tally(t.Context(), parts[0], c.shards); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, c := range map[string]struct {
		tallies iter.Seq2[[]byte, error]
		want    string
	}{
		"no tallies":      {each(), "no tally to answer the queries from"},
		"a shard":         {each(data[0]), "tally 0: this is nothing that Tally gave"},
		"half of one":     {each(tallies[0], tallies[1][:99]), "tally 1: this is nothing that Tally gave"},
		"a byte too few":  {each(tallies[0][:len(tallies[0])-1]), "tally 0: dp: malformed tally"},
		"one twice":       {each(tallies[0], tallies[0]), "part 0 was merged already"},
		"one is missing":  {each(tallies[1]), "the tallies of 1 of 2 parts are missing"},
		"another key":     {each(tallies[0], elsewhere[1]), "pseudonymized under other keys"},
		"what is no part": {func(yield func([]byte, error) bool) { yield(nil, broken) }, "a worker is lost"},
	} {
		if err := answer(c.tallies); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if s := spent(); s != 0 {
		t.Errorf("ε=%v was paid for nothing", s)
	}
	if err := answer(each(tallies...)); err != nil {
		t.Fatal(err)
	}
	if s := spent(); s != 4e6 {
		t.Errorf("ε=%v was paid", s)
	}
	if err := answer(each(tallies...)); !errors.Is(err, dp.ErrBudget) || !errors.Is(err, anonymize.ErrUnsatisfied) {
		t.Errorf("a second time: %v", err)
	}
	if _, err := new(anonymize.Kept).MarshalBinary(); err == nil {
		t.Error("what nobody kept has a binary form")
	}
	if _, err := new(anonymize.Kept).MarshalParts(dp.Division{}); err == nil {
		t.Error("what nobody kept has parts")
	}
	silent := newPipeline(t, visitsPolicy, newKeys(t))
	if _, err := silent.Query(t.Context(), parts[0], nil); err == nil {
		t.Error("a policy without statistics was queried")
	}
	if _, err := silent.Answer(t.Context(), parts[0], each(tallies...), tableio.NewBuffer(), nil); err == nil {
		t.Error("a policy without statistics was answered")
	}
}
