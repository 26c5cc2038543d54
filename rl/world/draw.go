package world

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rotor-lm/rotor/internal/nearest"
)

// A drawn world is a text file: settings, one a line, then the drawing.
//
//	// A comment.
//	name: corridor
//	gamma: 0.9
//	r-target: 1
//	actions: up right down left stay
//
//	S . . # .
//	. x . . T
//
// Letters: . free, S start, T target, x forbidden, # wall, H hole (ends the
// episode), C cliff (leads back to the start). Blanks between letters are free.
// Every setting can also be given on the command line, which wins.

const (
	maxSide     = 2000    // cells along one side of a drawing
	maxGridFile = 8 << 20 // bytes of its file
)

// Drawing is a file that was read: its settings as written, and its letters.
type Drawing struct {
	Settings map[string]string
	Rows     []string // letters without blanks between them
}

// ParseDrawing reads the text of a drawn world.
func ParseDrawing(text string) (*Drawing, error) {
	if len(text) > maxGridFile {
		return nil, fmt.Errorf("the file has %d bytes, more than %d", len(text), maxGridFile)
	}
	d := &Drawing{Settings: map[string]string{}}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		key, value, setting := strings.Cut(line, ":")
		if setting {
			if len(d.Rows) > 0 {
				return nil, fmt.Errorf("line %d: the setting %q stands below the drawing; settings come first", i+1, key)
			}
			key = spelled(key)
			if _, twice := d.Settings[key]; twice {
				return nil, fmt.Errorf("line %d: %s is set twice", i+1, key)
			}
			d.Settings[key] = strings.TrimSpace(value)
			continue
		}
		row := strings.Join(strings.Fields(line), "")
		if bad := strings.IndexFunc(row, func(r rune) bool { return !strings.ContainsRune("."+"STxHC#", r) }); bad >= 0 {
			return nil, fmt.Errorf("line %d: unknown letter %q; known are . free, S start, T target, x forbidden, # wall, H hole, C cliff", i+1, []rune(row[bad:])[0])
		}
		if len(d.Rows) > 0 && len(row) != len(d.Rows[0]) {
			return nil, fmt.Errorf("line %d: this row has %d cells, the rows above have %d", i+1, len(row), len(d.Rows[0]))
		}
		if d.Rows = append(d.Rows, row); len(d.Rows) > maxSide || len(row) > maxSide {
			return nil, fmt.Errorf("line %d: the drawing has more than %d cells along a side", i+1, maxSide)
		}
	}
	if len(d.Rows) == 0 {
		return nil, errors.New("there is no drawing in the file")
	}
	return d, nil
}

// readGrid reads a file, and no more of it than a drawing can have.
func readGrid(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxGridFile+1))
	return string(text), err
}

// drawn is the catalogue entry of a drawing.
func drawn(name, text string) Entry {
	return Entry{Name: name, About: "a drawn grid world", Make: func(set *Settings) (*World, error) {
		d, err := ParseDrawing(text)
		if err != nil {
			return nil, err
		}
		return d.World(set)
	}}
}

// World builds the grid world of a drawing, with the user's settings over the file's.
func (d *Drawing) World(set *Settings) (*World, error) {
	file := *set
	file.given = map[string]string{}
	for key, value := range d.Settings {
		file.given[key] = value
	}
	for key, value := range set.given {
		file.given[key] = value
	}
	name, about := file.Text("name", "", "what the world is called"), file.Text("about", "", "what it shows")
	source := file.Text("source", "", "where it comes from")
	g, err := d.grid(&file)
	if err != nil {
		return nil, err
	}
	gamma, horizon := file.Gamma(.9), file.Horizon(0)
	if set.asked, set.errs = file.asked, file.errs; len(set.errs) == 0 {
		err = file.Err() // here, while the file's own keys are known
	}
	if err != nil || len(set.errs) > 0 {
		return nil, errors.Join(err, set.Err())
	}
	w := finite(g.Model(), gamma)
	w.Name, w.About, w.Source, w.Horizon, w.Grid = name, about, source, horizon, g
	for _, m := range g.Moves {
		w.Actions = append(w.Actions, m.Name)
	}
	w.Warnings = g.unreachable(w.Model.Reachable())
	return w, nil
}

// grid reads the drawing and the settings that speak of it.
func (d *Drawing) grid(set *Settings) (*Grid, error) {
	g := &Grid{Rows: len(d.Rows), Cols: len(d.Rows[0])}
	for _, letter := range strings.Join(d.Rows, "") {
		if letter == 'S' {
			g.Start = append(g.Start, len(g.Cells))
			letter = rune(Free)
		}
		g.Cells = append(g.Cells, Cell(letter))
	}
	if len(g.Start) > 1 {
		return nil, fmt.Errorf("two starts, %s and %s: draw one S, or set start: any", g.place(g.Start[0]), g.place(g.Start[1]))
	}
	if err := g.readPlaces(set); err != nil {
		return nil, err
	}
	g.Slip = set.Within("slip", 0, 0, 1, "how often a move goes to a side instead")
	g.TargetReward = set.Float("r-target", 1, "reward for entering a target")
	g.ForbiddenReward = set.Float("r-forbidden", -1, "reward for entering a forbidden cell or a cliff")
	g.BoundaryReward = set.Float("r-boundary", -1, "reward for a bump against the edge or a wall")
	g.StepReward = set.Float("r-step", 0, "reward for every other step")
	g.Episodic = set.Bool("episodic", false, "a target ends the episode")
	switch bump := set.Text("bump", "boundary", "what a bump in a forbidden cell pays: boundary, or both rewards"); bump {
	case "boundary", "both":
		g.BumpBoth = bump == "both"
	default:
		set.Fail("bump", bump, "boundary or both")
	}
	if err := g.readWind(set); err != nil {
		return nil, err
	}
	if err := g.readMoves(set); err != nil {
		return nil, err
	}
	return g, g.check()
}

