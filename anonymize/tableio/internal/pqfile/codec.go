package pqfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// inflater decompresses pages into buffers of exactly the size a page header
// gives. It belongs to one reader and keeps the state of its decoders.
type inflater struct {
	zstd *zstd.Decoder
	gzip *gzip.Reader
}

func (f *inflater) close() {
	if f.zstd != nil {
		f.zstd.Close()
		f.zstd = nil
	}
}

var errInflated = errors.New("a page does not decompress to the size its header gives")

// inflate appends size bytes to dst, which is empty, and fails if src holds
// more or fewer.
func (f *inflater) inflate(c codec, dst, src []byte, size int) ([]byte, error) {
	if c == uncompressed {
		if len(src) != size {
			return nil, errInflated
		}
		return append(dst, src...), nil
	}
	if size == 0 {
		return dst, nil
	}
	dst = slices.Grow(dst, size)[:size]
	switch c {
	case snappyCodec:
		if n, err := snappy.DecodedLen(src); err != nil || n != size {
			return nil, errInflated
		}
		if _, err := snappy.Decode(dst, src); err != nil {
			return nil, errInflated
		}
	case zstdCodec:
		return f.inflateZstd(dst, src)
	case gzipCodec:
		if f.gzip == nil {
			f.gzip = new(gzip.Reader)
		}
		if err := f.gzip.Reset(bytes.NewReader(src)); err != nil {
			return nil, errInflated
		}
		return dst, readExactly(f.gzip, dst)
	case brotliCodec:
		return dst, readExactly(brotli.NewReader(bytes.NewReader(src)), dst)
	case lz4Raw:
		if n, err := lz4.UncompressBlock(src, dst); err != nil || n != size {
			return nil, errInflated
		}
	default:
		return nil, fmt.Errorf("it is compressed with %v, which is not supported", c)
	}
	return dst, nil
}

// inflateZstd relies on the decoder's own limit, the capacity of dst.
func (f *inflater) inflateZstd(dst, src []byte) ([]byte, error) {
	if f.zstd == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
			zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return nil, err
		}
		f.zstd = d
	}
	size := len(dst)
	out, err := f.zstd.DecodeAll(src, dst[:0:size])
	if err != nil || len(out) != size {
		return nil, errInflated
	}
	return out, nil
}

func readExactly(r io.Reader, dst []byte) error {
	if _, err := io.ReadFull(r, dst); err != nil {
		return errInflated
	}
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n != 0 || err != io.EOF {
		return errInflated
	}
	return nil
}
