package anonymize

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/dp"
)

var errNoStatistics = errors.New("anonymize: the policy has no statistics; add them, or leave this " +
	"stage out")

// Kept is what the queries of a policy keep of a shard: a bounded sample of the
// rows of each person, after the minimization and the pseudonymization. It is as
// confidential as the shard and answers nothing by itself: Tally sums up what was
// kept of all shards, and Answer makes answers of that. It is not safe for concurrent
// use.
type Kept struct {
	head keptHead
	scan *dp.Scan
}

// keptHead says of which table and how. People of two shards are the same only
// where they have the same tokens.
type keptHead struct {
	Policy string `json:"policy"` // its SHA-256
	Schema string `json:"schema"` // of the input, see Fitted
	Keys   string `json:"keys,omitempty"`
}

// keptMagic and tallyMagic start the binary forms of what Query kept and of what
// Tally made of it; the length of the head, the head as JSON and the form of package
// dp follow.
const (
	keptMagic  = "lethe kept 2\n"
	tallyMagic = "lethe tally 1\n"
)

var errNothingKept = errors.New("anonymize: nothing was kept; use what Query returns")

// MarshalBinary gives what is kept, for Tally. The bytes hold rows of the table.
// Only what Query returned has any.
func (k *Kept) MarshalBinary() ([]byte, error) {
	if k.scan == nil {
		return nil, errNothingKept
	}
	rows, err := k.scan.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return k.head.before(keptMagic, rows)
}

// MarshalParts is MarshalBinary in as many pieces as the people are divided into
// parts, in the order of the parts, so that Tally can work on each part by itself. All
// shards of a table have to be divided in the same way.
func (k *Kept) MarshalParts(d dp.Division) ([][]byte, error) {
	if k.scan == nil {
		return nil, errNothingKept
	}
	pieces, err := k.scan.MarshalParts(d)
	if err != nil {
		return nil, err
	}
	for i, rows := range pieces {
		if pieces[i], err = k.head.before(keptMagic, rows); err != nil {
			return nil, err
		}
	}
	return pieces, nil
}

// before puts a binary form of package dp together with the head.
func (h keptHead) before(magic string, data []byte) ([]byte, error) {
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("anonymize: %w", err)
	}
	start := binary.AppendUvarint([]byte(magic), uint64(len(head)))
	return slices.Concat(start, head, data), nil
}

// behind takes the binary form apart and returns that of package dp, which must be
// of a table that this run could have read. from is what makes such a form.
func (r *run) behind(magic, from string, data []byte) ([]byte, error) {
	bad := fmt.Errorf("this is nothing that %s gave, or damaged", from)
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	n, skip := binary.Uvarint(rest)
	if !ok || skip <= 0 || n > uint64(len(rest)-skip) {
		return nil, bad
	}
	text, rows := rest[skip:skip+int(n)], rest[skip+int(n):]
	var head keptHead
	if json.Unmarshal(text, &head) != nil {
		return nil, bad
	}
	switch want := r.keptHead(); {
	case head.Policy != want.Policy:
		return nil, errors.New("it was kept under another policy; query it again")
	case head.Schema != want.Schema:
		return nil, errors.New("it is of a table whose columns have other names or types")
	case head.Keys != want.Keys:
		return nil, errors.New("it was pseudonymized under other keys, so that one person would " +
			"count for two; query all shards under the same keys")
	}
	return rows, nil
}

func (r *run) keptHead() keptHead {
	return keptHead{Policy: r.policy.digest(), Schema: schemaDigest(r.schema), Keys: r.keyIDs(r.fitKeep)}
}

