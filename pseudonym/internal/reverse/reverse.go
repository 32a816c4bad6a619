// Package reverse is the door through which package reid alone reaches the
// inverse of a method. Other modules cannot import it, and packages of this
// module other than reid must not.
package reverse

// Permit must be shown to open a token. The zero Permit permits nothing.
type Permit struct{ granted bool }

// Grant returns a permit. Whoever calls it must have written an audit record
// that is on disk.
func Grant() Permit { return Permit{granted: true} }

// Granted tells whether the permit came from Grant.
func (p Permit) Granted() bool { return p.granted }

// Opener reverses the tokens of one column. It belongs to one goroutine.
type Opener interface {
	// Open appends to dst the canonical text that the token stands for. Its
	// errors hold nothing of either.
	Open(dst, token []byte) ([]byte, error)
}
