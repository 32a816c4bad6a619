//go:build unix

package pseudonym_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/lethe-go/lethe/pseudonym"
)

// Others may read the file, so it is refused.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "keys.json")
	if err := pseudonym.CreateKeyFile(path); err != nil {
		log.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		log.Fatal(err)
	}
	_, err = pseudonym.Open(context.Background(), pseudonym.KeyFile(path))
	fmt.Println(strings.ReplaceAll(err.Error(), path, "KEYS"))
	// Output:
	// pseudonym: key file "KEYS": others may access it (mode 0644); run: chmod 600 KEYS
}
