package anonymize

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/dp"
)

var errNoStatistics = errors.New("anonymize: the policy has no statistics; add them, or leave this " +
	"stage out")

// Query reads a shard once and returns what the queries of the policy keep of
// it: a bounded sample of the rows of each person, after the minimization and
// the pseudonymization. Its MarshalBinary is for Answer. It is as confidential
// as the shard, costs nothing and answers nothing. Of opts it heeds Workers and
// Progress.
func (p *Pipeline) Query(ctx context.Context, src Source, opts *RunOptions) (*dp.Scan, error) {
	if p.policy.Statistics == nil {
		return nil, errNoStatistics
	}
	r, err := p.begin(ctx, src, opts)
	if err != nil {
		return nil, err
	}
	r.plan = new(Plan) // none is to be found
	var shard *dp.Scan
	_, err = r.read(ctx, src, r.shardScan, &shard)
	return shard, err
}

// shardScan is a scan of the policy's queries without results of its own.
func (r *run) shardScan(schema *arrow.Schema) (*dp.Scan, error) {
	return dp.NewShard(r.policy.Statistics.Unit, schema, r.policy.queries()...)
}

// Answer merges what Query kept of all shards of a table, in their binary form
// and each of them once, and answers the policy's queries with that. What bounds
// the rows of a person holds for all shards together. Only once all of them are
// merged it pays, from the ledger where there is one; then it draws the noise
// and writes and commits the statistics. After an error nothing is committed,
// and the cost may have been paid.
//
// like is the table or any shard of it, of which only the types of the columns
// are looked at. Of opts it heeds Ledger. A second call draws other noise from
// the same rows and costs as much again, which without a ledger nobody adds up:
// whoever calls this must not publish twice.
func (p *Pipeline) Answer(
	ctx context.Context, like Source, shards iter.Seq2[[]byte, error], dst Sink, opts *RunOptions,
) (report *StatisticsReport, err error) {
	r := new(run)
	defer func() {
		if err != nil {
			err = errors.Join(err, dst.Abort())
		}
		for _, rec := range r.results {
			rec.Release()
		}
	}()
	if p.policy.Statistics == nil {
		return nil, errNoStatistics
	}
	if r, err = p.begin(ctx, like, opts); err != nil {
		return nil, err
	}
	schema, err := r.queried(ctx, like)
	if err != nil {
		return nil, err
	}
	kept, err := r.merge(ctx, schema, shards)
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
	if err := scan.MergeBinary(kept); err != nil {
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

// queried is the schema of the rows that the queries see.
func (r *run) queried(ctx context.Context, like Source) (*arrow.Schema, error) {
	reader, err := like.Open(ctx, r.fitRead...)
	if err != nil {
		return nil, err
	}
	defer reader.Release()
	local, err := r.bind(reader.Schema(), r.fitKeep)
	if err != nil {
		return nil, err
	}
	return local.out, nil
}

// merge puts the shards together, in binary form.
func (r *run) merge(
	ctx context.Context, schema *arrow.Schema, shards iter.Seq2[[]byte, error],
) ([]byte, error) {
	all, err := r.shardScan(schema)
	if err != nil {
		return nil, err
	}
	n := 0
	for data, err := range shards {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if err := all.MergeBinary(data); err != nil {
			return nil, fmt.Errorf("anonymize: shard %d: %w", n, err)
		}
		n++
	}
	if n == 0 {
		return nil, errors.New("anonymize: no shards to answer the queries from")
	}
	return all.MarshalBinary()
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
