package rotor

import (
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/rotor-lm/rotor"

// layers lists every package from the ground up. A package may import only
// those above it in this list.
var layers = []string{
	"internal/impl", "internal/atomicfile", "internal/mapped", "internal/nearest", "internal/chart", "internal/process", "internal/gunzip",
	"quant", "kernel", "tensor", "internal/gradcheck", "op", "nn", "position",
	"model", "model/*", "model/all", // an architecture is a folder of model
	"checkpoint", "checkpoint/safetensors", "checkpoint/gguf",
	"tokenizer", "jinja", "chat", "hub", "hub/download", "export", "sample", "cache", "generate", "internal/golden", "peft", "optim",
	"data", "eval", "train",
	"rl", "rl/returns", "rl/world", "rl/tabular", "rl/approx", "rl/gradient", "rl/plot", "rl/gallery",
	"plan", "runs", "demo", "cmd/rotor",
}

func init() {
	at := slices.Index(layers, "model/*")
	folders, err := filepath.Glob("model/*/*.go")
	if err != nil {
		panic(err)
	}
	var names []string
	for _, f := range folders {
		if dir := filepath.ToSlash(filepath.Dir(f)); dir != "model/all" && !slices.Contains(names, dir) {
			names = append(names, dir)
		}
	}
	layers = slices.Replace(layers, at, at+1, names...)
}

// outside lists the packages that stand beside the house: programs that use it.
var outside = []string{"examples/", "bench/", "docs/", "tools", "kernel/_asm", "demo/recipe/"}

func TestImportsPointDown(t *testing.T) {
	for i, name := range layers {
		p, err := build.ImportDir(filepath.FromSlash(name), 0)
		if os.IsNotExist(err) || p != nil && len(p.GoFiles) == 0 {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range p.Imports {
			if path == "C" {
				t.Errorf("%s uses cgo", name)
			}
			dep, ours := strings.CutPrefix(path, module+"/")
			if at := slices.Index(layers, dep); ours && (at < 0 || at >= i) {
				t.Errorf("%s imports %s, which stands above it or is not listed", name, dep)
			}
		}
	}
}

// A package that the list does not know could point anywhere.
func TestEveryPackageIsListed(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" {
			return filepath.SkipDir
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || dir == "." {
			return nil
		}
		if slices.ContainsFunc(outside, func(o string) bool { return strings.HasPrefix(dir+"/", o) }) {
			return nil
		}
		if !slices.Contains(layers, dir) {
			t.Errorf("%s is not in the list of layers", dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Formats register themselves; somebody must import them. One that stands in the
// tree and is not there for a user is a mistake. Of architectures, model/all is
// the list, and its test holds it complete.
func TestHubKnowsAllThereIs(t *testing.T) {
	p, err := build.ImportDir("hub", 0)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := module + "/checkpoint/" + e.Name()
		if e.IsDir() && e.Name() != "testdata" && !slices.Contains(p.Imports, path) {
			t.Errorf("hub does not import %s", path)
		}
	}
	if !slices.Contains(p.Imports, module+"/model/all") {
		t.Error("hub does not import model/all")
	}
}
