package anonymize

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// longestLocated bounds the lines of a policy in which the place of a mistake is
// looked for, which takes a reading for each line.
const longestLocated = 1000

// syntaxMistake says what is wrong with text that is no YAML, and where. The reader
// names the line where it gave up on a mapping, which may be its first; the mistake is
// on the line from which on no beginning of the text can be read.
func syntaxMistake(data []byte, err error) mistake {
	m := decodeMistake(strings.TrimPrefix(err.Error(), "yaml: "))
	lines := strings.Split(string(data), "\n")
	if len(lines) > longestLocated {
		return m
	}
	n := len(lines)
	for ; n > 1; n-- {
		var node yaml.Node
		if yaml.Unmarshal([]byte(strings.Join(lines[:n-1], "\n")+"\n"), &node) == nil {
			break
		}
	}
	m.line = n
	line := lines[n-1]
	space := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	switch {
	case strings.Contains(space, "\t"):
		m.text = "is indented with a tab; want spaces"
	case strings.Contains(m.text, "did not find expected key"),
		strings.Contains(m.text, "mapping values are not allowed"):
		if open := indents(lines[:n-1]); !slices.Contains(open, len(space)) {
			m.text = fmt.Sprintf("is indented by %s; want %s, as the lines above that it may belong to",
				plural(int64(len(space)), "space"), either(open))
		} else if strings.Contains(m.text, "mapping values") {
			m.text += "; put a text that holds a colon in quotes"
		}
	}
	return m
}

// indents are how far the lines are indented to whose mappings another line can belong.
func indents(lines []string) []int {
	var open []int
	for _, line := range lines {
		text := strings.TrimLeft(line, " ")
		if text == "" || text[0] == '#' {
			continue
		}
		n := len(line) - len(text)
		for len(open) > 0 && open[len(open)-1] >= n {
			open = open[:len(open)-1]
		}
		open = append(open, n)
	}
	return open
}

// either lists numbers as alternatives.
func either(numbers []int) string {
	var words []string
	for _, n := range numbers {
		words = append(words, fmt.Sprint(n))
	}
	return strings.Join(words, " or ")
}
