package tableio

import (
	"context"
	"io"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
)

// infer returns the types of all columns. Where one is neither declared nor
// known from an earlier pass it reads the whole file.
func (c *csvTable) infer(ctx context.Context, f *os.File) ([]arrow.DataType, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.types != nil {
		return c.types, nil
	}
	types := make([]arrow.DataType, len(c.names))
	missing := false
	for i, n := range c.names {
		types[i] = c.file.opts.Types[n]
		missing = missing || types[i] == nil
	}
	if missing {
		guesses, err := c.guess(ctx, f)
		if err != nil {
			return nil, err
		}
		for i := range types {
			if types[i] == nil {
				types[i] = guesses[i].dataType()
			}
		}
	}
	c.types = types
	return types, nil
}

func (c *csvTable) guess(ctx context.Context, f *os.File) ([]guess, error) {
	in, err := c.reader(f)
	if err != nil {
		return nil, err
	}
	nulls := c.file.opts.Null
	run := startBlocks(ctx, c, in, defaultBatchRows, func(b *block) ([]guess, error) {
		g := make([]guess, b.columns)
		for column := range g {
			g[column] = anything
			for row := range b.rows {
				// A null text in quotes counts as null here: only a column of
				// text can hold it.
				if v := b.field(row, column); !isNull(v, nulls) {
					g[column] = g[column].see(v)
				}
			}
		}
		return g, nil
	})
	defer run.stop(func([]guess) {})
	all := make([]guess, len(c.names))
	for i := range all {
		all[i] = anything
	}
	for {
		g, err := run.next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range all {
			all[i] = all[i].merge(g[i])
		}
	}
}
