// Rotate-keys puts a new key beside an old one: tokens change, and a release of
// before can still be made again under the id that its manifest names.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/pseudonym"
)

func main() {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "rotate-keys"))
	defer os.RemoveAll(dir)
	keys := pseudonym.KeyFile(filepath.Join(dir, "keys.json"))
	check(pseudonym.CreateKeys(ctx, keys))
	spring := must(pseudonym.Open(ctx, keys))
	released := token(ctx, spring, "4711")

	must(pseudonym.RotateKeys(ctx, keys))
	autumn := must(pseudonym.Open(ctx, keys))
	fmt.Println("the new key makes the old token:", token(ctx, autumn, "4711") == released)
	rerun := must(autumn.Pin(spring.ID()))
	fmt.Println("the old key, pinned, makes it:  ", token(ctx, rerun, "4711") == released)

	check(pseudonym.DisableKey(ctx, keys, spring.ID()))
	later := must(pseudonym.Open(ctx, keys))
	_, err := later.Pin(spring.ID())
	fmt.Println("once it is disabled, no longer: ", err != nil)
}

// token pseudonymizes one patient.
func token(ctx context.Context, ring *pseudonym.Keyring, patient string) string {
	p := must(pseudonym.New(ring, pseudonym.Column{Name: "patient",
		Field: pseudonym.Field{Domain: "ward-study", Entity: "patient"}, Method: pseudonym.HMAC{}}))
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: arrow.BinaryTypes.String}}, nil))
	b.Field(0).(*array.StringBuilder).Append(patient)
	out := must(p.Transform(ctx, b.NewRecord()))
	return out.Column(0).ValueStr(0)
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
