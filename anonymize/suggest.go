package anonymize

import (
	"fmt"
	"iter"
	"reflect"
	"strings"
)

// suggestion asks whether the nearest of some names was meant, where one is near; of
// those that are as near, the first.
func suggestion(name string, known iter.Seq[string]) string {
	best, least := "", 1+len([]rune(name))/3 // near is one slip in three letters
	for k := range known {
		d := distance(strings.ToLower(name), strings.ToLower(k))
		if d < least || d == least && best != "" && k < best {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is how many letters have to be left out, put in, replaced or swapped with
// the next one to make one text of another: the restricted distance of Damerau.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row := make([]int, len(y)+1)
		row[0] = i + 1
		for j := range y {
			d := last[j]
			if x[i] != y[j] {
				d = min(d, last[j+1], row[j]) + 1
			}
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				d = min(d, before[j-1]+1)
			}
			row[j+1] = d
		}
		before, last = last, row
	}
	return last[len(y)]
}

// keysOf lists the keys of the part of a policy that the Go type of a name is.
func keysOf(typeName string) []string {
	var keys []string
	eachStruct(reflect.TypeFor[Policy](), map[reflect.Type]bool{}, func(t reflect.Type) {
		if t.String() == typeName {
			keys = keysIn(t)
		}
	})
	return keys
}

// keysIn lists the keys of a struct, with those of one that is part of it.
func keysIn(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case strings.HasSuffix(f.Tag.Get("yaml"), ",inline"):
			keys = append(keys, keysIn(f.Type)...)
		case key != "" && key != "-":
			keys = append(keys, key)
		}
	}
	return keys
}

// eachStruct visits the structs that a policy is made of.
func eachStruct(t reflect.Type, seen map[reflect.Type]bool, visit func(reflect.Type)) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		eachStruct(t.Elem(), seen, visit)
	case reflect.Struct:
		if seen[t] {
			return
		}
		seen[t] = true
		visit(t)
		for i := range t.NumField() {
			if f := t.Field(i); f.Tag.Get("yaml") != "" && f.Tag.Get("yaml") != "-" {
				eachStruct(f.Type, seen, visit)
			}
		}
	}
}
