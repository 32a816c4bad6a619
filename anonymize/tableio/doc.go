// Package tableio reads and writes tables in files: Parquet, Arrow IPC (file
// and stream) and CSV. [Open] returns a source and [Create] a sink for package
// anonymize; [ReadTable] and [WriteTable] are the one-call doors of scripts.
// [OpenFiles] takes many files, folders and patterns for one table, and
// [OpenReaderAt] what is not in a file, as the objects of a store.
//
// # Reading
//
// Every file is taken for hostile: sizes it states are checked before memory
// is spent on them, and damage is an error that names the file, never a panic.
// A file is read as a stream of records of at most Options.BatchRows rows;
// what is held at a time is some pages and records a column, never the table.
// Nested columns are refused by name when they are asked for; the others can
// be read beside them, and File.Columns says which those are. Two columns of one name are refused.
//
// Parquet: text that is dictionary-encoded throughout, with at most 32768
// entries in each row group, comes as dictionary<int32, utf8> without hashing
// a value; the dictionary then holds what the file's holds, used or not. Enum
// and JSON are utf8, BSON is binary, UUID is fixed_size_binary[16], INT96 is
// timestamp[ns], and what is adjusted to UTC has the time zone "UTC".
//
// CSV: see [Options]. Numbers with leading zeros, with a plus sign or with more
// digits than an int64 holds are text, so that postal codes and account
// numbers stay what they are. Dates like 31.12.2024 and 12/31/2024 are dates where
// the values of the column leave but one order, or where it is named. A record
// above 64 MiB is refused. The first pass reads a file twice, once to find types.
//
// # Writing
//
// A file appears under its name with Commit, complete and on the disk, or not
// at all. Until then it has a name beside it that begins with a dot, and only
// its owner can read it. What a process that was killed leaves under such a name
// is removed by the next that writes the same file, where the system has locks
// that end with a process. The bytes depend on the rows, the schema and the
// options, and not on how the rows came in records or on the number of workers.
//
// Nothing is written but the rows: dictionaries are rebuilt from the values
// that occur, bytes behind a null are cleared, and metadata of the input's
// schema and fields is left out, but for what Options.FieldMetadata asks for.
//
// Parquet: row groups of 131072 rows, fewer where they are wider than 64 MiB,
// in pages of version 1 compressed with zstd. A column of few distinct values
// is dictionary-encoded in each row group where that pays, whatever its type; of
// the others, integers that lie close together are DELTA_BINARY_PACKED, text and
// binary DELTA_LENGTH_BYTE_ARRAY and the rest PLAIN. Each row group and page has
// the number of its nulls and its bounds, but where these have over 128 bytes.
//
// # Types
//
// What becomes of a column that is written and read back. Kept means that the
// Arrow type is the same; noted, that it is the same by one entry of metadata,
// "lethe:types", which describes no data, and that another reader sees the
// type in brackets; declared, that Options.Types or the sealed table says so,
// text otherwise being guessed; refused, that Write says which column it is.
//
//	Arrow type               Arrow files   Parquet                CSV
//	(u)int8 to (u)int64      kept          kept                   declared
//	float16                  kept          kept                   declared
//	float32, float64         kept          kept                   declared
//	bool, utf8               kept          kept                   declared
//	large_utf8               kept          noted (utf8)           declared
//	binary                   kept          kept                   refused
//	large_binary             kept          noted (binary)         refused
//	fixed_size_binary        kept          kept                   refused
//	date32                   kept          kept                   declared
//	date64                   kept          noted (date32)         declared
//	time32, time64           kept          kept                   declared
//	time32[s]                kept          noted (time32[ms])     declared
//	timestamp, none or UTC   kept          kept                   declared
//	timestamp, another zone  kept          noted (UTC)            declared
//	timestamp[s]             kept          noted (ms)             declared
//	duration                 kept          noted (int64)          declared
//	decimal128               kept          kept                   declared
//	decimal256, to 38 digits kept          noted (decimal128)     declared
//	decimal256, to 76 digits kept          kept                   declared
//	null                     kept          noted (int32)          declared
//	intervals                kept          refused                refused
//	dictionary of these      kept          noted (its values)     its values
//	nested types, views      refused       refused                refused
//
// Exceptions: the indexes of a dictionary come back as int32 whatever they
// were, "ordered" is lost, and a dictionary of Booleans comes back from Parquet
// as Booleans. A value is refused, by column, where the format cannot say it: a
// date64 that is not at midnight in Parquet and CSV, a decimal of a negative
// scale or with more digits than its type in Parquet, a date outside the years
// 1 to 9999 in CSV.
package tableio
