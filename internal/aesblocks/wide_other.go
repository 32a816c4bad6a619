//go:build !amd64

package aesblocks

const keyBytes = 32

// Wide tells whether the processor encrypts four blocks at a time.
func Wide() bool { return false }

type schedule struct{}

func expand(*[keyBytes]byte) *schedule { return nil }

func (*schedule) encrypt([]Block) {}
