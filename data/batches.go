package data

import (
	"fmt"
	"iter"
	"math"
	"sort"
)

// Batches is the endless order in which a set is trained on. Epoch after epoch
// runs through the set, each in an order of its own; a step takes the next
// sequences, and divides them into micro-batches.
//
// Nothing is remembered between steps but what can be computed again: step n
// after a resume is step n of the run that was never stopped.
type Batches struct {
	Set     *Set
	Batch   int     // sequences of a step
	Tokens  int     // rows of a step instead: as many sequences as fit, at least one
	Rows    int     // the most rows of a micro-batch; zero is 256, or the longest sequence
	Epochs  float64 // how often the set is run through; zero has no end
	Seed    uint64
	Ordered bool // as they stand, for evaluation

	epoch  int     // whose order is at hand, plus one
	order  []int32 // of that epoch
	begins []int   // with Tokens: where the steps of that epoch begin in its order
	first  []int   // with Tokens: the first step of each epoch that was looked at
	buf    Sequence
}

// Step is the work between two changes of the weights.
type Step struct {
	Micros    []Micro
	Rows      int     // of all micro-batches
	Labels    int     // of all micro-batches: what the sum of losses is divided by
	Sequences int     // of all micro-batches
	Epoch     float64 // how often the set has been run through when the step is done
}

// Micro is what one pass of the model takes: whole sequences side by side.
type Micro struct {
	IDs     []int32 // [T] what the rows see
	Targets []int32 // [T] what each should say next; −1 where nothing is asked
	Lengths []int   // of the sequences; their sum is T
	Index   []int   // of the sequences in the set
	Labels  int     // targets that are asked for
}

// Check says what is wrong with the settings, and settles Rows. It comes before
// all else.
func (b *Batches) Check() error {
	longest := 0
	for i := range b.Set.Len() {
		longest = max(longest, b.Set.Rows(i))
	}
	switch {
	case b.Set.Len() == 0:
		return fmt.Errorf("data: %s has no sequence to make batches of", b.Set.corpus.name)
	case (b.Batch > 0) == (b.Tokens > 0) || b.Batch < 0 || b.Tokens < 0:
		return fmt.Errorf("data: a batch of %d sequences and of %d tokens: want one of the two", b.Batch, b.Tokens)
	case b.Epochs < 0 || math.IsNaN(b.Epochs) || b.Epochs > 1e9:
		return fmt.Errorf("data: %v epochs: want a number from 0 on", b.Epochs)
	case b.Rows == 0:
		b.Rows = max(256, longest)
	case b.Rows < longest:
		return fmt.Errorf("data: %d rows at once do not hold the longest sequence, of %d: raise them, or lower the length", b.Rows, longest)
	}
	return nil
}

// Steps is how many steps the epochs take; zero where there is no end.
func (b *Batches) Steps() int {
	if b.Epochs == 0 {
		return 0
	}
	if b.Batch > 0 {
		return (b.total() + b.Batch - 1) / b.Batch
	}
	n := 0
	for from, to := b.bound(0); from < to; from, to = b.bound(n) {
		n++
	}
	return n
}

// total is the number of sequences of all epochs.
func (b *Batches) total() int {
	if b.Epochs == 0 {
		return math.MaxInt
	}
	return int(math.Ceil(b.Epochs*float64(b.Set.Len()) - 1e-9))
}

// Step computes step n, from 0, into s, whose memory it uses again. It reports
// false where the epochs are over.
func (b *Batches) Step(n int, s *Step) bool {
	from, to := b.bound(n)
	s.Rows, s.Labels, s.Sequences = 0, 0, 0
	s.Micros = s.Micros[:0]
	if from >= to {
		return false
	}
	size := b.Set.Len()
	for k := from; k < to; k++ {
		i := k % size
		if !b.Ordered {
			i = int(b.orderOf(k / size)[i])
		}
		s.add(i, b.Set.At(i, &b.buf), b.Rows)
	}
	s.Epoch = float64(to) / float64(size)
	return true
}

// bound is where in the endless order step n begins and ends.
func (b *Batches) bound(n int) (from, to int) {
	size := b.Set.Len()
	if b.Batch > 0 {
		return n * b.Batch, min((n+1)*b.Batch, b.total())
	}
	if b.first == nil {
		b.first = []int{0}
	}
	e := sort.SearchInts(b.first, n+1) - 1
	for n-b.first[e] >= len(b.bounds(e))-1 {
		if (e+1)*size >= b.total() {
			return 0, 0
		}
		if e++; e == len(b.first) {
			b.first = append(b.first, b.first[e-1]+len(b.begins)-1)
		}
	}
	k := n - b.first[e]
	return e*size + b.begins[k], min(e*size+b.begins[k+1], b.total())
}

// bounds finds where in the order of an epoch its steps of Tokens rows begin,
// and last its end.
func (b *Batches) bounds(epoch int) []int {
	var order []int32
	if !b.Ordered {
		order = b.orderOf(epoch)
	}
	if len(b.begins) > 0 {
		return b.begins
	}
	b.begins = append(b.begins, 0)
	rows := 0
	for k := range b.Set.Len() {
		i := k
		if order != nil {
			i = int(order[k])
		}
		n := b.Set.Rows(i)
		if rows > 0 && rows+n > b.Tokens {
			b.begins, rows = append(b.begins, k), 0
		}
		rows += n
	}
	b.begins = append(b.begins, b.Set.Len())
	return b.begins
}

func (b *Batches) orderOf(epoch int) []int32 {
	if b.epoch != epoch+1 {
		b.order = permutation(b.order, b.Set.Len(), b.Seed, "data/shuffle", epoch)
		b.epoch = epoch + 1
		b.begins = b.begins[:0]
	}
	return b.order
}

// From yields the steps from number n on. A step is good until the next.
func (b *Batches) From(n int) iter.Seq2[int, *Step] {
	return func(yield func(int, *Step) bool) {
		var s Step
		for ; b.Step(n, &s); n++ {
			if !yield(n, &s) {
				return
			}
		}
	}
}

// add puts a sequence behind the last, in a new micro-batch where it does not fit.
func (s *Step) add(index int, q Sequence, rows int) {
	last := len(s.Micros) - 1
	if last < 0 || len(s.Micros[last].IDs)+q.Rows() > rows {
		last++
		if last < cap(s.Micros) {
			s.Micros = s.Micros[:last+1]
			s.Micros[last].clear()
		} else {
			s.Micros = append(s.Micros, Micro{})
		}
	}
	m := &s.Micros[last]
	n := q.Rows()
	m.IDs = append(m.IDs, q.IDs[:n]...)
	labels := 0
	for t := range n {
		target := int32(-1)
		if q.Learn[t+1] {
			target = q.IDs[t+1]
			labels++
		}
		m.Targets = append(m.Targets, target)
	}
	m.Lengths = append(m.Lengths, n)
	m.Index = append(m.Index, index)
	m.Labels += labels
	s.Labels += labels
	s.Rows += n
	s.Sequences++
}

func (m *Micro) clear() {
	m.IDs, m.Targets, m.Lengths, m.Index, m.Labels = m.IDs[:0], m.Targets[:0], m.Lengths[:0], m.Index[:0], 0
}
