// Package all makes every architecture known: to import it is to import them.
//
// The list is written by go generate from the folders of package model.
package all

//go:generate go run generate.go

import (
	_ "github.com/rotor-lm/rotor/model/gemma"
	_ "github.com/rotor-lm/rotor/model/gpt2"
	_ "github.com/rotor-lm/rotor/model/llama"
	_ "github.com/rotor-lm/rotor/model/phi3"
)
