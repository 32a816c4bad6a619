package anonymize

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxPolicyBytes bounds what ReadPolicy reads: a policy is written by hand.
const maxPolicyBytes = 4 << 20

// origin is where a policy came from: its file, the folder that its paths are
// relative to, the line of each of its settings, and its digest. All are empty
// for a policy written in Go.
type origin struct {
	name   string
	dir    string
	lines  map[string]int
	sha256 string
}

// ReadPolicy reads a policy from a YAML or JSON file. It is strict: an unknown
// field, a repeated key, a field in the wrong case and a second document are
// refused. The error lists every mistake with its line.
func ReadPolicy(path string) (*Policy, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("anonymize: policy: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPolicyBytes+1))
	if err != nil {
		return nil, fmt.Errorf("anonymize: policy: %w", err)
	}
	if len(data) > maxPolicyBytes {
		return nil, fmt.Errorf("anonymize: policy %s: larger than %d bytes",
			filepath.Base(path), maxPolicyBytes)
	}
	return parsePolicy(data, path)
}

func parsePolicy(data []byte, path string) (*Policy, error) {
	p := &Policy{}
	sum := sha256.Sum256(data)
	p.origin = origin{
		name:   filepath.Base(path),
		dir:    filepath.Dir(path),
		sha256: hex.EncodeToString(sum[:]),
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, p.mistaken([]mistake{{text: "the file is empty"}})
	}
	var root yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&root); err != nil {
		return nil, p.mistaken([]mistake{syntaxMistake(data, err)})
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, p.mistaken([]mistake{{
			line: more.Line, text: "a second document follows; a policy is one document"}})
	}
	p.origin.lines = map[string]int{}
	index(&root, "", p.origin.lines)

	strict := yaml.NewDecoder(bytes.NewReader(quoteNullKeys(data, &root)))
	strict.KnownFields(true)
	var mistakes []mistake
	misread := map[int]bool{} // lines of which not everything could be read
	if err := strict.Decode(p); err != nil {
		var typed *yaml.TypeError
		if !errors.As(err, &typed) {
			return nil, p.mistaken([]mistake{syntaxMistake(data, err)})
		}
		for _, text := range typed.Errors {
			m := decodeMistake(text)
			mistakes = append(mistakes, m)
			if strings.HasPrefix(m.text, "mapping key") { // its whole mapping is missing
				return nil, p.mistaken(mistakes)
			}
			misread[m.line] = misread[m.line] || !strings.HasPrefix(m.text, "unknown field")
		}
	}
	for _, m := range p.validate() {
		if m.line = p.origin.line(m.path); !misread[m.line] {
			mistakes = append(mistakes, m)
		}
	}
	if len(mistakes) > 0 {
		return nil, p.mistaken(mistakes)
	}
	return p, nil
}

// line is where a setting is, or the nearest one above it that is there; 0
// where that is not known.
func (o origin) line(path string) int {
	for ; path != ""; path = parent(path) {
		if line := o.lines[path]; line > 0 {
			return line
		}
	}
	return 0
}

// index records the line of every setting under its path, the keys joined by
// pathSeparator.
func index(n *yaml.Node, path string, lines map[string]int) {
	switch n.Kind {
	case yaml.DocumentNode:
		for _, c := range n.Content {
			index(c, path, lines)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			p := join(path, n.Content[i].Value)
			lines[p] = n.Content[i].Line
			index(n.Content[i+1], p, lines)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			p := join(path, strconv.Itoa(i))
			lines[p] = c.Line
			index(c, p, lines)
		}
	}
}

// quoteNullKeys puts quotes around keys that YAML reads as the null value
// (null, Null, ~). A decoder passes such a key over in silence, even a strict
// one, and with it what a policy says of null tokens or of a column called
// "null".
func quoteNullKeys(data []byte, root *yaml.Node) []byte {
	type place struct{ line, column int }
	var keys []place
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, c := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 && c.Tag == "!!null" && c.Value != "" {
				keys = append(keys, place{c.Line, c.Column})
			}
			walk(c)
		}
	}
	walk(root)
	if len(keys) == 0 {
		return data
	}
	lines := strings.SplitAfter(string(data), "\n")
	for _, k := range slices.Backward(keys) { // from the right, so that columns stay
		line := []rune(lines[k.line-1])
		word := "~"
		if rest := string(line[k.column-1:]); len(rest) >= 4 && strings.EqualFold(rest[:4], "null") {
			word = rest[:4]
		}
		lines[k.line-1] = string(line[:k.column-1]) + strconv.Quote(word) +
			string(line[k.column-1+len(word):])
	}
	return []byte(strings.Join(lines, ""))
}

var (
	yamlLine     = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)
	unknownField = regexp.MustCompile(`^field (.*) not found in type (\S+)$`)
	badType      = regexp.MustCompile("^cannot unmarshal (!!\\S+)(?: `(.*)`)? into (\\S+)$")
)

// decodeMistake puts a message of the YAML decoder into the words of a policy.
func decodeMistake(text string) mistake {
	m := mistake{text: text}
	if at := yamlLine.FindStringSubmatch(text); at != nil {
		m.line, _ = strconv.Atoi(at[1])
		m.text = text[len(at[0]):]
	}
	if field := unknownField.FindStringSubmatch(m.text); field != nil {
		m.text = fmt.Sprintf("unknown field %q%s", field[1],
			suggestion(field[1], slices.Values(keysOf(field[2]))))
	} else if t := badType.FindStringSubmatch(m.text); t != nil {
		got := fmt.Sprintf("%q", t[2])
		switch t[1] {
		case "!!seq":
			got = "a list"
		case "!!map":
			got = "a mapping"
		}
		m.text = fmt.Sprintf("%s does not fit here, want %s", got, goTypeInWords(t[3]))
	}
	return m
}

// goTypeInWords is what a person writes for a value of a Go type.
func goTypeInWords(name string) string {
	switch {
	case strings.HasPrefix(name, "[]"):
		return "a list"
	case strings.HasPrefix(name, "int"), strings.HasPrefix(name, "uint"):
		return "a whole number"
	case strings.HasPrefix(name, "float"):
		return "a number"
	case name == "bool":
		return "true or false"
	case name == "string":
		return "text"
	}
	return "a mapping"
}

// digest is the SHA-256 of the policy's file, or of its JSON form where it was
// written in Go.
func (p *Policy) digest() string {
	if p.origin.sha256 != "" {
		return p.origin.sha256
	}
	data, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
