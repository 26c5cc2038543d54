//go:build ignore

// Generate writes all.go: the imports of every folder beside it that registers
// an architecture.
package main

import (
	"bytes"
	"log"
	"os"
	"path/filepath"
)

const head = `// Package all makes every architecture known: to import it is to import them.
//
// The list is written by go generate from the folders of package model.
package all

//go:generate go run generate.go

import (
`

func main() {
	var b bytes.Buffer
	b.WriteString(head)
	folders, err := filepath.Glob("../*/*.go")
	if err != nil {
		log.Fatal(err)
	}
	last := ""
	for _, path := range folders {
		if name := filepath.Base(filepath.Dir(path)); name != "all" && name != last {
			b.WriteString("\t_ \"github.com/rotor-lm/rotor/model/" + name + "\"\n")
			last = name
		}
	}
	b.WriteString(")\n")
	if err := os.WriteFile("all.go", b.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
