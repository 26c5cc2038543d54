package tabular

import "fmt"

// Trace says how a visit marks its place for errors that come later. With x = 1
// at the place visited and 0 elsewhere,
//
//	accumulating   z ← γλz + x
//	replacing      z ← γλz, then 1 at the place visited
//	dutch          z ← γλz + (1 − α·γλ·z·x)·x
//	true-online    dutch, with the error corrected so that at every moment the
//	               values are those of the online λ-return
//
// Sutton and Barto 2018, §12.2 and 12.5; van Seijen et al., True Online Temporal-
// Difference Learning, 2016.
type Trace int

// The traces.
const (
	Accumulating Trace = iota
	Replacing
	Dutch
	TrueOnline
)

var traceNames = []string{"accumulating", "replacing", "dutch", "true-online"}

// String is the name of a trace.
func (t Trace) String() string { return traceNames[t] }

// MarshalText is the name of a trace.
func (t Trace) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the name of a trace.
func (t *Trace) UnmarshalText(text []byte) error {
	for i, name := range traceNames {
		if name == string(text) {
			*t = Trace(i)
			return nil
		}
	}
	return fmt.Errorf("trace %q: want accumulating, replacing, dutch or true-online", text)
}

// marks are the eligibility traces z of a table. Places with z = 0 cost nothing.
type marks struct {
	kind   Trace
	z      []float64
	places []int   // where z may not be zero
	old    float64 // true online: what the next place was worth before the last change
}

// begin forgets an episode, in a table of n places.
func (m *marks) begin(n int) {
	if len(m.z) != n {
		m.z, m.places = make([]float64, n), nil
	}
	m.clear()
	m.old = 0
}

// clear sets z to zero.
func (m *marks) clear() {
	for _, i := range m.places {
		m.z[i] = 0
	}
	m.places = m.places[:0]
}

// visit marks place i.
func (m *marks) visit(i int, alpha float64) {
	z := m.z[i]
	if z == 0 {
		m.places = append(m.places, i)
	}
	switch m.kind {
	case Accumulating:
		z++
	case Replacing:
		z = 1
	default:
		z += 1 - alpha*z
	}
	m.z[i] = z
}

// learn moves all marked values of w by the error of place i, whose return is now
// said to be G, and then fades the marks by γλ. next is what the following place
// is worth to the true online error.
func (m *marks) learn(w []float64, i int, alpha, G, next, fade float64) {
	delta := G - w[i]
	m.visit(i, alpha)
	slip := 0.
	if m.kind == TrueOnline {
		slip = w[i] - m.old
		delta += slip
	}
	kept := m.places[:0]
	for _, k := range m.places {
		w[k] += alpha * delta * m.z[k]
		if m.z[k] *= fade; m.z[k] != 0 {
			kept = append(kept, k)
		}
	}
	m.places = kept
	if m.kind == TrueOnline {
		w[i] -= alpha * slip
		m.old = next
	}
}
