package anonymize

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lethe-go/lethe/pseudonym"
)

// namedMethod is a method with the name that a policy has for it.
type namedMethod struct {
	name   string
	method pseudonym.Method
	given  bool
}

// methods lists all methods that a policy can name.
func (p *Pseudonym) methods() []namedMethod {
	return []namedMethod{
		{"hmac", value(p.HMAC), p.HMAC != nil},
		{"cmac", value(p.CMAC), p.CMAC != nil},
		{"siv", value(p.SIV), p.SIV != nil},
		{"ff1", value(p.FF1), p.FF1 != nil},
		{"crosswalk", value(p.Crosswalk), p.Crosswalk != nil},
		{"email", value(p.Email), p.Email != nil},
		{"date_shift", value(p.DateShift), p.DateShift != nil},
		{"redact", value(p.Redact), p.Redact != nil},
		{"mask", value(p.Mask), p.Mask != nil},
		{"constant", value(p.Constant), p.Constant != nil},
	}
}

// value is the method that a policy points to.
func value[M pseudonym.Method](m *M) pseudonym.Method {
	if m == nil {
		return nil
	}
	return *m
}

// given lists the methods that the policy gives: one, if it is right.
func (p *Pseudonym) given() []namedMethod {
	return slices.DeleteFunc(p.methods(), func(m namedMethod) bool { return !m.given })
}

// keyless tells whether the method has no key.
func (p *Pseudonym) keyless() bool {
	return p.Redact != nil || p.Mask != nil || p.Constant != nil
}

// PseudonymOf returns how the policy pseudonymizes a column, as package
// pseudonym takes it, and the id of the key that it pins, or 0. The table of a
// crosswalk is left to the caller. A column that the policy does not
// pseudonymize is an error.
func (p *Policy) PseudonymOf(column string) (pseudonym.Column, uint32, error) {
	ps := p.Columns[column].Pseudonym
	if ps == nil || p.dropped(column) {
		return pseudonym.Column{}, 0, fmt.Errorf("anonymize: policy: column %q is not pseudonymized",
			column)
	}
	c := ps.column(column)
	if err := c.Validate(); err != nil {
		return c, 0, fmt.Errorf("anonymize: policy: %w", err)
	}
	return c, ps.KeyID, nil
}

// reversible tells whether the key, with the table of a crosswalk, gives tokens
// their values back.
func (p *Pseudonym) reversible() bool {
	return p.SIV != nil || p.FF1 != nil || p.Crosswalk != nil
}

// column says how a column is pseudonymized, by a policy that names one method.
func (p *Pseudonym) column(name string) pseudonym.Column {
	c := pseudonym.Column{
		Name:       name,
		Field:      pseudonym.Field{Domain: p.Domain, Entity: p.Entity, Dataset: p.Dataset},
		Canonical:  p.Canonical,
		Empty:      p.Empty,
		Sentinels:  p.Sentinels,
		SentinelAs: p.SentinelAs,
		LowEntropy: p.LowEntropy,
		Describe:   p.Describe,
	}
	if given := p.given(); len(given) == 1 {
		c.Method = given[0].method
	}
	switch {
	case p.keyless():
	case p.DateShift != nil:
		c.Field.Entity = or(p.Entity, p.DateShift.Subject)
	default:
		c.Field.Entity = or(p.Entity, name)
	}
	return c
}

