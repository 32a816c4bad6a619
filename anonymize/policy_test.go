package anonymize

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var updatePolicies = flag.Bool("update-policies", false, "rewrite the messages in testdata/policy")

// TestPolicyMistakes reads every archive of testdata/policy: the file "policy"
// is what a person wrote, "want" is the error word for word (empty: none), and
// other files lie beside the policy.
func TestPolicyMistakes(t *testing.T) {
	archives, err := filepath.Glob("testdata/policy/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(archives) < 20 {
		t.Fatalf("only %d policies found", len(archives))
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			var want *txtar.File
			for i := range a.Files {
				f := &a.Files[i]
				if f.Name == "want" {
					want = f
				} else if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err = ReadPolicy(filepath.Join(dir, "policy"))
			got := ""
			if err != nil {
				got = strings.ReplaceAll(err.Error(), dir, "DIR") + "\n"
				var mistakes *PolicyError
				if !errors.As(err, &mistakes) || len(mistakes.Mistakes) == 0 {
					t.Errorf("%T is no PolicyError", err)
				}
			}
			if *updatePolicies {
				want.Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
