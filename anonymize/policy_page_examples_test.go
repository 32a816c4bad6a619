package anonymize

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var pageBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// pagePolicies are the policies of POLICY.md: the first of its blocks, and the others put
// into it. Each block is read strictly by itself, too.
func pagePolicies(t *testing.T, page string) (policies []*yaml.Node) {
	t.Helper()
	blocks := pageBlock.FindAllStringSubmatch(page, -1)
	for _, b := range blocks {
		dec := yaml.NewDecoder(strings.NewReader(b[1]))
		dec.KnownFields(true)
		if err := dec.Decode(&Policy{}); err != nil {
			t.Fatalf("%v in\n%s", err, b[1])
		}
		policies = append(policies, put(mapping(t, b[1]), mapping(t, blocks[0][1])))
	}
	return policies
}

func mapping(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	return root.Content[0]
}

// put returns into with what part says: key by key in mappings, all of it elsewhere.
func put(part, into *yaml.Node) *yaml.Node {
	if part.Kind != yaml.MappingNode || into.Kind != yaml.MappingNode {
		return part
	}
next:
	for i := 0; i < len(part.Content); i += 2 {
		for j := 0; j < len(into.Content); j += 2 {
			if into.Content[j].Value == part.Content[i].Value {
				into.Content[j+1] = put(part.Content[i+1], into.Content[j+1])
				continue next
			}
		}
		into.Content = append(into.Content, part.Content[i], part.Content[i+1])
	}
	return into
}

// readNode reads a policy as from a file beside the tables that the page names.
func readNode(t *testing.T, n *yaml.Node, dir string) error {
	t.Helper()
	data, err := yaml.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parsePolicy(data, filepath.Join(dir, "policy.yaml"))
	return err
}

// TestPolicyPageExamples reads every example of POLICY.md as a policy, and takes from it
// one by one the keys that the page says are required, whereupon it is to be refused.
func TestPolicyPageExamples(t *testing.T) {
	page := readPage(t)
	rows := pageRows(t, page)
	_, _, named := policyKeys()
	dir := t.TempDir()
	tree := []byte("bachelor;university;*\nmaster;university;*\nnone;school;*\n")
	if err := os.WriteFile(filepath.Join(dir, "education.csv"), tree, 0o600); err != nil {
		t.Fatal(err)
	}
	policies := pagePolicies(t, page)
	if len(policies) < 9 {
		t.Fatalf("only %d examples found", len(policies))
	}
	removed := map[string]bool{}
	for _, p := range policies {
		if err := readNode(t, p, dir); err != nil {
			t.Errorf("an example is refused: %v", err)
			continue
		}
		var walk func(n *yaml.Node, path string, names bool)
		walk = func(n *yaml.Node, path string, names bool) {
			if n.Kind == yaml.SequenceNode {
				for _, c := range n.Content {
					walk(c, path, names)
				}
			}
			if n.Kind != yaml.MappingNode {
				return
			}
			whole := n.Content
			for i := 0; i < len(whole); i += 2 {
				if names {
					walk(whole[i+1], path, false)
					continue
				}
				below := strings.TrimPrefix(path+"."+whole[i].Value, ".")
				walk(whole[i+1], below, named[below])
				if rows[below].preset != "required" || removed[below] {
					continue
				}
				removed[below] = true
				n.Content = slices.Concat(whole[:i], whole[i+2:])
				if readNode(t, p, dir) == nil {
					t.Errorf("%s is required on the page, and a policy without is read", below)
				}
				n.Content = whole
			}
		}
		walk(p, "", false)
	}
	for path, row := range rows {
		if row.preset == "required" && !removed[path] {
			t.Errorf("%s is required on the page and in no example", path)
		}
	}
	if data, _ := yaml.Marshal(policies[0]); !bytes.Contains(data, []byte("version: 1")) {
		t.Error("the first example is no whole policy")
	}
}

