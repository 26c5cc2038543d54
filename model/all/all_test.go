package all

import (
	"go/build"
	"os"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/model"
)

// The list of imports is that of the folders: an architecture that stands in the
// tree and is not there for a user is a mistake.
func TestAll(t *testing.T) {
	p, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "all" && e.Name() != "testdata" {
			want = append(want, "github.com/rotor-lm/rotor/model/"+e.Name())
		}
	}
	if !slices.Equal(p.Imports, want) {
		t.Errorf("it imports %v, and there are %v: run go generate ./model/all", p.Imports, want)
	}
	if len(model.Architectures()) < len(want) {
		t.Errorf("%d folders register %d architectures", len(want), len(model.Architectures()))
	}
}
