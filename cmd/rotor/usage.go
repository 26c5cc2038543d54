package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// usageError is a command line that cannot be run, as opposed to a run that failed.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (e usageError) Unwrap() error { return e.error }

var (
	unknownFlag     = regexp.MustCompile(`^unknown flag (-[^\s,]*)`)
	unknownArgument = regexp.MustCompile(`^unexpected argument ([^\s,]*)`)
	noCommand       = regexp.MustCompile(`^expected one of `)
)

// explain says what is wrong with a command line, and names the nearest thing
// that would have been right.
func explain(err *kong.ParseError) error {
	msg := err.Error()
	if err.Context == nil {
		return err
	}
	node := err.Context.Selected()
	if node == nil {
		node = err.Context.Model.Node
	}
	if m := unknownFlag.FindStringSubmatch(msg); m != nil {
		var known []string
		for _, group := range node.AllFlags(true) {
			for _, f := range group {
				known = append(known, "--"+f.Name)
			}
		}
		return fmt.Errorf("unknown flag %s; the nearest is %s (%s --help lists all)", m[1], nearest(m[1], known), node.FullPath())
	}
	var verbs []string
	for _, child := range node.Children {
		verbs = append(verbs, child.Name)
	}
	if m := unknownArgument.FindStringSubmatch(msg); m != nil && len(verbs) > 0 {
		return fmt.Errorf("unknown command %q; the nearest is %s (%s --help lists all)", m[1], nearest(m[1], verbs), node.FullPath())
	}
	if noCommand.MatchString(msg) {
		return fmt.Errorf("give a command after %q: %s", node.FullPath(), strings.Join(verbs, ", "))
	}
	return fmt.Errorf("%w (%s --help shows how)", err, node.FullPath())
}

// nearest is the known word that takes the fewest edits to reach, of equals the
// one that begins alike.
func nearest(word string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int {
		if c := edits(word, a) - edits(word, b); c != 0 {
			return c
		}
		return prefix(word, b) - prefix(word, a)
	})
}

// edits is the distance of two words: how many letters to insert, delete or replace.
//
// Wagner and Fischer, The String-to-String Correction Problem, 1974.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// prefix is the number of bytes with which both words begin.
func prefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
