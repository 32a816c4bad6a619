package main

import (
	"slices"
	"strings"
	"unicode"
)

// Words in the names of columns that identify somebody, alone or side by side.
var identifying = []string{
	"id", "uuid", "guid", "name", "firstname", "lastname", "forename", "surname", "fullname",
	"username", "login", "nickname", "email", "mail", "phone", "telephone", "mobile", "fax", "ssn",
	"nin", "nhs", "mrn", "passport", "iban", "account", "card", "licence", "license", "street",
	"address", "url", "ip", "imei", "mac", "vin", "plate", "social security", "tax number",
}

// identifies says whether a column names somebody by the words of its own name:
// national_id, FirstName, e-mail. What is wrong is seen and put right by who
// reads the proposal.
func identifies(column string) bool {
	words := " " + strings.Join(wordsOf(column), " ") + " "
	return slices.ContainsFunc(identifying, func(word string) bool {
		return strings.Contains(words, " "+word+" ")
	})
}

// wordsOf splits a name where letters end and where a capital follows a small
// letter.
func wordsOf(name string) []string {
	var text []rune
	before := ' '
	for _, r := range strings.ReplaceAll(name, "e-mail", "email") {
		if !unicode.IsLetter(r) || unicode.IsUpper(r) && unicode.IsLower(before) {
			text = append(text, ' ')
		}
		if unicode.IsLetter(r) {
			text = append(text, unicode.ToLower(r))
		}
		before = r
	}
	return strings.Fields(string(text))
}
