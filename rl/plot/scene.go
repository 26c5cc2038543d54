package plot

import (
	"fmt"
	"math"
	"strings"

	"github.com/rotor-lm/rotor/rl/world"
)

// Scene is a world as it stands: its state, as the world tells it, and what is
// seen of it. Of a world that has no picture of its own, it shows the numbers.
func Scene(w *world.World, state, seen []float64) *Picture {
	if draw, known := scenes[w.Name]; known {
		return draw(state, seen)
	}
	if w.Grid != nil && len(state) == 1 {
		return Map{Title: w.Name, Grid: w.Grid, Walks: [][]int{{int(state[0])}}}.Picture()
	}
	return numbers(state, seen)
}

// Strobe is several moments of one run on one sheet, the later the darker.
func Strobe(w *world.World, states, seen [][]float64) *Picture {
	var sheet *Picture
	for k := range states {
		p := Scene(w, states[k], seen[k])
		if sheet == nil {
			sheet = New(p.W, p.H)
		}
		for _, s := range p.shapes {
			if share := float64(k+1) / float64(len(states)); s.text == "" && k < len(states)-1 {
				s.fill.A = uint8(float64(s.fill.A) * (.1 + .4*share))
			}
			if s.text == "" || k == len(states)-1 {
				sheet.shapes = append(sheet.shapes, s)
			}
		}
	}
	return sheet
}

// Moves says whether Strobe shows more of a world than a heap of numbers.
func Moves(w *world.World) bool {
	switch w.Name {
	case "cartpole", "mountaincar", "mountaincar-continuous", "acrobot", "pendulum":
		return true
	}
	return false
}

var scenes = map[string]func(state, seen []float64) *Picture{
	"cartpole":               cartPole,
	"mountaincar":            mountainCar,
	"mountaincar-continuous": mountainCar,
	"acrobot":                acrobot,
	"pendulum":               pendulum,
	"taxi":                   taxi,
	"blackjack":              blackjack,
	"breakout":               arcade("breakout: paddle, ball, where it was, bricks"),
	"asterix":                arcade("asterix: walker, enemies, where they were, gold"),
	"freeway":                arcade("freeway: hen, cars, their speeds"),
}

// cartPole draws the track from −2.4 to 2.4, the cart and the pole.
func cartPole(state, _ []float64) *Picture {
	p := New(320, 150)
	x, theta := 160+state[0]/2.4*140, state[2]
	p.Line(Grey, 1, Point{20, 126}, Point{300, 126})
	p.Line(Grey, 1, Point{20, 120}, Point{20, 132})
	p.Line(Grey, 1, Point{300, 120}, Point{300, 132})
	p.Rect(Blue, x-20, 110, 40, 14)
	sin, cos := math.Sincos(theta)
	p.Line(Orange, 5, Point{x, 110}, Point{x + 84*sin, 110 - 84*cos})
	p.Text(Black, 11, 0, 8, 16, fmt.Sprintf("cart at %.2f, pole %.1f degrees from upright", state[0], theta*180/math.Pi))
	return p
}

// mountainCar draws the valley, whose height is sin 3x, and the car.
func mountainCar(state, _ []float64) *Picture {
	p := New(320, 160)
	at := func(x float64) Point { return Point{20 + (x+1.2)/1.8*280, 140 - (math.Sin(3*x)+1)*50} }
	var hill []Point
	for k := range 61 {
		hill = append(hill, at(-1.2+1.8*float64(k)/60))
	}
	p.Line(Grey, 1.6, hill...)
	goal := at(.5)
	p.Line(Green, 2, goal, Point{goal.X, goal.Y - 22})
	p.Area(Green, Point{goal.X, goal.Y - 22}, Point{goal.X + 12, goal.Y - 17}, Point{goal.X, goal.Y - 12})
	car := at(state[0])
	p.Circle(Blue, car.X, car.Y-6, 6)
	p.Text(Black, 11, 0, 8, 16, fmt.Sprintf("car at %.2f, speed %+.3f", state[0], state[1]))
	return p
}

// acrobot draws the two links, and the height that the tip must reach.
func acrobot(state, _ []float64) *Picture {
	p := New(240, 220)
	middle := Point{120, 120}
	link := func(from Point, angle float64) Point {
		return Point{from.X + 42*math.Sin(angle), from.Y + 42*math.Cos(angle)}
	}
	elbow := link(middle, state[0])
	tip := link(elbow, state[0]+state[1])
	p.Line(Green, 1.4, Point{20, middle.Y - 42}, Point{220, middle.Y - 42})
	p.Line(Blue, 4, middle, elbow)
	p.Line(Orange, 4, elbow, tip)
	p.Circle(Grey, middle.X, middle.Y, 4)
	p.Circle(Grey, elbow.X, elbow.Y, 4)
	p.Text(Black, 11, 0, 8, 16, fmt.Sprintf("tip %.2f above the joint; the line is 1", -math.Cos(state[0])-math.Cos(state[0]+state[1])))
	return p
}

