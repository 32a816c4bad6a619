package anonymize

import (
	"strings"
	"unicode/utf8"
)

// textTable is a table of aligned columns. The last cell of a row is wrapped
// to the width of the report.
type textTable struct {
	right []bool // columns aligned to the right
	rows  [][]string
}

func (t *textTable) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *textReport) section(title string) { t.WriteString("\n" + title + "\n") }

// table writes the rows two characters in and two apart.
func (t *textReport) table(table textTable) {
	var widths []int
	for _, row := range table.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range table.rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString("  ")
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			last := i == len(row)-1
			switch {
			case i < len(table.right) && table.right[i]:
				line.WriteString(pad + cell)
			case last:
				indent := utf8.RuneCountInString(line.String())
				line.WriteString(strings.Join(wrapWords(cell, textWidth-indent),
					"\n"+strings.Repeat(" ", indent)))
			default:
				line.WriteString(cell + pad)
			}
		}
		t.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// paragraph writes text in lines that start under the first one's text.
func (t *textReport) paragraph(mark, text string) {
	indent := "\n" + strings.Repeat(" ", len(mark))
	t.WriteString(mark + strings.Join(wrapWords(text, textWidth-len(mark)), indent) + "\n")
}

// wrapWords breaks s at spaces into lines of at most width characters, and
// words that are longer than that anywhere. A width below 16 means 16, for
// tables that are too wide for this report.
func wrapWords(s string, width int) []string {
	width = max(width, 16)
	var lines []string
	line, length := "", 0
	for word := range strings.SplitSeq(s, " ") {
		n := utf8.RuneCountInString(word)
		if n == 0 {
			continue
		}
		if length > 0 && length+1+n > width {
			lines = append(lines, line)
			line, length = "", 0
		}
		if length > 0 {
			line += " "
			length++
		}
		for n > width {
			head := string([]rune(word)[:width])
			lines = append(lines, head)
			word = word[len(head):]
			n -= width
		}
		line += word
		length += n
	}
	return append(lines, line)
}
