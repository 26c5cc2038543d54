package impl

import (
	"slices"
	"testing"
)

func TestAll(t *testing.T) {
	oldNames, oldUse := names, use
	defer Register(oldNames, oldUse)
	inUse := "b"
	Register([]string{"a", "b"}, func(name string) func() {
		old := inUse
		inUse = name
		return func() { inUse = old }
	})
	var seen []string
	for name := range All() {
		if inUse != name {
			t.Errorf("%s is in use, not %s", inUse, name)
		}
		seen = append(seen, name)
	}
	if !slices.Equal(seen, []string{"a", "b"}) || inUse != "b" {
		t.Errorf("saw %v, and %s is in use", seen, inUse)
	}
	for range All() {
		break
	}
	if inUse != "b" {
		t.Errorf("after a break %s is in use", inUse)
	}
}
