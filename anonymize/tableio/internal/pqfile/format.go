package pqfile

import "fmt"

// Physical is how a value is stored.
type Physical int32

// The physical types, with the numbers of the format.
const (
	Boolean    Physical = 0
	Int32      Physical = 1
	Int64      Physical = 2
	Int96      Physical = 3
	Float      Physical = 4
	Double     Physical = 5
	ByteArray  Physical = 6
	FixedBytes Physical = 7
)

// Kind is what a stored value means, logical and converted types taken
// together.
type Kind int

// The meanings; None leaves the physical type as it is.
const (
	None Kind = iota
	String
	Decimal
	Date
	Time
	Timestamp
	Integer
	Unknown // only nulls
	JSON
	BSON
	UUID
	Enum
	Float16
	Interval
	Other // a meaning this package does not know
)

// Unit is that of a Time or Timestamp.
type Unit int

// The units of time.
const (
	NoUnit Unit = iota
	Millis
	Micros
	Nanos
)

// Logical is the meaning of a column with its parameters.
type Logical struct {
	Kind      Kind
	Unit      Unit  // Time, Timestamp
	UTC       bool  // Time, Timestamp: adjusted to UTC
	Bits      int   // Integer: 8, 16, 32 or 64
	Signed    bool  // Integer
	Precision int32 // Decimal
	Scale     int32 // Decimal
}

type codec int32

const (
	uncompressed codec = 0
	snappyCodec  codec = 1
	gzipCodec    codec = 2
	lzoCodec     codec = 3
	brotliCodec  codec = 4
	lz4Hadoop    codec = 5
	zstdCodec    codec = 6
	lz4Raw       codec = 7
)

func (c codec) String() string {
	names := [...]string{
		"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW",
	}
	if c >= 0 && int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("codec %d", int32(c))
}

type encoding int32

const (
	plain            encoding = 0
	plainDictionary  encoding = 2
	rle              encoding = 3
	bitPacked        encoding = 4
	deltaBinary      encoding = 5
	deltaLengthBytes encoding = 6
	deltaBytes       encoding = 7
	rleDictionary    encoding = 8
	byteStreamSplit  encoding = 9
)

func (e encoding) dictionary() bool { return e == plainDictionary || e == rleDictionary }

func (e encoding) String() string {
	names := map[encoding]string{
		plain: "PLAIN", plainDictionary: "PLAIN_DICTIONARY", rle: "RLE",
		bitPacked: "BIT_PACKED", deltaBinary: "DELTA_BINARY_PACKED",
		deltaLengthBytes: "DELTA_LENGTH_BYTE_ARRAY", deltaBytes: "DELTA_BYTE_ARRAY",
		rleDictionary: "RLE_DICTIONARY", byteStreamSplit: "BYTE_STREAM_SPLIT",
	}
	if s, ok := names[e]; ok {
		return s
	}
	return fmt.Sprintf("encoding %d", int32(e))
}

// Page types of the format.
const (
	dataPage       = 0
	indexPage      = 1
	dictionaryPage = 2
	dataPageV2     = 3
)
