package world

import (
	"math"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

func init() {
	Register(Entry{
		Name: "carrental", About: "two places that rent cars: how many to move overnight",
		Source: "Sutton and Barto, Reinforcement Learning, 2018, example 4.2",
		Make: func(set *Settings) (*World, error) {
			cars := set.Int("cars", 20, 1, 20, "cars that a place can hold")
			most := set.Int("most", 5, 0, 10, "cars that can be moved in a night")
			rent := set.Float("rent", 10, "earned for each car that is rented")
			price := set.Float("price", 2, "paid for each car that is moved")
			w := finite(CarRental(cars, most, rent, price), set.Gamma(.9))
			w.Horizon = set.Horizon(0)
			for a := range w.Model.Actions {
				w.Actions = append(w.Actions, "move "+itoa(a-most))
			}
			return w, nil
		},
	})
}

// CarRental is the table of cars in the evening at two places, state n₁·(cars+1) + n₂.
// Action a moves a − most of them from the first to the second, or as many as
// there are. Requests and returns are Poisson, 3 and 3 at the first place, 4 and 2
// at the second; a car beyond what a place holds is taken away.
func CarRental(cars, most int, rent, price float64) *Model {
	n := cars + 1
	first, earn1 := day(cars, 3, 3)
	second, earn2 := day(cars, 4, 2)
	m := NewModel(n*n, 2*most+1, func(s, a int) []Outcome {
		moved := min(max(a-most, -(s%n)), s/n)
		x, y := min(s/n-moved, cars), min(s%n+moved, cars)
		out := make([]Outcome, 0, n*n)
		reward := rent*(earn1[x]+earn2[y]) - price*math.Abs(float64(moved))
		for i, p := range first[x] {
			for j, q := range second[y] {
				out = append(out, Outcome{P: p * q, Next: i*n + j, Reward: reward, Gamma: 1})
			}
		}
		return out
	})
	m.Start[(n*n)/2] = 1
	return m
}

// day returns, for each number of cars in the morning, how likely each number is
// in the evening, and how many cars are rented on average. The reward of a day is
// that average: what is earned tells nothing of what comes next but through it.
func day(cars int, requests, returns float64) (evening [][]float64, rented []float64) {
	evening, rented = make([][]float64, cars+1), make([]float64, cars+1)
	for n := range evening {
		evening[n] = make([]float64, cars+1)
		for out, p := range poisson(requests, n) {
			rented[n] += p * float64(out)
			for in, q := range poisson(returns, cars-(n-out)) {
				evening[n][n-out+in] += p * q
			}
		}
	}
	return evening, rented
}

// poisson is the distribution of 0 … most, with the whole tail on the last.
func poisson(mean float64, most int) []float64 {
	p, rest := make([]float64, most+1), 1.
	term := math.Exp(-mean)
	for k := range most {
		p[k] = term
		rest -= term
		term *= mean / float64(k+1)
	}
	p[most] = rest
	return p
}
