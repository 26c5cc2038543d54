package world

import (
	"fmt"
	"slices"
	"strings"
)

// Cell is what stands on one square of a grid.
type Cell byte

// The cells, by the letters that draw them.
const (
	Free      Cell = '.'
	Wall      Cell = '#' // cannot be entered
	Forbidden Cell = 'x' // can be entered, at a price
	Target    Cell = 'T'
	Hole      Cell = 'H' // ends the episode
	Cliff     Cell = 'C' // leads back to the start, at the price of the forbidden
)

// Move is an action on a grid: a name and a step.
type Move struct {
	Name     string
	Row, Col int
}

// moves are the actions that a grid may have. The first five are the book's, in
// its order; ties between actions go to the first.
var moves = []Move{
	{"up", -1, 0},
	{"right", 0, 1},
	{"down", 1, 0},
	{"left", 0, -1},
	{"stay", 0, 0},
	{"up-right", -1, 1},
	{"down-right", 1, 1},
	{"down-left", 1, -1},
	{"up-left", -1, -1},
}

// Grid is a rectangular world. An action moves one cell; against the edge or a
// wall nothing moves, which is a bump. With p = Slip the move goes to one of the
// two sides instead, each as likely as the other. Wind then carries the walker up.
//
// Rewards are paid for the cell entered, where staying enters it again: Target,
// Forbidden, or Step on all others. A bump pays Boundary, and with BumpBoth also
// the price of the forbidden cell that it happened in (Zhao's figures 5.6 and 5.7
// mean that; all others pay Boundary alone).
//
// Zhao, Mathematical Foundations of Reinforcement Learning, 2025, §1.1 and 3.5.
type Grid struct {
	Rows, Cols int
	Cells      []Cell // [Rows·Cols]
	Start      []int  // where episodes begin, each as likely as the others
	Terminal   []int  // cells whose entering ends the episode, beside holes
	Moves      []Move
	Slip       float64
	Wind       []int // how far each column carries upward     [Cols]; nil for none
	Gusts      bool  // where wind blows, one cell more or less, each a third of the time

	TargetReward, ForbiddenReward, BoundaryReward, StepReward float64
	BumpBoth                                                  bool
	Episodic                                                  bool // a target ends the episode
}

// At is the number of a cell; rows and columns count from zero.
func (g *Grid) At(row, col int) int { return row*g.Cols + col }

// ends says whether entering cell s ends the episode.
func (g *Grid) ends(s int) bool {
	return g.Episodic && g.Cells[s] == Target || g.Cells[s] == Hole || slices.Contains(g.Terminal, s)
}

// Model is the exact table of the grid, with discounts of one or zero.
func (g *Grid) Model() *Model {
	end := make([]bool, len(g.Cells))
	for s := range end {
		end[s] = g.ends(s)
	}
	m := NewModel(len(g.Cells), len(g.Moves), func(s, a int) []Outcome {
		if end[s] || g.Cells[s] == Wall {
			return []Outcome{{P: 1, Next: s}}
		}
		return g.outcomes(s, g.Moves[a])
	})
	m.End = end
	for _, s := range g.Start {
		m.Start[s] += 1 / float64(len(g.Start))
	}
	return m
}

func (g *Grid) outcomes(s int, move Move) []Outcome {
	ways := []Outcome{g.land(s, move, 0)}
	if g.Slip > 0 && (move.Row != 0 || move.Col != 0) {
		one, other := Move{Row: move.Col, Col: -move.Row}, Move{Row: -move.Col, Col: move.Row}
		ways = []Outcome{weigh(g.land(s, move, 0), 1-g.Slip), weigh(g.land(s, one, 0), g.Slip/2), weigh(g.land(s, other, 0), g.Slip/2)}
	}
	if g.Gusts && g.Wind[s%g.Cols] != 0 {
		ways = []Outcome{weigh(g.land(s, move, -1), 1./3), weigh(g.land(s, move, 0), 1./3), weigh(g.land(s, move, 1), 1./3)}
	}
	return ways
}

func weigh(o Outcome, p float64) Outcome { o.P = p; return o }

// land says where a move from s ends, and what it pays.
func (g *Grid) land(s int, move Move, gust int) Outcome {
	row, col := s/g.Cols+move.Row, s%g.Cols+move.Col
	bump := row < 0 || row >= g.Rows || col < 0 || col >= g.Cols || g.Cells[g.At(row, col)] == Wall
	if bump {
		row, col = s/g.Cols, s%g.Cols
	}
	for up := g.wind(s%g.Cols) + gust; up != 0; { // one cell at a time: wind blows nobody through a wall
		next := row - sign(up)
		if next < 0 || next >= g.Rows || g.Cells[g.At(next, col)] == Wall {
			break
		}
		row, up = next, up-sign(up)
	}
	next := g.At(row, col)
	o := Outcome{P: 1, Next: next, Reward: g.pay(next), Gamma: 1}
	if bump && g.Cells[s] != Cliff {
		o.Reward = g.BoundaryReward
		if g.BumpBoth && g.Cells[s] == Forbidden {
			o.Reward += g.ForbiddenReward
		}
	}
	switch {
	case g.ends(next):
		o.Gamma = 0
	case g.Cells[next] == Cliff:
		o.Next = g.Start[0]
	}
	return o
}

func (g *Grid) wind(col int) int {
	if g.Wind == nil {
		return 0
	}
	return g.Wind[col]
}

func (g *Grid) pay(s int) float64 {
	switch g.Cells[s] {
	case Target:
		return g.TargetReward
	case Forbidden, Cliff:
		return g.ForbiddenReward
	}
	return g.StepReward
}

func sign(x int) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// unreachable names the targets that no way leads to from the start.
func (g *Grid) unreachable(reached []bool) (warnings []string) {
	for s, cell := range g.Cells {
		if cell == Target && !reached[s] {
			warnings = append(warnings, fmt.Sprintf("the target at %s cannot be reached from the start", g.place(s)))
		}
	}
	return warnings
}

// place writes a cell as a reader counts, from one.
func (g *Grid) place(s int) string { return fmt.Sprintf("(%d,%d)", s/g.Cols+1, s%g.Cols+1) }

// String draws the grid as its file has it.
func (g *Grid) String() string {
	var b strings.Builder
	for s, cell := range g.Cells {
		letter := byte(cell)
		if slices.Contains(g.Start, s) && cell == Free {
			letter = 'S'
		}
		b.WriteByte(letter)
		if (s+1)%g.Cols == 0 {
			b.WriteByte('\n')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}
