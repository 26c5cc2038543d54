// Draw makes the figures of the pages that no command of rotor makes:
//
//	go run ./docs/draw rotary FILE                    scores under rotary encodings, by distance
//	go run ./docs/draw memory FILE                    what a row sees: its text, in a window, and its adapter's rows
//	go run ./docs/draw adapter MODEL ADAPTER FILE     how much an adapter changed each matrix
//	go run ./docs/draw errors NAME=ANSWER … FILE      errors that rotor rl learn --json measured
//	go run ./docs/draw bars RESULTS SECTION FILE      speed and memory out of bench/RESULTS.md
package main

import (
	"fmt"
	"io"
	"log"
	"os"

	"github.com/rotor-lm/rotor/internal/atomicfile"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: draw rotary|memory|adapter|errors|bars [INPUT ...] FILE")
	}
	svg, err := picture(os.Args[1], os.Args[2:len(os.Args)-1])
	if err == nil {
		err = atomicfile.Replace(os.Args[len(os.Args)-1], svg)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func picture(name string, inputs []string) (func(io.Writer) error, error) {
	switch {
	case name == "rotary" && len(inputs) == 0:
		return rotary().SVG, nil
	case name == "adapter" && len(inputs) == 2:
		g, err := adapter(inputs[0], inputs[1])
		return g.SVG, err
	case name == "errors" && len(inputs) > 0:
		c, err := errors(inputs)
		return c.SVG, err
	case name == "bars" && len(inputs) == 2:
		g, err := measured(inputs[0], inputs[1], "tokens/s", "peak RSS")
		return g.SVG, err
	case name == "memory" && len(inputs) == 0:
		return memory().SVG, nil
	}
	return nil, fmt.Errorf("draw: no picture %q of %d inputs", name, len(inputs))
}
