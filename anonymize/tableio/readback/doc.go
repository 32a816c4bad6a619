// Package readback holds the files of tableio against another implementation
// of Parquet and of Arrow's formats: Apache Arrow's own for Go, in a version that
// shares no code with tableio. Its tests write every type with one and read it
// with the other, Parquet both ways.
//
// It has tests only, and a module of its own, so that nobody inherits a second
// version of Arrow. Tables are made and compared as arrays of Arrow v18 and
// come to tableio, which speaks v15, through Arrow's stream format.
package readback
