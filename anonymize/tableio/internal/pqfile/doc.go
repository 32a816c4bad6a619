// Package pqfile decodes Parquet files that nobody vouches for, and writes
// files of flat columns. It knows nothing of Arrow.
//
// Reading, it takes the footer, the page headers, the compressed pages and the
// encoded values. What sets it apart from a general reader is that no size
// found in the file is believed: the footer is walked inside the bytes the file
// has, a page is decompressed into a buffer of the size its header gives and
// never beyond, and values are decoded a run of rows at a time into slices the
// caller sized. A file of a few hundred bytes that claims a billion rows costs a
// billion steps at most and never a billion bytes. Decoders keep their own
// bounds and do not panic. They are exercised against files of parquet-go, with
// every encoding, codec and page version that library writes.
//
// Writing, it makes pages of whole columns, without a step or an allocation for
// each value that the encoding does not ask for; see Writer. Structures,
// run-length and delta encodings are parquet-go's. It is exercised by reading
// back with this package and with parquet-go.
package pqfile
