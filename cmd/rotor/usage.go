package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/rotor-lm/rotor/internal/nearest"
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
		return fmt.Errorf("unknown flag %s; the nearest is %s (%s --help lists all)", m[1], nearest.Word(m[1], known), node.FullPath())
	}
	var verbs []string
	for _, child := range node.Children {
		verbs = append(verbs, child.Name)
	}
	if m := unknownArgument.FindStringSubmatch(msg); m != nil && len(verbs) > 0 {
		return fmt.Errorf("unknown command %q; the nearest is %s (%s --help lists all)", m[1], nearest.Word(m[1], verbs), node.FullPath())
	}
	if noCommand.MatchString(msg) {
		return fmt.Errorf("give a command after %q: %s", node.FullPath(), strings.Join(verbs, ", "))
	}
	return fmt.Errorf("%w (%s --help shows how)", err, node.FullPath())
}

// checkPositive refuses sizes below one: names and values in turn.
func checkPositive(pairs ...any) error {
	for i := 0; i < len(pairs); i += 2 {
		if n := pairs[i+1].(int); n < 1 {
			return fmt.Errorf("%s is %d: give a number from 1 on", pairs[i], n)
		}
	}
	return nil
}