// TestPolicyPageLimits reads policies at the ends of the ranges that POLICY.md names, and
// beyond them: each part has %s where a value belongs, and is put into the first example.
// Values are divided by blanks; one within a value is a no-break space.
func TestPolicyPageLimits(t *testing.T) {
	const (
		unit   = "statistics: {unit: {column: name, max_rows: 1}, budget: {epsilon: 1}, queries: "
		models = "privacy: {models: [{k_anonymity: {k: 2}}, " +
			"{l_diversity: {column: diagnosis, l: 2, kind: distinct}}, {%s}]}"
		estimated = "population_uniqueness: {population: 9, estimator: snb, share: %s}"
	)
	first, dir := pageBlock.FindStringSubmatch(readPage(t))[1], t.TempDir()
	for _, l := range []struct{ part, good, bad string }{
		{"columns: {a: {role: insensitive, round: {to: %s}}}", "0.1", "0"},
		{"columns: {a: {role: insensitive, round: {to: 10}, clamp: {max: %s}}}", "20", "25"},
		{"columns: {a: {role: insensitive, mask: {keep_last: %s}}}", "1 65536", "0 65537"},
		{"columns: {a: {role: insensitive, mask: {keep_last: 1, length: %s}}}", "65536", "65537"},
		{"columns: {a: {role: insensitive, mask: {keep_last: 1, with: %s}}}", "x", "xx"},
		{"columns: {zip: {hierarchy: {prefix: {length: %s}}}}", "1 64", "0 65"},
		{"columns: {zip: {hierarchy: {min_level: %s}}}", "0 5", "-1 6"},
		{"columns: {zip: {hierarchy: {max_level: %s}}}", "0 5", "-1 6"},
		{"columns: {birth_date: {hierarchy: {dates: {periods: [%s]}}}}", "week day,week",
			"week,month year,month"},
		{"columns: {name: {pseudonym: {domain: d, siv: {bucket: %s}}}}", "1 65536", "-1 65537"},
		{"columns: {name: {pseudonym: {domain: d, ff1: {shape: card, keep: %s}}}}", "6 8", "5 7"},
		{"columns: {name: {pseudonym: {domain: d, ff1: {shape: alphabet, alphabet: %s}}}}", "ab", "a"},
		{"columns: {a: {role: insensitive, pseudonym: {domain: d, date_shift: {subject: name, " +
			"hi: %s}}}}", "1 365250", "0 365251"},
		{"columns: {name: {pseudonym: {domain: d, hmac: {}, canonical: [%s]}}}", "trim,nfc,fold,e164",
			"nfc,nfkc lower,fold digits,e164"},
		{"columns: {name: {pseudonym: {redact: {}, %s}}}", "describe:\u00a0false",
			"domain:\u00a0d entity:\u00a0d dataset:\u00a0d key:\u00a0d key_id:\u00a01"},
		{"columns: {a: {role: insensitive, local_dp: {noise: {upper: 1, epsilon: %s}}}}", "1e-9 4096",
			"1e-10 4097"},
		{"columns: {a: {role: insensitive, local_dp: {noise: {upper: 1, epsilon: 1, missing: %s}}}}",
			"0 1", "2"},
		{"columns: {a: {role: insensitive, local_dp: {unary_encoding: {epsilon: 1, categories: " +
			"[%s]}}}}", "a,b", "a"},
		{"minimize: {sample: {column: name, domain: d, fraction: %s}}", "0.1 1", "0 1.1"},
		{"minimize: {retain: {column: birth_date, as_of: 2024-07-01, last: %s}}",
			"90\u00a0days 4\u00a0weeks 2\u00a0years", "90 2\u00a0hours"},
		{"privacy: {max_suppression: %s}", "0 1", "-0.1 1.1"},
		{"privacy: {effort: %s}", "0 1", "-1"},
		{"privacy: {recoding: local, local: {iterations: %s}}", "0 1073741824", "-1 1073741825"},
		{"privacy: {loss: {balance: %s}}", "-1 1", "-1.1 1.1"},
		{"privacy: {loss: {measure: %s, balance: 0.5}}", "ncp aecs",
			"height discernibility ambiguity kl_divergence"},
		{"privacy: {loss: {measure: %s, aggregate: sum}}", "normalized_entropy",
			"discernibility aecs ambiguity kl_divergence entropy_loss"},
		{"privacy: {loss: {weights: {zip: %s}}}", "0 2", "-1"},
		{strings.Replace(models, "%s", "average_risk: {risk: 0.1, at_risk: 0.1, highest: %s}", 1), "0.2",
			"0"},
		{"privacy: {recoding: %s, loss: {measure: ncp}}", "global", "local mondrian"},
		{strings.Replace(models, "%s", "k_anonymity: {k: %s}", 1), "2", "1"},
		{strings.Replace(models, "%s", "alpha_k: {column: diagnosis, k: 2, alpha: %s}", 1), "0.1", "0 1"},
		{strings.Replace(models, "%s", "l_diversity: {column: diagnosis, kind: distinct, l: %s}", 1),
			"2", "1 2.5"},
		{strings.Replace(models, "%s", "l_diversity: {column: diagnosis, kind: entropy, l: %s}", 1),
			"1.1", "1"},
		{strings.Replace(models, "%s", "t_closeness: {column: diagnosis, distance: equal, t: %s}", 1),
			"0.9", "0 1"},
		{strings.Replace(models, "%s", "beta_likeness: {column: diagnosis, kind: basic, beta: %s}", 1),
			"0.1", "0"},
		{strings.Replace(models, "%s", "delta_disclosure: {column: diagnosis, delta: %s}", 1), "64",
			"0 65"},
		{strings.Replace(models, "%s", "average_risk: {risk: %s}", 1), "0.1", "0 1"},
		{strings.Replace(models, "%s", "average_risk: {risk: 0.1, highest: %s}", 1), "0 1", "1.1"},
		{strings.Replace(models, "%s", "average_risk: {risk: 0.1, highest: 1, at_risk: %s}", 1), "0",
			"1"},
		{strings.Replace(models, "%s", "sample_uniqueness: {share: %s}", 1), "0", "1"},
		{strings.Replace(models, "%s", estimated, 1), "0", "1"},
		{"statistics: {unit: {column: name, max_rows: %s}, budget: {epsilon: 1}, " +
			"queries: [{count: {epsilon: 1}}]}", "1", "0"},
		{"statistics: {unit: {column: name, max_rows: 1}, ledger: l, budget: {%s}, " +
			"queries: [{groups: {by: [zip], rule: laplace, epsilon: 1, delta: 0.1}}]}",
			"epsilon:\u00a01,delta:\u00a00.1", "epsilon:\u00a01,delta:\u00a01 delta:\u00a00.1"},
		{"statistics: {unit: {column: name, max_rows: 1}, budget: {%s}, queries: [{count: {rho: 1}}]}",
			"rho:\u00a01", "epsilon:\u00a01 rho:\u00a01,epsilon:\u00a01"},
		{unit + "[{sum: {column: stay_days, epsilon: 1, bounds_share: %s}}]}", "0.5", "1"},
		{unit + "[{quantiles: {column: stay_days, upper: 9, epsilon: 1, ranks: [%s]}}]}", "0.1", "0 1"},
		{unit + "[{histogram: {column: stay_days, epsilon: 1, edges: [%s]}}]}", "1,2", "1 2,1"},
		{unit + "[{count: {epsilon: 1, by: [zip]%s}}]}", ",keys:\u00a0{zip:\u00a0[a]}", ","},
	} {
		for values, good := range map[string]bool{l.good: true, l.bad: false} {
			for _, value := range strings.Split(values, " ") {
				part := fmt.Sprintf(l.part, strings.ReplaceAll(value, "\u00a0", " "))
				err := readNode(t, put(mapping(t, part), mapping(t, first)), dir)
				if (err == nil) != good {
					t.Errorf("%s: read %t, want %t: %v", part, err == nil, good, err)
				}
			}
		}
	}
}
