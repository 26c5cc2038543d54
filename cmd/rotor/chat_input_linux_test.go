package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal opens a pseudo-terminal: the side of whoever types, and the program's.
func terminal(t *testing.T) (typist, program *os.File) {
	t.Helper()
	typist, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = typist.Close() })
	n, err := unix.IoctlGetInt(int(typist.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skip(err)
	}
	if err := unix.IoctlSetPointerInt(int(typist.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	if program, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	go func() { _, _ = io.Copy(io.Discard, typist) }() // what the screen shows
	return typist, program
}

func TestEditor(t *testing.T) {
	keys, screen := terminal(t)
	before, err := term.GetState(int(screen.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	e := edit(screen, screen, "> ")
	for _, c := range []struct {
		typed string
		want  line
	}{
		{"hello\r", line{text: "hello"}},
		{"ello\x1b[Hh\r", line{text: "hello"}},                        // home
		{"hexl\x1b[D\x1b[D\x1b[C\x7fl\x1b[Co\r", line{text: "hello"}}, // arrows, backspace
		{"last one\r", line{text: "last one"}},
		{"half\x1b[A\x1b[A\r", line{text: "hello"}}, // the lines before
		{"one\\\rtwo\r", line{text: "one\ntwo"}},
		{"\x1b[200~a\rb\rc\x1b[201~ d\r", line{text: "a\nb\nc d"}}, // pasted
		{"half a li\x03", line{interrupt: true}},
		{"春\r", line{text: "春"}},
		{"\x1b[A\x1b[A\r", line{text: "c d"}}, // an interrupt forgets no lines
		{"\x04", line{end: true}},
	} {
		coming := reads(e)
		if _, err := keys.WriteString(c.typed); err != nil {
			t.Fatal(err)
		}
		select {
		case l := <-coming:
			if l != c.want {
				t.Errorf("%q is %+v, want %+v", c.typed, l, c.want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q is no turn", c.typed)
		}
		if after, err := term.GetState(int(screen.Fd())); err != nil || *after != *before {
			t.Fatalf("after %q the terminal is not what it was: %v", c.typed, err)
		}
	}
	reads(e)
	e.close()
	if after, err := term.GetState(int(screen.Fd())); err != nil || *after != *before {
		t.Errorf("closed in the middle of a turn the terminal is not what it was: %v", err)
	}
}

// reads asks for a turn, and waits until the editor takes the keys.
func reads(e *editor) <-chan line {
	coming := e.next()
	for open := false; !open; time.Sleep(time.Millisecond) {
		e.lock.Lock()
		open = e.was != nil
		e.lock.Unlock()
	}
	return coming
}

// A turn has an end, whatever is pasted.
func TestEditorBounds(t *testing.T) {
	keys, screen := terminal(t)
	e := edit(screen, screen, "> ")
	e.most = 1000
	coming := reads(e)
	if _, err := keys.WriteString("\x1b[200~" + strings.Repeat(strings.Repeat("x", 99)+"\r", 20)); err != nil {
		t.Fatal(err)
	}
	select {
	case l := <-coming:
		if !l.end || l.err == nil || !strings.Contains(l.err.Error(), "more than 1000 bytes") {
			t.Errorf("%+v", l)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it reads without end")
	}
}
