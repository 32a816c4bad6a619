package tableio

import (
	"context"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
)

// infer returns the types of all columns. Where one is neither declared nor
// known from an earlier pass it reads the whole file.
func (c *csvTable) infer(ctx context.Context, f *content) ([]textType, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.types != nil {
		return c.types, nil
	}
	var guesses []guess
	if c.undeclared() {
		var err error
		if guesses, err = c.guess(ctx, f); err != nil {
			return nil, err
		}
	}
	c.types = c.typesOf(func(i int) guess { return guesses[i] })
	return c.types, nil
}

// undeclared says whether a type has to be guessed.
func (c *csvTable) undeclared() bool {
	return slices.ContainsFunc(c.columns, func(name string) bool {
		return c.file.opts.Types[name] == nil
	})
}

// textType is the type of a column, and how its values are written.
type textType struct {
	arrow.DataType
	how notation
}

// typesOf are the types that are declared, and those of the guesses for the
// others.
func (c *csvTable) typesOf(guessOf func(i int) guess) []textType {
	types := make([]textType, len(c.columns))
	how := notation{c.file.opts.Decimal == ',', c.file.opts.Dates}
	c.remarks = map[string]string{}
	for i, name := range c.columns {
		if types[i] = (textType{c.file.opts.Types[name], how}); types[i].DataType != nil {
			continue
		}
		g := guessOf(i)
		types[i] = g.textType(how)
		if remark := g.remark(how); remark != "" {
			c.remarks[name] = remark
		}
	}
	return types
}

// guessesOf reads the file, unless there is nothing to guess, for a type that
// other files have a say in.
func (c *csvTable) guessesOf(ctx context.Context) ([]guess, error) {
	if !c.undeclared() {
		return make([]guess, len(c.columns)), nil
	}
	f, err := c.file.reopen()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return c.guess(ctx, f)
}

// setTypes ends the guessing.
func (c *csvTable) setTypes(guesses map[string]guess) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.types = c.typesOf(func(i int) guess { return guesses[c.columns[i]] })
}

func (c *csvTable) guess(ctx context.Context, f *content) ([]guess, error) {
	in, err := c.reader(f)
	if err != nil {
		return nil, err
	}
	null := newNullTexts(c.file.opts.Null)
	run := startBlocks(ctx, c, in, func(_ int, b *block) ([]guess, error) {
		g := make([]guess, b.columns)
		for column, name := range c.columns {
			if g[column] = anything; c.file.opts.Types[name] != nil {
				g[column] = seen // its type is said
			}
		}
		err := b.each(func() error {
			for column := range g {
				g[column] = g[column].seeAll(b, column, &null, c.file.opts.Dates)
			}
			return nil
		})
		return g, err
	})
	defer run.stop(func([]guess) {})
	all := make([]guess, len(c.columns))
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