func (v *validator) pseudonym(path, where, name string, c Column) {
	path = join(path, "pseudonym")
	p := c.Pseudonym
	if c.Role == QuasiIdentifier && p.DateShift == nil {
		v.addf(path, "%sa quasi-identifier is generalized, not pseudonymized; "+
			"give it the role identifier or drop the pseudonym", where)
	}
	if given := p.given(); len(given) != 1 {
		var all, these []string
		for _, m := range p.methods() {
			all = append(all, m.name)
		}
		for _, m := range given {
			these = append(these, m.name)
		}
		if len(given) == 0 {
			v.addf(path, "%sno method; want one of %s", where, strings.Join(all, ", "))
		} else {
			v.addf(path, "%smethods %s, want one", where, strings.Join(these, " and "))
		}
		return
	}
	v.addAll(path, "", p.column(name).Validate())
	if p.keyless() && p.Key != "" {
		v.addf(join(path, "key"), "%sthe method has no key", where)
	}
	if p.keyless() && p.KeyID != 0 {
		v.addf(join(path, "key_id"), "%sthe method has no key", where)
	}
	if s := p.DateShift; s != nil && s.Subject != "" {
		at := join(path, "date_shift", "subject")
		v.reference(at, fmt.Sprintf("%sthe date shift", where), s.Subject)
		if s.Subject == name {
			v.addf(at, "%sthe dates cannot be their own subject", where)
		}
		// A keyring replaces all of its columns at once, so a shift sees the
		// subject as it came in unless another keyring replaced it before.
		subject := v.policy.Columns[s.Subject].Pseudonym
		if subject != nil && !v.policy.dropped(s.Subject) &&
			subject.keyName() != p.keyName() {
			v.addf(at, "%sthe subject %q is pseudonymized without this key, so that the shift would "+
				"not be the same in other tables; use one key", where, s.Subject)
		}
	}
}

// subjects lists the columns that the date shifts of the named columns read.
func (p *Policy) subjects(names []string) []string {
	var subjects []string
	for _, name := range names {
		if ps := p.Columns[name].Pseudonym; ps != nil && ps.DateShift != nil && !p.dropped(name) {
			subjects = append(subjects, ps.DateShift.Subject)
		}
	}
	return subjects
}

// action says in plain words how the column is pseudonymized.
func (p *Pseudonym) action(name string) string {
	c := p.column(name)
	var text string
	switch {
	case p.HMAC != nil:
		text = "HMAC-SHA256 tokens"
	case p.CMAC != nil:
		text = "AES-CMAC tokens"
	case p.SIV != nil:
		text = "AES-SIV tokens, which the key reverses"
	case p.FF1 != nil:
		text = fmt.Sprintf("encrypted to the same shape (FF1, %s), which the key reverses", p.FF1.Shape)
	case p.Crosswalk != nil:
		text = "random tokens of a crosswalk, which its table and the key reverse"
	case p.Email != nil:
		text = "e-mail addresses with a token, domain: " + string(p.Email.Host)
	case p.DateShift != nil:
		text = p.shiftAction()
	case p.Redact != nil:
		return "redacted: every value is null"
	case p.Mask != nil:
		text = Mask{KeepFirst: p.Mask.KeepFirst, KeepLast: p.Mask.KeepLast, With: p.Mask.With,
			Length: p.Mask.Length}.describe()
	case p.Constant != nil:
		return fmt.Sprintf("every value replaced by %q", p.Constant.Value)
	}
	if len(c.Canonical) > 0 {
		text += ", of values canonicalized by " + strings.Join(c.Canonical, ", ")
	}
	if c.Empty != "" && c.Empty != pseudonym.Token {
		text += fmt.Sprintf(", empty values: %s", c.Empty)
	}
	if n := len(c.Sentinels); n > 0 {
		text += fmt.Sprintf(", %d sentinel values: %s", n, or(string(c.SentinelAs), "null"))
	}
	if p.keyless() {
		return text
	}
	text += fmt.Sprintf(", domain %q, entity %q", c.Field.Domain, c.Field.Entity)
	if c.Field.Dataset != "" {
		text += fmt.Sprintf(", data set %q", c.Field.Dataset)
	}
	text += fmt.Sprintf(", key %q", or(p.Key, MainKey))
	if p.KeyID != 0 {
		text += fmt.Sprintf(" pinned to id %d", p.KeyID)
	}
	return text
}

func (p *Pseudonym) shiftAction() string {
	s := p.DateShift
	text := fmt.Sprintf("dates shifted by %d to %d days", s.Lo, s.Hi)
	if s.Weeks {
		text += " in whole weeks"
	}
	if s.NonZero {
		text += ", never by none"
	}
	return text + fmt.Sprintf(", the same for all dates of one %q", s.Subject)
}
