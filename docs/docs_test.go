// Package docs_test holds the pages against the repository.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence = regexp.MustCompile("(?ms)^```.*?^```$")
	inset = regexp.MustCompile(`go run (\./[\w./-]+)`)
)

// pages yields every Markdown file of the repository that is ours.
func pages(t *testing.T, f func(path, text string)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "testdata" || name == "output" || strings.HasPrefix(name, ".") && name != "..") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		n++
		f(path, strings.ReplaceAll(string(text), "\r\n", "\n"))
		return err
	})
	if err != nil || n < 7 {
		t.Fatalf("%d pages: %v", n, err)
	}
}

// Every link to a file leads to one.
func TestLinks(t *testing.T) {
	pages(t, func(path, text string) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			to, _, _ := strings.Cut(m[1], "#")
			if to == "" || strings.Contains(to, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), filepath.FromSlash(to))); err != nil {
				t.Errorf("%s links to %s, which is not there", path, to)
			}
		}
	})
}

// Every program that a page runs is in the tree.
func TestPrograms(t *testing.T) {
	found := 0
	pages(t, func(path, text string) {
		for _, m := range inset.FindAllStringSubmatch(text, -1) {
			found++
			if files, _ := filepath.Glob(filepath.Join("..", filepath.FromSlash(m[1]), "*.go")); len(files) == 0 {
				t.Errorf("%s runs %s, which is not there", path, m[1])
			}
		}
	})
	if found == 0 {
		t.Error("no page runs a program")
	}
}

// A page and its twin in the other language have the same shape: headings,
// included files, pictures, programs and links.
func TestTwins(t *testing.T) {
	shape := func(path string) (list []string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		page := strings.ReplaceAll(string(text), "\r\n", "\n")
		page = strings.ReplaceAll(page, ".zh-CN.md", ".md")
		code := false
		for _, line := range strings.Split(page, "\n") {
			switch {
			case strings.HasPrefix(line, "```"):
				code = !code
				list = append(list, line)
			case code:
			case strings.HasPrefix(line, "#"):
				list = append(list, line[:strings.IndexByte(line, ' ')])
			case strings.HasPrefix(line, "<!-- "):
				list = append(list, line)
			case strings.HasPrefix(line, "| `rotor"):
				list = append(list, strings.SplitN(line, "|", 3)[1])
			}
			if !code {
				for _, m := range link.FindAllStringSubmatch(line, -1) {
					list = append(list, m[1])
				}
			}
		}
		return list
	}
	twins := []string{"../README", "ideas"}
	chinese, err := filepath.Glob("rl/*.zh-CN.md")
	if err != nil || len(chinese) < 9 {
		t.Fatalf("%d pages, %v", len(chinese), err)
	}
	for _, page := range chinese {
		twins = append(twins, strings.TrimSuffix(page, ".zh-CN.md"))
	}
	for _, page := range twins {
		// As a set: within a sentence, links may change places.
		count := map[string]int{}
		for _, x := range shape(page + ".md") {
			count[x]++
		}
		for _, x := range shape(page + ".zh-CN.md") {
			count[x]--
		}
		for x, n := range count {
			if n != 0 {
				t.Errorf("%s: %q stands %+d times more in English than in Chinese", page, x, n)
			}
		}
	}
}

// Every package of the house stands in its plan.
func TestArchitectureIsWhole(t *testing.T) {
	plan, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel("..", path)
		name = filepath.ToSlash(name)
		if d.IsDir() {
			switch {
			case name == "examples", name == "bench", name == "docs", name == "tools", name == "demo/recipe", d.Name() == "testdata", strings.HasPrefix(d.Name(), ".") && d.Name() != "..":
				return filepath.SkipDir
			}
			return nil
		}
		if dir := filepath.ToSlash(filepath.Dir(name)); dir != "." && filepath.Ext(name) == ".go" && !strings.Contains(string(plan), "]("+dir+")") {
			t.Errorf("ARCHITECTURE.md does not name %s", dir)
			return filepath.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// An example answers one question, in less than a hundred lines, and is tested.
func TestExamples(t *testing.T) {
	programs, err := filepath.Glob("../examples/*/main.go")
	if err != nil || len(programs) < 3 {
		t.Fatalf("%d examples: %v", len(programs), err)
	}
	index, err := os.ReadFile("../examples/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		if name := strings.TrimPrefix(filepath.ToSlash(p), "../examples/"); !strings.Contains(string(index), "("+name+")") {
			t.Errorf("examples/README.md does not list %s", name)
		}
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		most := 100
		if strings.Contains(p, "own_") {
			most = 60
		}
		if n := strings.Count(string(text), "\n"); n >= most {
			t.Errorf("%s has %d lines", p, n)
		}
		if _, err := os.Stat(strings.TrimSuffix(p, ".go") + "_test.go"); err != nil {
			t.Errorf("%s has no test: %v", p, err)
		}
	}
}

// Every figure on reinforcement learning stands on a page.
func TestFiguresAreShown(t *testing.T) {
	figures, err := filepath.Glob("rl/figures/*.svg")
	if err != nil || len(figures) < 30 {
		t.Fatalf("%d figures, %v", len(figures), err)
	}
	texts := ""
	pages(t, func(_, text string) { texts += text })
	for _, f := range figures {
		if name := filepath.Base(f); !strings.Contains(texts, "figures/"+name) {
			t.Errorf("no page shows %s", f)
		}
	}
}
