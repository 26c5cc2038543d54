// Package data turns files of text into the batches that a model trains on.
//
//	files → records → examples → tokens → sequences → steps of micro-batches
//	 read     form      encode     cut       shuffle, pack
//
// A record is a row of a file. A form says what its columns mean: a
// conversation, a prompt and its answer, or plain text. An example is text in
// segments that are either given or to be learned. Its tokens carry that mark,
// and the loss falls on the marked ones alone. Sequences are packed side by side
// and never padded.
//
// Nothing here holds a state that a resumed run would have to restore: the order
// of an epoch is a function of the seed and the epoch's number, and a step is a
// function of its own.
package data

import (
	"fmt"

	"github.com/rotor-lm/rotor/chat"
)

// Place says where a record stands.
type Place struct {
	File string
	Line int // of its first line, from 1; zero for a whole file
}

func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Record is one row of a data file.
type Record struct {
	Place
	Columns map[string]any // text, or what JSON holds: numbers as json.Number, lists and objects as json.RawMessage
	More    bool           // the text goes on in the next record: a long file in parts
}

// Example is one text to learn from, in segments that are given or learned.
type Example struct {
	Place
	Segments []chat.Segment
	More     bool // the text goes on in the next example
	form     *form
}
