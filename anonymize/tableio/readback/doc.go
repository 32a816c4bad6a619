// Package readback holds the files of tableio against another implementation
// of Parquet: Apache Arrow's own for Go, which shares no code with tableio. Its
// tests write every type with one and read it with the other, both ways.
//
// It has tests only, and a module of its own, so that nobody inherits a second
// version of Arrow. Tables are made and compared as arrays of Arrow v18 and
// come to tableio, which speaks v15, through Arrow's stream format.
package readback
