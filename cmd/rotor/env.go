package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// env is what a command has of the world around it.
type env struct {
	globals
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Colour         bool // Stdout is a terminal, and NO_COLOR is not set
	Live           bool // Stdout is a terminal whose last line may be written over
	Asks           bool // Stdin and Stdout are a terminal, at which somebody sits
	signals        signals
}

// system is the env of the process.
func system() *env {
	live := term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("TERM") != "dumb"
	return &env{
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Colour: live && os.Getenv("NO_COLOR") == "",
		Live:   live,
		Asks:   term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())),
	}
}

// printf prints what people read. With --json there is none of it.
func (e *env) printf(format string, args ...any) {
	if !e.JSON {
		fmt.Fprintf(e.Stdout, format, args...)
	}
}

// object prints one JSON object on a line of its own.
func (e *env) object(v any) error {
	enc := json.NewEncoder(e.Stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// The colours that commands use, by what they mean.
const (
	plain   = "\x1b[0m"
	strong  = "\x1b[1m"
	faint   = "\x1b[2m"
	green   = "\x1b[32m"
	red     = "\x1b[31m"
	onGreen = "\x1b[30;42m"
	onGrey  = "\x1b[30;47m"
)

// paint puts text in a colour, on a terminal.
func (e *env) paint(colour, text string) string {
	if !e.Colour {
		return text
	}
	return colour + text + plain
}

// A table prints rows of names and values, the values under each other.
type table [][2]string

func (t *table) add(name, format string, args ...any) {
	*t = append(*t, [2]string{name, fmt.Sprintf(format, args...)})
}

func (t table) print(e *env) {
	width := 0
	for _, row := range t {
		width = max(width, utf8.RuneCountInString(row[0]))
	}
	for _, row := range t {
		e.printf("%s%s  %s\n", e.paint(faint, row[0]), strings.Repeat(" ", width-utf8.RuneCountInString(row[0])), row[1])
	}
}

// count writes a number as people read it: 134,515,008.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size writes a number of bytes as people read it.
func size(bytes int64) string {
	switch {
	case bytes >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(bytes)/1e9)
	case bytes >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	case bytes >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(bytes)/1e3)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
