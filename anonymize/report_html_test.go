package anonymize

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const attack = `"><script>alert(1)</script><img src=x onerror=alert(2)>` +
	`</style></title></svg>{{.}}' onload='x`

// What stands in a report is text in the page, wherever it stands.
func TestWriteHTMLEscapes(t *testing.T) {
	got := render(t, hostileReport(attack).WriteHTML)
	for _, wrong := range []string{"<script", "<img", "</style></title>", "' onload='"} {
		if strings.Contains(got, wrong) {
			t.Errorf("%q in the page", wrong)
		}
	}
	// The tags are those of the template, for any text.
	tags := regexp.MustCompile(`</?[a-zA-Z!][^\s>]*`)
	harmless := render(t, hostileReport("x").WriteHTML)
	diff := cmp.Diff(tags.FindAllString(harmless, -1), tags.FindAllString(got, -1))
	if diff != "" {
		t.Errorf("texts change the structure of the page (-want +got):\n%s", diff)
	}
	if text := html.UnescapeString(got); !strings.Contains(text, attack+"birth_year") {
		t.Error("the name of a column is not shown as it is")
	}
}

// The page asks for nothing from outside, and its policy forbids it to.
func TestWriteHTMLIsSelfContained(t *testing.T) {
	got := render(t, sampleReport().WriteHTML)
	for _, pattern := range []string{`(?i)https?:`, `(?i)\burl\(`, `(?i)@import`, `(?i)\ssrc=`,
		`(?i)<(script|link|img|iframe|object|embed|base|form)\b`, `(?i)\son[a-z]+=`, `(?i)\sstyle=`,
		`href="[^#]`} {
		if m := regexp.MustCompile(pattern).FindString(got); m != "" {
			t.Errorf("%q in the page", m)
		}
	}
	_, style, _ := strings.Cut(got, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	hash := sha256.Sum256([]byte(style))
	want := "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(hash[:]) + "'"
	meta := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`)
	m := meta.FindStringSubmatch(got)
	if m == nil || html.UnescapeString(m[1]) != want {
		t.Errorf("policy is %q, want %q", m, want)
	}
	if strings.Index(got, "Content-Security-Policy") > strings.Index(got, "<style>") {
		t.Error("the policy stands after what it is about")
	}
}

func TestWriteHTMLIsAccessible(t *testing.T) {
	for name, r := range map[string]*Report{"sample": sampleReport(), "failed": failedReport(),
		"unprotected": unprotectedReport(), "empty": {}} {
		got := render(t, r.WriteHTML)
		ids := map[string]bool{}
		for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(got, -1) {
			if ids[m[1]] {
				t.Errorf("%s: id %q twice", name, m[1])
			}
			ids[m[1]] = true
		}
		refs := regexp.MustCompile(`aria-labelledby="([^"]*)"|href="#([^"]*)"`)
		for _, m := range refs.FindAllStringSubmatch(got, -1) {
			for id := range strings.FieldsSeq(m[1] + " " + m[2]) {
				if !ids[id] {
					t.Errorf("%s: nothing has id %q", name, id)
				}
			}
		}
		for _, m := range regexp.MustCompile(`<th\b[^>]*>`).FindAllString(got, -1) {
			if !strings.Contains(m, `scope="`) {
				t.Errorf("%s: no scope: %s", name, m)
			}
		}
		for _, m := range regexp.MustCompile(`(?s)<svg\b.*?</svg>`).FindAllString(got, -1) {
			named := strings.Contains(m, `role="img"`) && strings.Contains(m, "<title ") &&
				strings.Contains(m, "<desc ")
			decoration := strings.Contains(m, "aria-hidden") || strings.Contains(m, `viewBox="0 0 1 1"`)
			if !named && !decoration {
				t.Errorf("%s: a drawing without words: %.80s", name, m)
			}
		}
		for _, landmark := range []string{"<header>", "<main>", "<footer>", `<html lang="en">`, "<h1>"} {
			if strings.Count(got, landmark) != 1 {
				t.Errorf("%s: not one %s", name, landmark)
			}
		}
	}
}

// Contrast is that of the Web Content Accessibility Guidelines 2.2: 4.5 for
// text and 3 for bars, in both schemes.
func TestStyleContrast(t *testing.T) {
	light, dark, _ := strings.Cut(reportStyle, "@media screen and (prefers-color-scheme: dark)")
	dark, _, _ = strings.Cut(dark, "* {")
	for scheme, text := range map[string]string{"light": light, "dark": dark} {
		luminance := map[string]float64{}
		colour := regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`)
		for _, m := range colour.FindAllStringSubmatch(text, -1) {
			rgb, _ := strconv.ParseUint(m[2], 16, 32)
			for shift, weight := range map[int]float64{16: 0.2126, 8: 0.7152, 0: 0.0722} {
				c := float64(rgb>>shift&0xff) / 255
				if c <= 0.04045 {
					luminance[m[1]] += weight * c / 12.92
				} else {
					luminance[m[1]] += weight * math.Pow((c+0.055)/1.055, 2.4)
				}
			}
		}
		for _, pair := range []struct {
			front, back string
			want        float64
		}{
			{"ink", "paper", 4.5}, {"soft", "paper", 4.5}, {"ink", "panel", 4.5},
			{"good", "good-paper", 4.5}, {"bad", "bad-paper", 4.5}, {"none", "none-paper", 4.5},
			{"ink", "good-paper", 4.5}, {"ink", "bad-paper", 4.5}, {"ink", "none-paper", 4.5},
			{"good", "paper", 4.5}, {"bad", "paper", 4.5}, {"before", "paper", 3}, {"after", "paper", 3},
			{"after", "track", 3},
		} {
			a, b := luminance[pair.front], luminance[pair.back]
			if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < pair.want {
				t.Errorf("%s: %s on %s is %.2f, want %v", scheme, pair.front, pair.back, got, pair.want)
			}
		}
	}
}

func TestWriteHTMLOrder(t *testing.T) {
	got := render(t, sampleReport().WriteHTML)
	at := 0
	for _, id := range []string{"verdict", "not-protected", "columns", "models", "rows", "risk",
		"sizes", "shares", "statistics", "warnings", "verify"} {
		i := strings.Index(got, `<h2 id="`+id+`"`)
		if i < at {
			t.Errorf("%s at %d, after %d", id, i, at)
		}
		at = i
	}
}

// A page of many columns stays small enough to be sent by mail.
func TestWriteHTMLSize(t *testing.T) {
	r := sampleReport()
	for range 100 {
		r.Columns = append(r.Columns, r.Columns[2])
	}
	if n := len(render(t, r.WriteHTML)); n > 1<<19 {
		t.Errorf("%d bytes for 110 columns", n)
	}
}

func BenchmarkReport(b *testing.B) {
	r := sampleReport()
	for name, write := range writers(r) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				render(b, write)
			}
		})
	}
}
