package crosswalk_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lethe-go/lethe/pseudonym"
	"github.com/lethe-go/lethe/pseudonym/crosswalk"
)

// victim tells TestMain that this process is to be killed.
const victim = "LETHE_TEST_VICTIM"

func TestMain(m *testing.M) {
	if names := os.Getenv(victim); names != "" {
		pseudonymizeForEver(strings.Split(names, "\n"))
	}
	if names := os.Getenv(mover); names != "" {
		moveForEver(strings.Split(names, "\n"))
	}
	goleak.VerifyTestMain(m)
}

// pseudonymizeForEver prints each value and its token once it was handed out.
func pseudonymizeForEver(names []string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	var w world
	var err error
	w.ring, err = pseudonym.Open(ctx, pseudonym.KeyFile(names[0]))
	fail(err)
	w.table, err = crosswalk.Open(names[1], nil)
	fail(err)
	out := bufio.NewWriter(os.Stdout)
	for batch := 0; ; batch++ {
		list := make([]string, 20)
		for i := range list {
			list[i] = fmt.Sprintf("%s-%d", names[2], 15*batch+i) // five are known
		}
		for i, token := range w.tokens(&testing.B{}, field, list...) {
			fmt.Fprintln(out, list[i], token)
		}
		fail(out.Flush())
	}
}

// Two processes that share a table are killed a hundred times. No token that was
// handed out is lost, none changes, and both gave the same.
func TestKill(t *testing.T) {
	w := newWorld(t)
	times := 100
	if testing.Short() {
		times = 5
	}
	known := map[string]string{}
	for kill := range times {
		handed := w.runAndKill(t, kill)
		var list []string
		for value, token := range handed {
			if other, ok := known[value]; ok && other != token {
				t.Fatalf("kill %d: a value has another token", kill)
			}
			known[value] = token
		}
		for value := range known {
			list = append(list, value)
		}
		if len(list) == 0 {
			continue
		}
		for i, token := range w.tokens(t, field, list...) {
			if token != known[list[i]] {
				t.Fatalf("kill %d: a token that was handed out is lost", kill)
			}
		}
	}
	if len(known) < 20*times {
		t.Errorf("only %d tokens were handed out", len(known))
	}
	seen := map[string]bool{}
	for _, token := range known {
		if seen[token] {
			t.Error("two values have one token")
		}
		seen[token] = true
	}
	t.Logf("%d tokens survived %d kills", len(known), times)
}

// runAndKill lets two processes hand out tokens, kills both without warning,
// and returns what they have said until then.
func (w *world) runAndKill(t *testing.T, kill int) map[string]string {
	t.Helper()
	handed := map[string]string{}
	var outputs []*bufio.Scanner
	var processes []*exec.Cmd
	for range 2 { // with the same values
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(),
			fmt.Sprintf("%s=%s\n%s\nrun-%d", victim, w.keys, w.path, kill))
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		processes, outputs = append(processes, cmd), append(outputs, bufio.NewScanner(pipe))
	}
	// The first words show that it runs; then it is killed at any moment.
	outputs[0].Scan()
	lines := []string{outputs[0].Text()}
	time.Sleep(time.Duration(rand.IntN(int(40 * time.Millisecond))))
	for _, cmd := range processes {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
	}
	for i, out := range outputs {
		for out.Scan() {
			lines = append(lines, out.Text())
		}
		_ = processes[i].Wait() // it was killed
	}
	for _, line := range lines {
		value, token, ok := strings.Cut(line, " ")
		if value == "error" {
			t.Fatal(line)
		}
		if !ok || len(token) != 26 {
			continue // cut off by the kill
		}
		if other, known := handed[value]; known && other != token {
			t.Fatal("two processes give one value two tokens")
		}
		handed[value] = token
	}
	return handed
}