// keyIDs names the keys under which columns are pseudonymized; empty without any.
func (p *Pipeline) keyIDs(names []string) string {
	var ids []string
	for _, k := range p.pseudonyms {
		for _, c := range k.columns {
			if k.ring != nil && slices.Contains(names, c.Name) {
				ids = append(ids, fmt.Sprintf("%q %d", c.Name, k.ring.ID()))
			}
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, ", ")
}

// Query reads a shard once and keeps of it what the queries of the policy need,
// which costs nothing. Of opts it heeds Workers and Progress.
func (p *Pipeline) Query(ctx context.Context, src Source, opts *RunOptions) (*Kept, error) {
	if p.policy.Statistics == nil {
		return nil, errNoStatistics
	}
	r, err := p.begin(ctx, src, opts)
	if err != nil {
		return nil, err
	}
	r.plan = new(Plan) // none is to be found
	kept := &Kept{head: r.keptHead()}
	if _, err := r.read(ctx, src, r.shardScan, &kept.scan); err != nil {
		return nil, err
	}
	return kept, nil
}

// shardScan is a scan of the policy's queries without results of its own.
func (r *run) shardScan(schema *arrow.Schema) (*dp.Scan, error) {
	return dp.NewShard(r.policy.Statistics.Unit, schema, r.policy.queries()...)
}

// Tally merges what Query kept of all shards of a table, in its binary form and of
// each of them once, bounds what every person contributes to the policy's queries,
// over all shards, and sums that up: for Answer, without any noise. Where the people
// are divided it is called for each part, with the pieces of that part of all shards.
// The sums are as confidential as the table.
//
// like is the table or any shard of it, of which only the types of the columns are
// looked at.
func (p *Pipeline) Tally(
	ctx context.Context, like Source, kept iter.Seq2[[]byte, error],
) ([]byte, error) {
	r, schema, err := p.queried(ctx, like, nil)
	if err != nil {
		return nil, err
	}
	sums, err := r.tally(ctx, schema, keptMagic, kept)
	if err != nil {
		return nil, err
	}
	return r.keptHead().before(tallyMagic, sums)
}

// Answer merges what Tally made of the parts of the people, of each part once, and
// answers the policy's queries with that. Only once all of them are merged it pays,
// from the ledger where there is one; then it draws the noise and writes and commits
// the statistics. After an error nothing is committed, and the cost may have been
// paid.
//
// like and what is confidential are as for Tally. Of opts it heeds Ledger. A second
// call draws other noise from the same rows and costs as much again, which without a
// ledger nobody adds up: whoever calls this must not publish twice.
func (p *Pipeline) Answer(
	ctx context.Context, like Source, tallies iter.Seq2[[]byte, error], dst Sink, opts *RunOptions,
) (report *StatisticsReport, err error) {
	r, schema, err := p.queried(ctx, like, opts)
	defer func() {
		if err != nil {
			err = errors.Join(err, dst.Abort())
		}
		for _, rec := range r.results {
			rec.Release()
		}
	}()
	if err != nil {
		return nil, err
	}
	sums, err := r.tally(ctx, schema, tallyMagic, tallies)
	if err != nil {
		return nil, err
	}
	session, err := r.session(ctx)
	if err != nil {
		return nil, err
	}
	scan, err := r.sessionScan(session)(schema)
	if err != nil {
		return nil, err
	}
	if err := scan.MergeTally(sums); err != nil {
		return nil, err
	}
	if r.results, err = scan.Results(ctx); err != nil {
		return nil, err
	}
	if err := r.writeStatistics(dst); err != nil {
		return nil, err
	}
	if report, err = r.statisticsReport(session); err != nil {
		return nil, err
	}
	if report.Ledger, err = r.ledgerReport(ctx); err != nil {
		return nil, err
	}
	return report, dst.Commit()
}

// queried compares the policy with a source and gives the schema of the rows that
// the queries see. The run is never nil.
func (p *Pipeline) queried(
	ctx context.Context, like Source, opts *RunOptions,
) (*run, *arrow.Schema, error) {
	if p.policy.Statistics == nil {
		return new(run), nil, errNoStatistics
	}
	r, err := p.begin(ctx, like, opts)
	if err != nil {
		return r, nil, err
	}
	reader, err := like.Open(ctx, r.fitRead...)
	if err != nil {
		return r, nil, err
	}
	defer reader.Release()
	local, err := r.bind(reader.Schema(), r.fitKeep)
	if err != nil {
		return r, nil, err
	}
	return r, local.out, nil
}

// tally puts together what comes of the parts of a table, in the binary forms that
// start with magic, in that of package dp.
func (r *run) tally(
	ctx context.Context, schema *arrow.Schema, magic string, parts iter.Seq2[[]byte, error],
) ([]byte, error) {
	all, err := r.shardScan(schema)
	if err != nil {
		return nil, err
	}
	name, from, merge := "shard", "Query", all.MergeBinary
	if magic == tallyMagic {
		name, from, merge = "tally", "Tally", all.MergeTally
	}
	n := 0
	for data, err := range parts {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if data, err = r.behind(magic, from, data); err == nil {
			err = merge(data)
		}
		if err != nil {
			return nil, fmt.Errorf("anonymize: %s %d: %w", name, n, err)
		}
		n++
	}
	if n == 0 {
		return nil, fmt.Errorf("anonymize: no %s to answer the queries from", name)
	}
	return all.MarshalTally()
}

// sessionScan is a scan of the policy's queries that a session pays for.
func (r *run) sessionScan(session *dp.Session) func(*arrow.Schema) (*dp.Scan, error) {
	return func(schema *arrow.Schema) (*dp.Scan, error) {
		scan, err := session.NewScan(schema, r.policy.queries()...)
		if err != nil {
			if errors.Is(err, dp.ErrBudget) {
				err = unsatisfied(err)
			}
			return nil, err
		}
		r.entry, _ = scan.Entry()
		return scan, nil
	}
}
