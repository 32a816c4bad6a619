package anonymize

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// pathSeparator joins the keys of a setting's path. It is a character that no
// column name holds in practice, so that paths are unambiguous.
const pathSeparator = "\x1f"

func join(path string, keys ...string) string {
	if path == "" {
		return strings.Join(keys, pathSeparator)
	}
	return path + pathSeparator + strings.Join(keys, pathSeparator)
}

// mistake is something wrong with a policy: where, and what.
type mistake struct {
	path string // of the setting, or of the nearest one that is there
	line int    // where the path is not known
	text string
}

// PolicyError lists everything that is wrong with a policy.
type PolicyError struct {
	// Policy is the name of the file, empty for a policy written in Go.
	Policy string
	// Mistakes has one message a mistake, each with its line where known.
	Mistakes []string
}

// Error gives one mistake a line.
func (e *PolicyError) Error() string {
	name := "policy"
	if e.Policy != "" {
		name += " " + e.Policy
	}
	if len(e.Mistakes) == 1 {
		return fmt.Sprintf("anonymize: %s: %s", name, e.Mistakes[0])
	}
	return fmt.Sprintf("anonymize: %s: %d mistakes\n\t%s",
		name, len(e.Mistakes), strings.Join(e.Mistakes, "\n\t"))
}

// mistaken turns mistakes into one error, in the order of the file.
func (p *Policy) mistaken(mistakes []mistake) error {
	for i := range mistakes {
		if m := &mistakes[i]; m.line == 0 {
			m.line = p.origin.line(m.path)
		}
	}
	sort.SliceStable(mistakes, func(i, j int) bool { return mistakes[i].line < mistakes[j].line })
	e := &PolicyError{Policy: p.origin.name}
	for _, m := range mistakes {
		text := m.text
		if m.line > 0 {
			text = fmt.Sprintf("line %d: %s", m.line, text)
		}
		if !slices.Contains(e.Mistakes, text) {
			e.Mistakes = append(e.Mistakes, text)
		}
	}
	return e
}

func parent(path string) string {
	i := strings.LastIndex(path, pathSeparator)
	if i < 0 {
		return ""
	}
	return path[:i]
}
