package tabular

import (
	"math"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
)

func init() {
	register(Entry{
		Name: "dyna-q", Row: Row{"max q(s′,·)", "0", "q(s,a)", "q += α·(G − q), and again for imagined steps"}, Control: true,
		Uses: []string{"planning", "kappa"}, Source: "Sutton 1990; Sutton and Barto 2018, §8.2 and 8.3",
		New: func(o Options) Algorithm { return &DynaQ{Planning: o.Planning, Kappa: o.Kappa} },
	})
	register(Entry{
		Name: "prioritized-sweeping", Row: Row{"max q(s′,·)", "0", "q(s,a)", "q += α·(G − q) where it changes most"}, Control: true,
		Uses: []string{"planning", "theta"}, Source: "Moore and Atkeson 1993; Sutton and Barto 2018, §8.4",
		New: func(o Options) Algorithm { return &Sweeping{Planning: o.Planning, Theta: o.Theta} },
	})
}

// Memory is what an agent believes of its world: what each pair led to last.
type Memory struct {
	Next     []int     `json:"next"` // −1 where a pair was never tried     [States·Actions]
	Reward   []float64 `json:"reward"`
	Discount []float64 `json:"discount"`
	When     []int     `json:"when"`  // the step at which a pair was last tried
	Tried    []int     `json:"tried"` // pairs, in the order in which they were first tried
}

func (m *Memory) begin(pairs int) {
	if m.Next != nil {
		return
	}
	m.Next, m.Reward, m.Discount, m.When = make([]int, pairs), make([]float64, pairs), make([]float64, pairs), make([]int, pairs)
	for i := range m.Next {
		m.Next[i] = -1
	}
}

func (m *Memory) keep(i, next int, r, gamma float64, now int) (known bool) {
	known = m.Next[i] >= 0
	if !known {
		m.Tried = append(m.Tried, i)
	}
	m.Next[i], m.Reward[i], m.Discount[i], m.When[i] = next, r, gamma, now
	return known
}

// DynaQ is Q-learning that after each real step takes Planning imagined ones, from
// pairs that it has tried, as its memory says they went. Kappa adds κ·√τ to an
// imagined reward, where τ is how long ago the pair was tried: Dyna-Q+.
//
// Sutton, Integrated Architectures for Learning, Planning, and Reacting, 1990.
type DynaQ struct {
	Planning int
	Kappa    float64
	Memory   Memory `json:"memory"`
}

// Episode learns from one episode.
func (d *DynaQ) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	m, actions := &d.Memory, l.Q.Actions
	m.begin(len(l.Q.Values))
	s := env.Reset(l.rng)
	for {
		a := l.Act(s)
		next, r, gamma := env.Step(a)
		l.Toward(s, a, returns.One(r, gamma, l.Q.Max(next)))
		more := l.More(&ep, r, gamma)
		m.keep(s*actions+a, next, r, gamma, l.Steps)
		for range d.Planning {
			i := m.Tried[l.rng.IntN(len(m.Tried))]
			bonus := 0.
			if d.Kappa != 0 {
				bonus = d.Kappa * math.Sqrt(float64(l.Steps-m.When[i]))
			}
			l.Toward(i/actions, i%actions, returns.One(m.Reward[i]+bonus, m.Discount[i], l.Q.Max(m.Next[i])))
		}
		if !more {
			return ep
		}
		s = next
	}
}

// Sweeping is prioritised sweeping: imagined steps go where values change most. A
// pair whose error exceeds Theta waits in a queue, the largest error first; after
// each backup the pairs that lead to its state are looked at.
//
// Moore and Atkeson, Prioritized Sweeping, 1993; Sutton and Barto 2018, §8.4.
type Sweeping struct {
	Planning int
	Theta    float64
	Memory   Memory  `json:"memory"`
	Before   [][]int `json:"before"` // pairs that were seen to lead to each state
	Queue    queue   `json:"queue"`
}

// Episode learns from one episode.
func (d *Sweeping) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	m, actions := &d.Memory, l.Q.Actions
	m.begin(len(l.Q.Values))
	d.Queue.begin(len(l.Q.Values))
	if d.Before == nil {
		d.Before = make([][]int, l.Q.States)
	}
	s := env.Reset(l.rng)
	for {
		a := l.Act(s)
		next, r, gamma := env.Step(a)
		more := l.More(&ep, r, gamma)
		i := s*actions + a
		if old := m.Next[i]; !m.keep(i, next, r, gamma, l.Steps) || old != next {
			d.Before[next] = append(d.Before[next], i)
		}
		d.look(l, i)
		for range d.Planning {
			i, any := d.Queue.pop()
			if !any {
				break
			}
			l.Toward(i/actions, i%actions, d.believed(l, i))
			for _, k := range d.Before[i/actions] {
				if m.Next[k] == i/actions {
					d.look(l, k)
				}
			}
		}
		if !more {
			return ep
		}
		s = next
	}
}

// believed is the return of pair i as memory has it.
func (d *Sweeping) believed(l *Learning, i int) float64 {
	return returns.One(d.Memory.Reward[i], d.Memory.Discount[i], l.Q.Max(d.Memory.Next[i]))
}

// look puts pair i into the queue if its error is worth it.
func (d *Sweeping) look(l *Learning, i int) {
	if p := abs(d.believed(l, i) - l.Q.Values[i]); p > d.Theta {
		d.Queue.push(i, p)
	}
}

// queue is a heap of pairs by priority, each at most once.
type queue struct {
	Heap     []int     `json:"heap"`     // pairs
	Priority []float64 `json:"priority"` // of every pair
	Place    []int     `json:"place"`    // where a pair stands in the heap; −1 if it does not
}

func (q *queue) begin(pairs int) {
	if q.Place != nil {
		return
	}
	q.Priority, q.Place = make([]float64, pairs), make([]int, pairs)
	for i := range q.Place {
		q.Place[i] = -1
	}
}

// push adds pair i, or raises it; it never sinks.
func (q *queue) push(i int, priority float64) {
	at := q.Place[i]
	switch {
	case at < 0:
		at = len(q.Heap)
		q.Heap = append(q.Heap, i)
	case priority <= q.Priority[i]:
		return
	}
	q.Priority[i] = priority
	for at > 0 && q.Priority[q.Heap[(at-1)/2]] < priority {
		q.put(at, q.Heap[(at-1)/2])
		at = (at - 1) / 2
	}
	q.put(at, i)
}

// pop takes the pair with the highest priority.
func (q *queue) pop() (int, bool) {
	if len(q.Heap) == 0 {
		return 0, false
	}
	top, n := q.Heap[0], len(q.Heap)-1
	last := q.Heap[n]
	q.Heap = q.Heap[:n]
	q.Place[top] = -1
	for at := 0; n > 0; {
		child := 2*at + 1
		if child+1 < n && q.Priority[q.Heap[child+1]] > q.Priority[q.Heap[child]] {
			child++
		}
		if child >= n || q.Priority[q.Heap[child]] <= q.Priority[last] {
			q.put(at, last)
			break
		}
		q.put(at, q.Heap[child])
		at = child
	}
	return top, true
}

func (q *queue) put(at, i int) { q.Heap[at], q.Place[i] = i, at }
