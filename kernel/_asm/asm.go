package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// asm is a file of assembly under construction.
type asm struct {
	bytes.Buffer
	labels    int
	constants map[uint32]bool
}

// A stub is the Go declaration of an assembly function.
type stub struct{ doc, signature string }

var (
	stubs []stub
	loops []string // the names of all loops over slices, each with a field in the table of kernels
)

// declared returns every function's declaration, by name.
func declared() []stub {
	slices.SortFunc(stubs, func(a, b stub) int { return strings.Compare(a.signature, b.signature) })
	return stubs
}

// op prints instructions, one a line.
func (a *asm) op(format string, args ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		a.WriteString("\t" + strings.TrimSpace(line) + "\n")
	}
}

// label prints a label.
func (a *asm) label(name string) { a.WriteString(name + ":\n") }

// fresh returns a label that was not used before.
func (a *asm) fresh(name string) string {
	a.labels++
	return fmt.Sprintf("%s%d", name, a.labels)
}

// function opens a function whose arguments take the given number of bytes. The doc comment follows its name.
func (a *asm) function(doc, signature string, bytes int) {
	name, _, _ := strings.Cut(signature, "(")
	stubs = append(stubs, stub{name + " " + doc, signature})
	fmt.Fprintf(a, "\n// func %s\nTEXT ·%s(SB), NOSPLIT, $0-%d\n", signature, name, bytes)
}
