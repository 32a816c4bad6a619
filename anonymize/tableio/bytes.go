package tableio

import "unsafe"

// stringBytes views the bytes of s, which must not be written to.
func stringBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// bytesString views b as a string, which is valid while b is not written to.
func bytesString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
