package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var (
	pageBlock   = regexp.MustCompile("(?ms)^```\\w*\n(.*?)^```$")
	pageCommand = regexp.MustCompile(`^(?:\$ )?(?:\./rotor|rotor|go run \./cmd/rotor) (.*)$`)
	pageInline  = regexp.MustCompile("`(?:\\./rotor|rotor|go run \\./cmd/rotor) ([^`\n]+)`")
)

// TestPages parses every command that the pages show: those in blocks with all
// of their flags and values, those in a sentence as far as they go.
func TestPages(t *testing.T) {
	parser, err := newParser(newCommands(), &env{Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	whole, parts := 0, 0
	eachPage(t, func(path, text string) {
		for _, block := range pageBlock.FindAllStringSubmatch(text, -1) {
			for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", "")) {
				m := pageCommand.FindStringSubmatch(strings.TrimSpace(line))
				if m == nil {
					continue
				}
				whole++
				args := shellWords(m[1])
				if args[0] == "COMMAND" {
					continue
				}
				parser, err := newParser(newCommands(), &env{Stdout: io.Discard, Stderr: io.Discard})
				if err != nil {
					t.Fatal(err)
				}
				_, err = parser.Parse(args)
				refused := strings.HasPrefix(line, "$ ") && strings.Contains(block[1], "\nrotor: ") // what a page shows for its error, here or when it runs
				if !errors.Is(err, errHelped) && err != nil && !refused {
					t.Errorf("%s: %s: %v", path, strings.TrimSpace(line), err)
				}
			}
		}
		for _, m := range pageInline.FindAllStringSubmatch(pageBlock.ReplaceAllString(text, ""), -1) {
			parts++
			if problem := follow(parser.Model.Node, shellWords(m[1])); problem != "" {
				t.Errorf("%s: rotor %s: %s", path, m[1], problem)
			}
		}
	})
	if whole < 5 || parts < 5 {
		t.Errorf("found %d commands in blocks and %d in sentences", whole, parts)
	}
}

// TestEveryCommandIsListed wants each command in both of the tables.
func TestEveryCommandIsListed(t *testing.T) {
	parser, err := newParser(newCommands(), &env{Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, leaf := range parser.Model.Leaves(true) {
			if !strings.Contains(string(text), "`"+leaf.FullPath()+"`") {
				t.Errorf("%s does not list %s", page, leaf.FullPath())
			}
		}
	}
}

func eachPage(t *testing.T, f func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "testdata" || strings.HasPrefix(name, ".") && name != "..") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		f(path, strings.ReplaceAll(string(text), "\r\n", "\n"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// follow walks down the commands that the words name, and says what is not there.
func follow(n *kong.Node, words []string) string {
	for i, w := range words {
		if strings.HasPrefix(w, "--") {
			name, _, _ := strings.Cut(w[2:], "=")
			if !hasFlag(n, name) {
				return "there is no flag --" + name
			}
			continue
		}
		next := child(n, w)
		if next == nil {
			if i == 0 && w != "COMMAND" {
				return "there is no command " + w
			}
			continue // a value, or a placeholder
		}
		n = next
	}
	return ""
}

func child(n *kong.Node, name string) *kong.Node {
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func hasFlag(n *kong.Node, name string) bool {
	for _, group := range n.AllFlags(true) {
		for _, f := range group {
			if f.Name == name {
				return true
			}
		}
	}
	return name == "COMMAND"
}

// shellWords splits a line as a shell does, up to a comment, a pipe or a redirection.
func shellWords(line string) (words []string) {
	var word strings.Builder
	quote, any := rune(0), false
	end := func() {
		if any {
			words = append(words, word.String())
		}
		word.Reset()
		any = false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, any = r, true
		case r == ' ':
			end()
		case !any && strings.ContainsRune("#|>&", r):
			return words
		default:
			word.WriteRune(r)
			any = true
		}
	}
	end()
	return words
}
