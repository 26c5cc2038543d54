package tokenizer

import "slices"

// mergeLong does what mergeShort does in O(n log n). The symbols are a linked
// list, so that a merge moves none. Places to merge are kept by rank: those of
// the lowest rank are sorted and taken from left to right, and what a merge
// brings about almost always has a higher rank, for it was learned later. What
// has a lower one goes to a heap and is taken first.
func mergeLong(t *pairTable, w []symbol) int {
	l := newLongWord(t, w)
	for l.nextRank() {
		for rank, at, ok := l.next(); ok; rank, at, ok = l.next() {
			l.merge(rank, at)
		}
	}
	n := 0
	for i := int32(0); i >= 0; i = l.right[i] {
		w[n] = w[i]
		n++
	}
	return n
}

type longWord struct {
	table       *pairTable
	symbols     []symbol
	left, right []int32 // neighbours; -1 at the ends

	rank   uint32             // in progress
	places []int32            // of it, sorted
	later  map[uint32][]int32 // places of higher ranks
	ranks  queue              // the ranks in later
	urgent queue              // rank and place, none higher than the one in progress
}

func newLongWord(t *pairTable, w []symbol) *longWord {
	links := make([]int32, 2*len(w))
	l := &longWord{table: t, symbols: w, left: links[:len(w)], right: links[len(w):], later: map[uint32][]int32{}}
	for i := range w {
		l.left[i], l.right[i] = int32(i)-1, int32(i)+1
	}
	l.right[len(w)-1] = -1
	for i := range int32(len(w) - 1) {
		if m := t.find(w[i].id, w[i+1].id); m.rank != never {
			l.put(m.rank, i)
		}
	}
	return l
}

func (l *longWord) put(rank uint32, at int32) {
	places, ok := l.later[rank]
	if !ok {
		l.ranks.push(uint64(rank))
	}
	l.later[rank] = append(places, at)
}

// note puts the pair that begins at a symbol where it belongs.
func (l *longWord) note(at int32) {
	if at < 0 || l.right[at] < 0 {
		return
	}
	switch m := l.table.find(l.symbols[at].id, l.symbols[l.right[at]].id); {
	case m.rank == never:
	case m.rank <= l.rank:
		l.urgent.push(uint64(m.rank)<<32 | uint64(at))
	default:
		l.put(m.rank, at)
	}
}

func (l *longWord) nextRank() bool {
	if len(l.ranks) == 0 {
		return false
	}
	l.rank = uint32(l.ranks.pop())
	l.places = l.later[l.rank]
	delete(l.later, l.rank)
	slices.Sort(l.places)
	return true
}

// next takes the place that comes first by rank, then from the left.
func (l *longWord) next() (rank uint32, at int32, ok bool) {
	if len(l.urgent) > 0 && (len(l.places) == 0 || l.urgent[0] < uint64(l.rank)<<32|uint64(l.places[0])) {
		top := l.urgent.pop()
		return uint32(top >> 32), int32(uint32(top)), true
	}
	if len(l.places) == 0 {
		return 0, 0, false
	}
	at = l.places[0]
	l.places = l.places[1:]
	return l.rank, at, true
}

// merge joins the symbol at a place with the next, unless one of them has been
// merged with another since.
func (l *longWord) merge(rank uint32, at int32) {
	w, to := l.symbols, l.right[at]
	if w[at].size == 0 || to < 0 {
		return
	}
	m := l.table.find(w[at].id, w[to].id)
	if m.rank != rank {
		return
	}
	w[at] = symbol{m.id, w[at].size + w[to].size}
	w[to].size = 0
	l.right[at] = l.right[to]
	if r := l.right[at]; r >= 0 {
		l.left[r] = at
	}
	l.note(at)
	l.note(l.left[at])
}

// queue is a heap: the smallest first.
type queue []uint64

func (h *queue) push(x uint64) {
	q := append(*h, x)
	i := len(q) - 1
	for ; i > 0 && x < q[(i-1)/2]; i = (i - 1) / 2 {
		q[i] = q[(i-1)/2]
	}
	q[i] = x
	*h = q
}

func (h *queue) pop() uint64 {
	q := *h
	top, x := q[0], q[len(q)-1]
	q = q[:len(q)-1]
	*h = q
	for i := 0; len(q) > 0; {
		c := 2*i + 1
		if c+1 < len(q) && q[c+1] < q[c] {
			c++
		}
		if c >= len(q) || x <= q[c] {
			q[i] = x
			break
		}
		q[i] = q[c]
		i = c
	}
	return top
}
