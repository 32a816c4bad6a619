package pseudonym

import "testing"

func TestValidate(t *testing.T) {
	field := Field{Domain: "study", Entity: "patient"}
	good := Column{Name: "id", Field: field, Method: HMAC{}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]Column{
		"pseudonym: a column without a name": {Field: field, Method: HMAC{}},
		`pseudonym: column "id": no domain`:  {Name: "id", Field: Field{Entity: "e"}, Method: HMAC{}},
		`pseudonym: column "id": no entity`:  {Name: "id", Field: Field{Domain: "d"}, Method: HMAC{}},
	} {
		if err := c.Validate(); err == nil || err.Error() != name {
			t.Errorf("%v, want %s", err, name)
		}
	}
	if (Column{Name: "id", Field: field}).Validate() == nil {
		t.Error("a column without a method is fine")
	}
	if (Column{Name: "id", Field: field, Method: HMAC{Format: "base65"}}).Validate() == nil {
		t.Error("an unknown format is fine")
	}
	if field.Validate() != nil || (Field{}).Validate() == nil {
		t.Error("Field.Validate is wrong")
	}
}
