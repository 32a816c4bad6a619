// Package tableio reads and writes tables in files: Parquet, Arrow IPC (file
// and stream) and CSV. [Open] returns a source and [Create] a sink for package
// anonymize; [ReadTable] and [WriteTable] are the one-call doors of scripts.
//
// # Reading
//
// Every file is taken for hostile: sizes it states are checked before memory
// is spent on them, and damage is an error that names the file, never a panic.
// A file is read as a stream of records of at most Options.BatchRows rows;
// what is held at a time is some pages and records a column, never the table.
// Nested columns are refused by name when they are asked for; the others can
// be read beside them. Two columns of one name are refused.
//
// Parquet: text that is dictionary-encoded throughout, with at most 32768
// entries in each row group, comes as dictionary<int32, utf8> without hashing
// a value; the dictionary then holds what the file's holds, used or not. Enum
// and JSON are utf8, BSON is binary, UUID is fixed_size_binary[16], INT96 is
// timestamp[ns], and what is adjusted to UTC has the time zone "UTC".
//
// CSV: see [Options]. Numbers with leading zeros, with a plus sign or with more
// digits than an int64 holds are text, so that postal codes and account
// numbers stay what they are.
//
// # Writing
//
// A file appears under its name with Commit, complete and on the disk, or not
// at all. The bytes depend on the rows, the schema and the options, and not on
// how the rows came in records or on the number of workers.
//
// Nothing is written but the rows: dictionaries are rebuilt from the values
// that occur, bytes behind a null are cleared, and metadata of the input's
// schema and fields is left out. What a Parquet file cannot say of an Arrow
// type (large_utf8, duration, date64, seconds, a time zone by name, that a
// column is a dictionary) stands in one entry of its metadata, "lethe:types",
// which describes no data.
//
// Columns come back with the Arrow type they were written with, but for these:
// dictionary indexes are int32 whatever they were, "ordered" is lost, and in
// CSV, which knows only text, a dictionary comes back as its values.
package tableio
