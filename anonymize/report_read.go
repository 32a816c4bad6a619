package anonymize

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/lethe-go/lethe/kanon"
)

// maxReport bounds the bytes of a report that is read.
const maxReport = 64 << 20

// ReadReport reads what WriteJSON wrote. Refused are a report of another
// version, fields that it does not have, and anything behind it.
func ReadReport(r io.Reader) (*Report, error) {
	limited := &io.LimitedReader{R: r, N: maxReport + 1}
	d := json.NewDecoder(limited)
	d.DisallowUnknownFields()
	report := &Report{}
	err := d.Decode(report)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something stands behind it")
		}
	}
	switch {
	case limited.N <= 0:
		return nil, fmt.Errorf("anonymize: a report of more than %d bytes", maxReport)
	case err != nil:
		// The decoder's own words may hold a part of what it read.
		return nil, errors.New("anonymize: this is no report as lethe run --report writes it to a " +
			".json file, or one of another release")
	case report.Version != ReportVersion:
		return nil, fmt.Errorf("anonymize: a report of version %d, want %d", report.Version, ReportVersion)
	}
	return report, nil
}

// Verify reads a table and says whether it is the one the report is about, and
// whether it is as the report says: the digest of the file, the rows, the sizes
// of all classes, and how varied the sensitive columns are within them. An
// error that wraps ErrUnsatisfied names every difference. Where the source has
// no digest, or the report none, only what can be counted is compared. The
// models are judged by [Pipeline.Check], which needs the policy.
//
// People are counted only where the column of the unit was written; otherwise
// no class may have fewer rows than the report says it has people.
func (r *Report) Verify(ctx context.Context, src Source) error {
	var differences []error
	differ := func(format string, args ...any) {
		differences = append(differences, fmt.Errorf(format, args...))
	}
	if d, ok := src.(Digester); ok && r.Digests.Output != "" {
		sum, err := d.SHA256()
		if err != nil {
			return err
		}
		if sum != r.Digests.Output {
			differ("the bytes of the table are not those that were released")
		}
	}
	var cfg kanon.CheckConfig
	if a := r.Anonymity; a != nil {
		cfg.Quasi = a.written()
		for _, s := range a.Sensitive {
			cfg.Sensitive = append(cfg.Sensitive, s.Column)
		}
		if unit := r.writtenUnit(); len(unit) > 0 {
			cfg.Unit = unit[0]
		}
	}
	columns := slices.Concat(cfg.Quasi, cfg.Sensitive)
	if cfg.Unit != "" {
		columns = append(columns, cfg.Unit)
	}
	if len(columns) == 0 { // to count rows one will do
		in, err := listing(ctx, src)
		if err != nil {
			return err
		}
		columns = slices.DeleteFunc(in.names, func(c string) bool { return in.unreadable[c] != nil })
		columns = columns[:min(1, len(columns))]
	}
	reader, err := src.Open(ctx, columns...)
	if err != nil {
		return err
	}
	defer reader.Release()
	if r.Anonymity == nil {
		rows := int64(0)
		for reader.Next() {
			rows += reader.Record().NumRows()
		}
		if err := reader.Err(); err != nil {
			return err
		}
		if rows != r.Rows.Output {
			differ("%d rows, reported %d", rows, r.Rows.Output)
		}
	} else {
		audit, err := kanon.Check(ctx, reader, cfg)
		if err != nil {
			return err
		}
		r.compare(audit, differ)
	}
	if len(differences) == 0 {
		return nil
	}
	return unsatisfied(fmt.Errorf("anonymize: the table is not what the report says: %w",
		errors.Join(differences...)))
}

// compare names what an audit of the written table has otherwise.
func (r *Report) compare(audit *kanon.Audit, differ func(format string, args ...any)) {
	a := r.Anonymity
	if audit.Rows != r.Rows.Output {
		differ("%d rows, reported %d", audit.Rows, r.Rows.Output)
	}
	if audit.Classes != a.After.Classes {
		differ("%d classes, reported %d", audit.Classes, a.After.Classes)
	}
	if audit.Unit != a.Unit { // rows here, people there
		if audit.Smallest < a.After.Smallest {
			differ("the smallest class has %d rows, reported %d people", audit.Smallest, a.After.Smallest)
		}
	} else {
		var found ClassReport
		for _, s := range audit.Sizes {
			found.addClasses(s.Size, s.Classes)
		}
		if found.Smallest != a.After.Smallest || found.Largest != a.After.Largest ||
			!slices.Equal(found.Sizes, a.After.Sizes) || !slices.Equal(found.Members, a.After.Members) {
			differ("classes of %d to %d, reported %d to %d, or as many of other sizes between",
				found.Smallest, found.Largest, a.After.Smallest, a.After.Largest)
		}
	}
	for _, s := range audit.Sensitive {
		if want := (SensitiveReport{s.Column, s.DistinctL}); !slices.Contains(a.Sensitive, want) {
			differ("column %q: %d distinct values in the least varied class, reported otherwise",
				s.Column, s.DistinctL)
		}
	}
}
