package pseudonym

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// three is a keyring of an old key, the primary, and one that is off.
func three(t *testing.T) *Keyring {
	t.Helper()
	other := bytes.Repeat([]byte{7}, 32)
	kr, err := openText(t, jsonKeyset(testID, goodKey(7, other), goodKey(testID, testRoot()),
		jsonKey(8, "DISABLED", "HkdfPrfKey", 3, nil, other)))
	if err != nil {
		t.Fatal(err)
	}
	return kr
}

func TestKeys(t *testing.T) {
	kr := three(t)
	want := []Key{{7, false, true}, {testID, true, true}, {8, false, false}}
	got := kr.Keys()
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	got[0].ID = 99
	if !slices.Equal(kr.Keys(), want) {
		t.Error("the caller's change is seen")
	}
	if ids := kr.enabled(); !slices.Equal(ids, []uint32{testID, 7}) {
		t.Errorf("enabled: %v", ids)
	}
}

func TestPin(t *testing.T) {
	kr := three(t)
	old, err := kr.Pin(7)
	if err != nil {
		t.Fatal(err)
	}
	if kr.ID() != testID || old.ID() != 7 {
		t.Errorf("the primary keys are %d and %d", kr.ID(), old.ID())
	}
	if want := []Key{{7, true, true}, {testID, false, true}, {8, false, false}}; !slices.Equal(
		old.Keys(), want) {
		t.Errorf("got %v, want %v", old.Keys(), want)
	}
	// It derives as a keyring that holds the old key alone does.
	alone, err := openText(t, jsonKeyset(7, goodKey(7, bytes.Repeat([]byte{7}, 32))))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := old.derive([]byte("x"), 32)
	want, _ := alone.derive([]byte("x"), 32)
	if len(got) != 32 || !bytes.Equal(got, want) {
		t.Error("the pinned key is not the one in use")
	}
	again, err := old.Pin(testID)
	if err != nil || again.ID() != testID {
		t.Errorf("back: %v", err)
	}
	for id, want := range map[uint32]string{8: "key 8: the key is disabled", 9: "no such key"} {
		if _, err := kr.Pin(id); err == nil || !strings.Contains(err.Error(), want) ||
			strings.Count(err.Error(), "pseudonym:") != 1 {
			t.Errorf("key %d: got %v, want %q in it", id, err, want)
		}
	}
	for _, none := range []*Keyring{nil, {}} {
		if _, err := none.Pin(7); err == nil || !strings.Contains(err.Error(), "no keyring") {
			t.Errorf("no keyring: got %v", err)
		}
	}
}
