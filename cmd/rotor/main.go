// Command rotor fine-tunes language models on a CPU, and looks at, runs and
// measures what comes of it.
//
// A command is a struct: its fields are its flags, its Run does the work, and
// its Help shows examples. It prints what people read to Stdout in words, or,
// with --json, one object or one object a line and nothing else.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/rotor-lm/rotor/kernel"
)

// What a command's exit code says.
const (
	done        = 0
	failed      = 1
	wrongUsage  = 2
	interrupted = 130 // and saved what there was to save
)

func main() {
	e := system()
	os.Exit(run(e.signals.context(), os.Args[1:], e))
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, e *env) int {
	err := execute(ctx, args, e)
	var parse *kong.ParseError
	var usage usageError
	switch {
	case err == nil, errors.Is(err, errHelped):
		return done
	case errors.As(err, &parse):
		fmt.Fprintf(e.Stderr, "rotor: %s\n", oneLine(explain(parse)))
		return wrongUsage
	case errors.As(err, &usage):
		fmt.Fprintf(e.Stderr, "rotor: %s\n", oneLine(err))
		return wrongUsage
	case errors.Is(err, errInterrupted), ctx.Err() != nil && errors.Is(err, context.Canceled):
		if err == context.Canceled {
			err = errors.New("interrupted")
		}
		fmt.Fprintf(e.Stderr, "rotor: %s\n", oneLine(err))
		return interrupted
	}
	fmt.Fprintf(e.Stderr, "rotor: %s\n", oneLine(err))
	return failed
}

// execute parses a command line and runs the command that it names.
func execute(ctx context.Context, args []string, e *env) error {
	c := newCommands()
	parser, err := newParser(c, e)
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	if err != nil {
		return err
	}
	e.globals = c.globals
	if e.Threads < 0 {
		return usagef("--threads=%d: give a number of threads, or 0 for one a processor", e.Threads)
	}
	kernel.SetThreads(e.Threads)
	k.BindTo(ctx, (*context.Context)(nil))
	return k.Run(e)
}

func newParser(c *commands, e *env) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("rotor"),
		kong.Description("Fine-tune language models on a CPU."),
		kong.Writers(e.Stdout, e.Stderr),
		kong.NoDefaultHelp(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "model", Title: "Models:"},
			{Key: "look", Title: "Files and text:"},
			{Key: "learn", Title: "Learning:"},
			{Key: "rest", Title: "The rest:"},
			{Key: "all", Title: "Flags of every command:"},
		}),
	)
}

// oneLine keeps an error on one line, whatever a library put into it.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
