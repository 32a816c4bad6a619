package pseudonym_test

import (
	"context"
	"fmt"
	"log"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lethe-go/lethe/pseudonym"
)

// A card number becomes another one of the same issuer, which systems that
// check its last digit accept.
func ExampleFF1() {
	p, err := pseudonym.New(keyring(), pseudonym.Column{
		Name:   "card",
		Field:  pseudonym.Field{Domain: "fraud-model", Entity: "card"},
		Method: pseudonym.FF1{Shape: pseudonym.ShapeCard},
	})
	if err != nil {
		log.Fatal(err)
	}
	rec := table("card", `["4111 1111 1111 1111"]`)
	defer rec.Release()
	out, err := p.Transform(context.Background(), rec)
	if err != nil {
		log.Fatal(err)
	}
	defer out.Release()
	token := out.Column(0).(*array.String).Value(0)
	fmt.Println(token[:7], len(token), token != "4111 1111 1111 1111")
	// Output: 4111 11 19 true
}
