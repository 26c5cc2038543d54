package main

import (
	"io"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Every command has every common flag, and shows examples that parse.
func TestHelpShowsExamples(t *testing.T) {
	parser, err := newParser(newCommands(), &env{Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		path := strings.TrimPrefix(leaf.Path(), "rotor ")
		o := rotor(t, done, append(strings.Fields(path), "--help")...)
		for _, want := range []string{"Examples:", "    rotor " + path, "--json", "--seed", "--threads"} {
			if !strings.Contains(o.stdout, want) {
				t.Errorf("help of %s does not have %q", path, want)
			}
		}
		for _, line := range strings.Split(o.stdout, "\n") {
			if example, ok := strings.CutPrefix(line, "    rotor "); ok {
				parses(t, example)
			}
		}
	}
}

// parses wants the example, up to a pipe or a remark, to be a right command line.
func parses(t *testing.T, example string) {
	t.Helper()
	for _, stop := range []string{"  ", " | ", " < ", " > "} {
		example, _, _ = strings.Cut(example, stop)
	}
	var args []string
	for i, part := range strings.Split(example, `"`) {
		if i%2 == 1 {
			args = append(args, part)
		} else {
			args = append(args, strings.Fields(part)...)
		}
	}
	parser, err := newParser(newCommands(), &env{Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		if e, ok := err.(*kong.ParseError); ok {
			t.Errorf("example %q: %v", example, explain(e))
		} else {
			t.Errorf("example %q: %v", example, err)
		}
	}
}

func TestUnknownWordsNameTheNearest(t *testing.T) {
	refuses(t, wrongUsage, []string{"--modl", "--model"}, "logits", "--modl", "x")
	refuses(t, wrongUsage, []string{"--no-specials", "--no-special"}, "tokenize", "--no-specials")
	refuses(t, wrongUsage, []string{"tokenise", "tokenize"}, "tokenise")
	refuses(t, wrongUsage, []string{"show", "logits"})
	refuses(t, wrongUsage, []string{"--model"}, "logits", "--ids", "1")
	refuses(t, wrongUsage, []string{"--threads"}, "version", "--threads=-1")
}
