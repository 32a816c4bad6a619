package pseudonym

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
)

// Keys of the metadata that Describe writes into a field.
const (
	MetadataSpec  = "lethe.pseudonym.spec"
	MetadataKeyID = "lethe.pseudonym.key_id"
)

// Spec returns the specification of the column as one line: the version of the
// derivation, the method with its parameters, the bits of a token, what is done
// to values before, and the field. Two columns of one key with the same
// specification have the same tokens for the same values. The dataset is
// given by its SHA-256 alone, cut to 16 hexadecimal digits. It is the text of
// the policy and no secret; the zero Column and one that Validate refuses have
// one, too, which means nothing.
func (c Column) Spec() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s %s", label, describeMethod(c.Method))
	p, _ := newPreparation(c)
	if !p.chain.Empty() {
		fmt.Fprintf(&s, " canonical=%s", &p.chain)
	}
	if p.empty != Token {
		fmt.Fprintf(&s, " empty=%s", p.empty)
	}
	if len(p.sentinels) > 0 {
		fmt.Fprintf(&s, " sentinels=%q:%s", c.Sentinels, p.sentinel)
	}
	if c.Field != (Field{}) {
		fmt.Fprintf(&s, " domain=%q entity=%q", c.Field.Domain, c.Field.Entity)
	}
	if d := c.Field.datasetDigest(); d != "" {
		fmt.Fprintf(&s, " dataset=sha256:%s", d)
	}
	return s.String()
}

// datasetDigest is the beginning of the SHA-256 of the dataset, empty without
// one.
func (f Field) datasetDigest() string {
	if f.Dataset == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(f.Dataset))
	return hex.EncodeToString(sum[:8])
}

// describeMethod writes a method as method{parameter=value …}, with the names that a
// policy file has for them. Parameters at their zero value are left out.
func describeMethod(m Method) string {
	v := reflect.ValueOf(m)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return "none"
	}
	var params []string
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || name == "" || name == "-" || v.Field(i).IsZero() {
			continue
		}
		params = append(params, name+"="+parameter(v.Field(i)))
	}
	name := strings.ToLower(v.Type().Name())
	if len(params) == 0 {
		return name
	}
	return name + "{" + strings.Join(params, " ") + "}"
}

func parameter(v reflect.Value) string {
	if v.Kind() == reflect.String {
		return strconv.Quote(v.String())
	}
	return fmt.Sprint(v.Interface())
}

// metadata is what the field of the column says, if it is to say something.
func (c *column) metadata(id uint32) arrow.Metadata {
	if !c.source.Describe {
		return arrow.Metadata{}
	}
	keys, values := []string{MetadataSpec}, []string{c.source.Spec()}
	if !traitsOf(c.source.Method).keyless {
		keys, values = append(keys, MetadataKeyID), append(values, strconv.FormatUint(uint64(id), 10))
	}
	return arrow.NewMetadata(keys, values)
}
