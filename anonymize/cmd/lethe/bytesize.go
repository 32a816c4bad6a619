package main

import (
	"fmt"
	"strconv"
	"strings"
)

// byteSize is a flag such as 400MB or 2GB; 0 where it is not given.
type byteSize int64

const (
	megabyte = 1_000_000
	// leastMemory is so much that combinations have a third of it.
	leastMemory = 192 * megabyte
	// otherMemory is what it needs for batches, buffers and itself.
	otherMemory = 128 * megabyte
)

func (b *byteSize) String() string {
	if *b == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*b)/megabyte, 10) + "MB"
}

// Type is how help calls the value.
func (b *byteSize) Type() string { return "size" }

// Set reads a whole number with a unit.
func (b *byteSize) Set(s string) error {
	text := strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	unit := int64(1)
	for _, u := range []struct {
		name string
		size int64
	}{{"GIB", 1 << 30}, {"MIB", 1 << 20}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}} {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			text, unit = rest, u.size
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return fmt.Errorf("want a size such as 400MB or 2GB")
	}
	*b = byteSize(n * unit)
	return nil
}

// combinations is how much of the memory counts may take, with what the collector
// has not collected yet. The rest is for batches.
func (b byteSize) combinations() (int64, error) {
	if b == 0 {
		return 0, nil
	}
	if b < leastMemory {
		return 0, fmt.Errorf("--memory is %s, want at least %dMB", (&b).String(), leastMemory/megabyte)
	}
	return int64(b - otherMemory), nil
}
