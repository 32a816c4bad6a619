package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lethe-go/lethe/pseudonym"
	"github.com/lethe-go/lethe/pseudonym/passphrase"
)

// passphraseVariable holds the passphrase where nobody can be asked.
const passphraseVariable = "LETHE_PASSPHRASE"

// keySource returns where the keys are that an argument names: env:VARIABLE,
// or a file, which may be sealed with a passphrase.
func keySource(cmd *cobra.Command, name string) (pseudonym.KeySource, error) {
	if variable, ok := strings.CutPrefix(name, "env:"); ok {
		return pseudonym.KeyEnv(variable), nil
	}
	// What cannot be read here is refused with its reason when it is opened.
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return pseudonym.KeyFile(name), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return pseudonym.KeyFile(name), nil
	}
	defer f.Close()
	head := make([]byte, 32)
	n, _ := io.ReadFull(f, head)
	if !passphrase.Is(head[:n]) {
		return pseudonym.KeyFile(name), nil
	}
	return sealedKeys(cmd, name, false), nil
}

// sealedKeys is a file under a passphrase, which is asked for once, or twice
// where it is new.
func sealedKeys(cmd *cobra.Command, path string, isNew bool) pseudonym.KeySource {
	var known []byte
	return passphrase.File(path, func(context.Context) ([]byte, error) {
		if known == nil {
			phrase, err := askPassphrase(cmd.ErrOrStderr(), path, isNew)
			if err != nil {
				return nil, err
			}
			known = phrase
		}
		return bytes.Clone(known), nil
	})
}

func askPassphrase(prompt io.Writer, path string, twice bool) ([]byte, error) {
	if phrase, ok := os.LookupEnv(passphraseVariable); ok {
		return []byte(phrase), nil
	}
	terminal := int(os.Stdin.Fd())
	if !term.IsTerminal(terminal) {
		return nil, errors.New("there is no terminal to ask on; set " + passphraseVariable)
	}
	ask := func(what string) ([]byte, error) {
		fmt.Fprintf(prompt, "%s of %s: ", what, path)
		defer fmt.Fprintln(prompt)
		return term.ReadPassword(terminal)
	}
	phrase, err := ask("Passphrase")
	if err != nil || !twice {
		return phrase, err
	}
	again, err := ask("Again, the passphrase")
	if err == nil && !bytes.Equal(phrase, again) {
		err = errors.New("the two differ")
	}
	clear(again)
	return phrase, err
}
