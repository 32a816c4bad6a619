package reverse_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-go/lethe/pseudonym/internal/reverse"
)

func TestPermit(t *testing.T) {
	if (reverse.Permit{}).Granted() || !reverse.Grant().Granted() {
		t.Error("the zero Permit permits, or a granted one does not")
	}
}

// Only package reid grants permits, and only it and package pseudonym know of
// them.
func TestNobodyElseReverses(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	granting := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") ||
			strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		switch dir := filepath.ToSlash(rel); {
		case strings.Contains(string(text), "reverse.Grant()") && dir != "pseudonym/reid":
			t.Errorf("%s grants permits", path)
		case strings.Contains(string(text), `"github.com/lethe-go/lethe/pseudonym/internal/reverse"`) &&
			dir != "pseudonym/reid" && dir != "pseudonym":
			t.Errorf("%s imports package reverse", path)
		}
		if strings.Contains(string(text), "reverse.Grant()") {
			granting++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if granting == 0 {
		t.Error("nobody grants permits: this test looks in the wrong place")
	}
}