// readPlaces moves start, target, forbidden and terminal cells where settings say so.
func (g *Grid) readPlaces(set *Settings) error {
	cells := func(name, about string) ([]int, bool, error) {
		text := set.Text(name, "as drawn", about)
		if text == "as drawn" {
			return nil, false, nil
		}
		if text == "any" && name == "start" {
			var all []int
			for s, cell := range g.Cells {
				if cell == Free || cell == Forbidden {
					all = append(all, s)
				}
			}
			return all, true, nil
		}
		list, err := g.readCells(name, text)
		return list, true, err
	}
	for _, kind := range []struct {
		name  string
		cell  Cell
		about string
	}{
		{"target", Target, "cells row,column that are targets, such as 4,3 5,5"},
		{"forbidden", Forbidden, "cells row,column that are forbidden"},
	} {
		list, given, err := cells(kind.name, kind.about)
		if err != nil {
			return err
		}
		if !given {
			continue
		}
		for s, cell := range g.Cells {
			if cell == kind.cell {
				g.Cells[s] = Free
			}
		}
		for _, s := range list {
			g.Cells[s] = kind.cell
		}
	}
	terminal, _, err := cells("terminal", "cells row,column that end the episode, whatever stands on them")
	if err != nil {
		return err
	}
	g.Terminal = terminal
	start, given, err := cells("start", "cell row,column where episodes begin, or any")
	if given {
		g.Start = start
	}
	return err
}

// readCells reads "4,3 5,5": rows and columns from one.
func (g *Grid) readCells(name, text string) (list []int, err error) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ';' }) {
		a, b, ok := strings.Cut(strings.Trim(word, "()"), ",")
		row, err1 := strconv.Atoi(a)
		col, err2 := strconv.Atoi(b)
		if !ok || err1 != nil || err2 != nil || row < 1 || row > g.Rows || col < 1 || col > g.Cols {
			return nil, fmt.Errorf("%s: %q is no cell; want row,column from 1,1 to %d,%d", name, word, g.Rows, g.Cols)
		}
		list = append(list, g.At(row-1, col-1))
	}
	return list, nil
}

func (g *Grid) readWind(set *Settings) error {
	text := set.Text("wind", "", "how far each column carries upward, one number a column")
	g.Gusts = set.Bool("gusts", false, "the wind is one cell stronger or weaker, each a third of the time")
	if text == "" {
		if g.Gusts {
			return errors.New("gusts without wind: set wind too")
		}
		return nil
	}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		n, err := strconv.Atoi(word)
		if err != nil || n < -g.Rows || n > g.Rows {
			return fmt.Errorf("wind: %q is no whole number within the grid", word)
		}
		g.Wind = append(g.Wind, n)
	}
	if len(g.Wind) != g.Cols {
		return fmt.Errorf("wind: %d numbers for %d columns", len(g.Wind), g.Cols)
	}
	if g.Gusts && g.Slip > 0 {
		return errors.New("slip and gusts cannot be set together")
	}
	return nil
}

func (g *Grid) readMoves(set *Settings) error {
	text := set.Text("actions", "up right down left stay", "names of the actions, in order; also up-right, down-right, down-left, up-left")
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		at := slices.IndexFunc(moves, func(m Move) bool { return m.Name == word })
		if at < 0 {
			var names []string
			for _, m := range moves {
				names = append(names, m.Name)
			}
			return fmt.Errorf("actions: no move %q; did you mean %s?", word, nearest.Word(word, names))
		}
		if slices.Contains(g.Moves, moves[at]) {
			return fmt.Errorf("actions: %s stands there twice", word)
		}
		g.Moves = append(g.Moves, moves[at])
	}
	if len(g.Moves) == 0 {
		return errors.New("actions: a world needs at least one")
	}
	return nil
}

// check finds what no walker could live with.
func (g *Grid) check() error {
	if !slices.Contains(g.Cells, Target) {
		return errors.New("no target: draw a T, or set target: row,column")
	}
	if len(g.Start) == 0 {
		g.Start = []int{slices.Index(g.Cells, Free)}
		if g.Start[0] < 0 {
			return errors.New("no start: no cell is free")
		}
	}
	for _, s := range g.Start {
		switch {
		case g.Cells[s] == Wall || g.Cells[s] == Cliff:
			return fmt.Errorf("the start %s stands on a %s", g.place(s), map[Cell]string{Wall: "wall", Cliff: "cliff"}[g.Cells[s]])
		case g.ends(s):
			return fmt.Errorf("the start %s is a cell where episodes end", g.place(s))
		}
	}
	if len(g.Start) > 1 && slices.Contains(g.Cells, Cliff) {
		return errors.New("a cliff leads back to the start, of which there must be one")
	}
	return nil
}
