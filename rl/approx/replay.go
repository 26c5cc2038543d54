package approx

import (
	"fmt"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/rl/returns"
)

// Replay remembers the last transitions, so that each is learned from many times
// and neighbours in time are not neighbours in a batch. A transition may span
// several steps: Reward is then their discounted sum, and Discount the product.
//
// Lin, Self-Improving Reactive Agents Based on Reinforcement Learning, Planning
// and Teaching, 1992.
type Replay struct {
	State, Next kernel.Matrix // [capacity, width]
	Action      kernel.Matrix // [capacity, numbers of an action]
	Reward      []float32
	Discount    []float32
	N           int // how many are remembered
	at          int // where the next goes
	tree        *sumTree
	window      window
}

// NewReplay remembers capacity transitions of steps steps each. With weighted,
// they are drawn by priority.
func NewReplay(capacity, width, action, steps int, weighted bool) *Replay {
	r := &Replay{
		State: NewRows(capacity, width), Next: NewRows(capacity, width), Action: NewRows(capacity, action),
		Reward: make([]float32, capacity), Discount: make([]float32, capacity), window: newWindow(steps, width, action),
	}
	if weighted {
		r.tree = newSumTree(capacity)
	}
	return r
}

// Add remembers one step; cut says that a run ended with it.
func (r *Replay) Add(state, action []float32, reward, discount float32, next []float32, cut bool) {
	w := &r.window
	w.push(state, action, reward, discount)
	if w.full() {
		r.store(next)
	}
	for cut && w.n > 0 {
		r.store(next)
	}
}

// store moves the oldest step of the window into memory, with all that followed it.
func (r *Replay) store(next []float32) {
	w, i := &r.window, r.at
	copy(r.State.Row(i), w.state.Row(0))
	copy(r.Action.Row(i), w.action.Row(0))
	copy(r.Next.Row(i), next)
	r.Reward[i], r.Discount[i] = w.sum()
	w.pop()
	if r.tree != nil {
		r.tree.add(i)
	}
	r.at = (i + 1) % len(r.Reward)
	r.N = min(r.N+1, len(r.Reward))
}

// Draw picks transitions at random, with replacement.
func (r *Replay) Draw(rng *rand.Rand, rows []int) {
	for i := range rows {
		rows[i] = rng.IntN(r.N)
	}
}

// within forgets everything, and says so, if an action is not the number of one of n.
func (r *Replay) within(n int) error {
	for _, action := range append(r.Action.Data[:r.N:r.N], r.window.action.Data...) {
		if !(action >= 0 && action < float32(n)) {
			r.N, r.window.n = 0, 0
			return fmt.Errorf("the saved agent remembers action %g of %d", action, n)
		}
	}
	return nil
}

// window holds the last steps of a run, oldest first.
type window struct {
	state, action    kernel.Matrix
	reward, discount []float32
	n                int
}

func newWindow(steps, width, action int) window {
	return window{NewRows(steps, width), NewRows(steps, action), make([]float32, steps), make([]float32, steps), 0}
}

func (w *window) full() bool { return w.n == len(w.reward) }

func (w *window) push(state, action []float32, reward, discount float32) {
	copy(w.state.Row(w.n), state)
	copy(w.action.Row(w.n), action)
	w.reward[w.n], w.discount[w.n] = reward, discount
	w.n++
}

// sum is the discounted reward of the whole window, and its discount.
func (w *window) sum() (reward, discount float32) {
	discount = 1
	for k := w.n - 1; k >= 0; k-- {
		reward = returns.One(w.reward[k], w.discount[k], reward)
		discount *= w.discount[k]
	}
	return reward, discount
}

func (w *window) pop() {
	w.n--
	for k := range w.n {
		copy(w.state.Row(k), w.state.Row(k+1))
		copy(w.action.Row(k), w.action.Row(k+1))
		w.reward[k], w.discount[k] = w.reward[k+1], w.discount[k+1]
	}
}
