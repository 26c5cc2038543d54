package gradient

import (
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/returns"
)

// memory is a window of steps. Those of world i stand in rows i·length … .
type memory struct {
	state               kernel.Matrix // [rows, width]
	action, logp        []float32
	reward, gamma       []float32
	cut                 []bool    // the run ended with this step
	v, next, G, A       []float32 // v(s), v(s′), return, advantage
	reached             int
	reachedRow          []int         // steps at which the horizon cut a run
	reachedState, final kernel.Matrix // where those led, and where the window ends in each world
	pass                *approx.Pass
}

func newMemory(rows, worlds, width int) memory {
	floats := func() []float32 { return make([]float32, rows) }
	return memory{
		state: approx.NewRows(rows, width), action: floats(), logp: floats(), reward: floats(), gamma: floats(),
		cut: make([]bool, rows), v: floats(), next: floats(), G: floats(), A: floats(),
		reachedRow: make([]int, rows), reachedState: approx.NewRows(rows, width), final: approx.NewRows(worlds, width),
	}
}

func (m *memory) reach(row int, state []float32) {
	m.reachedRow[m.reached] = row
	copy(m.reachedState.Row(m.reached), state)
	m.reached++
}

// estimate fills returns and advantages of the window.
func (a *Actor) estimate() {
	m := &a.memory
	for i := range a.worlds {
		copy(m.final.Row(i), a.worlds[i].State)
	}
	if a.Critic {
		a.values()
	} else {
		clear(m.v)
		clear(m.next)
	}
	for i := range a.worlds {
		from, end := i*a.length, i*a.length+a.t
		for t := from; t < end; t++ {
			if m.cut[t] || t == end-1 {
				a.estimateRun(from, t+1)
				from = t + 1
			}
		}
	}
}

// estimateRun is estimate for one unbroken run, rows from … to−1.
func (a *Actor) estimateRun(from, to int) {
	m := &a.memory
	returns.LambdaTo(m.G[from:to], m.reward[from:to], m.gamma[from:to], m.next[from:to], float32(a.Lambda))
	for t := from; t < to; t++ {
		m.A[t] = m.G[t] - m.v[t]
	}
}

// values asks the critic about every state of the window, and about those that it
// leads to: the state of the next step, or where the run was cut.
func (a *Actor) values() {
	m := &a.memory
	for i := range a.worlds {
		from := i * a.length
		a.value(m.v[from:from+a.t], m.state, from)
		copy(m.next[from:from+a.t-1], m.v[from+1:from+a.t])
		if last := from + a.t - 1; !m.cut[last] {
			a.value(m.next[last:last+1], m.final, i)
		} else {
			m.next[last] = 0
		}
	}
	for k := range m.reached {
		row := m.reachedRow[k]
		a.value(m.next[row:row+1], m.reachedState, k)
	}
}

// value writes v of the rows that begin with row.
func (a *Actor) value(v []float32, states kernel.Matrix, row int) {
	const most = gradientRows
	p := a.update.chunk[0].v
	for from := 0; from < len(v); from += most {
		n := min(most, len(v)-from)
		copy(p.Input(n).Data, states.Data[(row+from)*states.Cols:(row+from+n)*states.Cols])
		copy(v[from:from+n], a.Value.Forward(p, n).Data[:n])
	}
}
