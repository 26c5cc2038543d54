package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// input is where the turns of a conversation come from.
type input interface {
	next() <-chan line // asks for the next turn, and is where it will come
	close()
}

// line is one turn of the input, or its end.
type line struct {
	text      string
	interrupt bool // Ctrl-C in the place of a turn
	end       bool
	err       error // why it ended, if not because there is no more
}

// longestLine bounds what one turn of the input may hold.
const longestLine = 8 << 20

// listen is the terminal where somebody sits at it, and else standard input.
func (t *talk) listen() input {
	keys, ok := t.Stdin.(*os.File)
	screen, same := t.Stdout.(*os.File)
	if t.Asks && !t.JSON && ok && same {
		return edit(keys, screen, t.paint(strong, "> "))
	}
	p := &pipe{make(chan line), t.env}
	go p.read(t.Stdin)
	return p
}

// pipe is an input that nobody edits. It is read ahead.
type pipe struct {
	lines chan line
	env   *env
}

func (p *pipe) next() <-chan line {
	if p.env.Asks {
		p.env.printf("%s", p.env.paint(strong, "> "))
	}
	return p.lines
}

func (p *pipe) close() {
	if p.env.Asks {
		p.env.printf("\n")
	}
}

// read hands over the input, a turn at a time.
func (p *pipe) read(r io.Reader) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, longestLine)
	turn := ""
	for s.Scan() {
		text, more := strings.CutSuffix(strings.TrimSuffix(s.Text(), "\r"), `\`)
		if turn += text; more {
			turn += "\n"
			continue
		}
		p.lines <- line{text: turn}
		turn = ""
	}
	if turn != "" {
		p.lines <- line{text: turn}
	}
	err := s.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		err = fmt.Errorf("chat: a line of more than %d MB", longestLine>>20)
	}
	p.lines <- line{end: true, err: err}
}

// editor reads turns at a terminal, whose keys it takes one by one while it does:
// arrows, home and end work, and the lines before come back. Between turns the
// terminal is what it was, so that Ctrl-C interrupts an answer.
type editor struct {
	keys, screen *os.File
	terminal     *term.Terminal
	prompt       string
	most         int  // bytes of a turn
	stopped      bool // the last keys had a Ctrl-C among them

	lock sync.Mutex
	was  *term.State // of the terminal before a turn; nil between turns
}

func edit(keys, screen *os.File, prompt string) *editor {
	e := &editor{keys: keys, screen: screen, prompt: prompt, most: longestLine}
	e.terminal = term.NewTerminal(e, prompt)
	return e
}

// Read is what the terminal takes keys from.
func (e *editor) Read(p []byte) (int, error) {
	n, err := e.keys.Read(p)
	e.stopped = bytes.IndexByte(p[:n], 3) >= 0
	return n, err
}

func (e *editor) Write(p []byte) (int, error) { return e.screen.Write(p) }

func (e *editor) next() <-chan line {
	c := make(chan line, 1)
	go func() { c <- e.turn() }()
	return c
}

// turn reads lines until one ends the turn: one that was typed, and does not end in \.
func (e *editor) turn() (l line) {
	if err := e.open(); err != nil {
		return line{end: true, err: err}
	}
	defer e.close()
	for {
		text, err := e.terminal.ReadLine()
		pasted := errors.Is(err, term.ErrPasteIndicator)
		switch {
		case err != nil && !pasted:
			return e.ended(err)
		case len(l.text)+len(text) > e.most:
			return line{end: true, err: fmt.Errorf("chat: a text of more than %d bytes", e.most)}
		}
		text, more := strings.CutSuffix(text, `\`)
		if l.text += text; !more && !pasted {
			return l
		}
		l.text += "\n"
	}
}

// ended is a turn that was none: what is written of it is forgotten, but not the lines before.
func (e *editor) ended(err error) line {
	before := e.terminal.History
	e.terminal = term.NewTerminal(e, e.prompt)
	e.terminal.History = before
	if e.stopped {
		fmt.Fprint(e.screen, "^C\r\n")
		return line{interrupt: true}
	}
	fmt.Fprint(e.screen, "\r\n")
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return line{end: true, err: err}
}

// open takes the keys of the terminal, and close gives them back.
func (e *editor) open() (err error) {
	e.lock.Lock()
	defer e.lock.Unlock()
	if e.was, err = term.MakeRaw(int(e.keys.Fd())); err != nil {
		return err
	}
	if width, height, err := term.GetSize(int(e.screen.Fd())); err == nil && width > 0 {
		_ = e.terminal.SetSize(width, height)
	}
	e.terminal.SetBracketedPasteMode(true)
	return nil
}

func (e *editor) close() {
	e.lock.Lock()
	defer e.lock.Unlock()
	if e.was == nil {
		return
	}
	e.terminal.SetBracketedPasteMode(false)
	_ = term.Restore(int(e.keys.Fd()), e.was)
	e.was = nil
}
