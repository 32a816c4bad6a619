// Package pqfile decodes Parquet files that nobody vouches for.
//
// It reads the footer, the page headers, the compressed pages and the encoded
// values of flat columns, and knows nothing of Arrow. What sets it apart from
// a general reader is that no size found in the file is believed: the footer
// is walked inside the bytes the file has, a page is decompressed into a
// buffer of the size its header gives and never beyond, and values are decoded
// a run of rows at a time into slices the caller sized. A file of a few
// hundred bytes that claims a billion rows costs a billion steps at most and
// never a billion bytes. Decoders keep their own bounds and do not panic.
//
// It is exercised against files of parquet-go, with every encoding, codec and
// page version that library writes.
package pqfile