// pendulum draws the rod, upright where the angle is 0.
func pendulum(state, _ []float64) *Picture {
	p := New(240, 220)
	sin, cos := math.Sincos(state[0])
	p.Line(Blue, 6, Point{120, 120}, Point{120 - 80*sin, 120 - 80*cos})
	p.Circle(Grey, 120, 120, 4)
	angle := math.Remainder(state[0], 2*math.Pi)
	p.Text(Black, 11, 0, 8, 16, fmt.Sprintf("%.0f degrees from upright, speed %+.2f", angle*180/math.Pi, state[1]))
	return p
}

// taxi draws the city, its four stands, the taxi, and P and D for the passenger
// and where he wants to go. In the taxi, he is not to be seen.
func taxi(state, _ []float64) *Picture {
	s := int(state[0])
	row, col, passenger, goal := s/100, s/20%5, s/4%5, s%4
	g := world.Grid{Rows: 5, Cols: 5}
	for range 25 {
		g.Cells = append(g.Cells, world.Free)
	}
	p := Map{Title: "taxi: P passenger, D destination", Grid: &g}.Picture()
	for r := range 5 {
		for c := range 4 {
			if !world.TaxiPasses(r, c) {
				x, y := 12+float64(c+1)*cellSize, 32+float64(r)*cellSize
				p.Line(Black, 4, Point{x, y}, Point{x, y + cellSize})
			}
		}
	}
	at := func(k int) Point {
		stand := [4][2]float64{{0, 0}, {0, 4}, {4, 0}, {4, 3}}[k]
		return Point{12 + stand[1]*cellSize, 32 + stand[0]*cellSize}
	}
	for k, name := range []string{"R", "G", "Y", "B"} {
		p.Text(Grey, 12, 0, at(k).X+4, at(k).Y+14, name)
	}
	paint := Orange
	if passenger == 4 {
		paint = Green
	}
	p.Circle(paint, 12+(float64(col)+.5)*cellSize, 32+(float64(row)+.5)*cellSize, 10)
	if passenger < 4 {
		p.Text(Blue, 13, .5, at(passenger).X+14, at(passenger).Y+cellSize-6, "P")
	}
	p.Text(Red, 13, .5, at(goal).X+cellSize-12, at(goal).Y+cellSize-6, "D")
	return p
}

func blackjack(state, _ []float64) *Picture {
	p := New(320, 60)
	if len(state) == 1 { // the number of the state
		s := int(state[0])
		state = []float64{float64(s / 22), float64(s / 2 % 11), float64(s % 2)}
	}
	ace := "no usable ace"
	if state[2] == 1 {
		ace = "a usable ace"
	}
	dealer := fmt.Sprint(state[1])
	if state[1] == 1 {
		dealer = "an ace"
	}
	p.Text(Black, 12, 0, 12, 24, fmt.Sprintf("player has %g, with %s", state[0], ace))
	p.Text(Black, 12, 0, 12, 46, "dealer shows "+dealer)
	return p
}

// arcade draws the boards of ten by ten over each other, each in a colour.
func arcade(title string) func(state, seen []float64) *Picture {
	return func(_, seen []float64) *Picture {
		const size, side = 20.0, 10
		p := New(side*size+24, side*size+40)
		p.Text(Black, 9, 0, 8, 16, title)
		p.Line(Grey, 1, Point{12, 28}, Point{12 + side*size, 28}, Point{12 + side*size, 28 + side*size}, Point{12, 28 + side*size}, Point{12, 28})
		for i := len(seen) - 1; i >= 0; i-- { // the first board on top
			if seen[i] != 0 {
				board, cell := i/(side*side), i%(side*side)
				p.Rect(Palette[board%len(Palette)], 13+float64(cell%side)*size, 29+float64(cell/side)*size, size-2, size-2)
			}
		}
		return p
	}
}

// numbers writes what is known, a line a dozen.
func numbers(state, seen []float64) *Picture {
	x, name := state, "state"
	if len(x) == 0 {
		x, name = seen, "seen"
	}
	var words []string
	for _, v := range x[:min(len(x), 24)] {
		words = append(words, fmt.Sprintf("%.4g", v))
	}
	p := New(420, 60)
	p.Text(Black, 12, 0, 12, 24, name)
	for k := 0; k < len(words); k += 12 {
		p.Text(Black, 10, 0, 12, 40+float64(k), strings.Join(words[k:min(k+12, len(words))], "  "))
	}
	return p
}
