package tokenizer

import "slices"

// bpe is a byte-pair encoding: a vocabulary, and the merges that build its
// longer tokens out of its bytes.
//
//	w ← the bytes of the word
//	while some neighbours (a, b) in w have a merge:
//	    take the pair whose merge was learned first, leftmost where it occurs twice
//	    w ← w with that a, b replaced by ab
//
// Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with
// Subword Units, 2016, arXiv:1508.07909, algorithm 1; over bytes since Radford
// et al., Language Models are Unsupervised Multitask Learners, 2019.
type bpe struct {
	tokens  []string         // by id, as files spell them; "" where no token has the id
	raw     []string         // by id, the bytes
	ids     map[string]int32 // by spelling
	outside []int32          // ids of added tokens that the model lacks
	bytes   [256]int32       // id of each byte; -1 where the vocabulary lacks it
	pairs   [][2]int32       // the merges, in the order they were learned
	merges  pairTable

	unk    int32            // stands for a byte that the vocabulary lacks; -1: such a byte is dropped
	fuse   bool             // one unk for a run of such bytes
	whole  map[string]int32 // raw words taken whole before any merge; nil unless ignore_merges
	recent recent
}

// A symbol is a token and the number of bytes it stands for.
type symbol struct{ id, size int32 }

// symbols appends the encoding of a word to dst.
func (m *bpe) symbols(dst []symbol, word string) []symbol {
	if id, ok := m.whole[word]; ok {
		return append(dst, symbol{id, int32(len(word))})
	}
	at := len(dst)
	unknown := false
	for i := range len(word) {
		id := m.bytes[word[i]]
		switch {
		case id >= 0:
			dst, unknown = append(dst, symbol{id, 1}), false
		case m.unk >= 0 && unknown && m.fuse:
			dst[len(dst)-1].size++
		case m.unk >= 0:
			dst, unknown = append(dst, symbol{m.unk, 1}), true
		}
	}
	w := dst[at:]
	if len(w) <= shortWord {
		return dst[:at+mergeShort(&m.merges, w)]
	}
	return dst[:at+mergeLong(&m.merges, w)]
}

// shortWord is the longest word for which looking at every pair after each
// merge beats a heap.
const shortWord = 64

// mergeShort merges w in place by the rule above, literally, and returns how
// many symbols are left. It keeps the rank of each pair beside its left symbol.
func mergeShort(t *pairTable, w []symbol) int {
	if len(w) < 2 {
		return len(w)
	}
	var next [shortWord]merge
	for i := range len(w) - 1 {
		next[i] = t.find(w[i].id, w[i+1].id)
	}
	for n := len(w); ; n-- {
		best := 0
		for i := 1; i < n-1; i++ {
			if next[i].rank < next[best].rank {
				best = i
			}
		}
		if n < 2 || next[best].rank == never {
			return n
		}
		w[best] = symbol{next[best].id, w[best].size + w[best+1].size}
		copy(w[best+1:n-1], w[best+2:n])
		copy(next[best+1:n-1], next[best+2:n])
		if best > 0 {
			next[best-1] = t.find(w[best-1].id, w[best].id)
		}
		if best < n-2 {
			next[best] = t.find(w[best].id, w[best+1].id)
		}
	}
}

// mergeLong does what mergeShort does in O(n log n): the symbols are a linked
// list, and a heap holds every pair by rank, then by place.
func mergeLong(t *pairTable, w []symbol) int {
	left, right := make([]int32, len(w)), make([]int32, len(w))
	var heap candidates
	for i := range w {
		left[i], right[i] = int32(i)-1, int32(i)+1
		if i > 0 {
			heap.add(t, w, int32(i)-1, int32(i))
		}
	}
	right[len(w)-1] = -1
	slices.Sort(heap) // a sorted list is a heap
	for len(heap) > 0 {
		rank, at := heap.pop()
		to := right[at]
		if w[at].size == 0 || to < 0 {
			continue
		}
		m := t.find(w[at].id, w[to].id)
		if m.rank != rank {
			continue // one of the two has been merged with another since
		}
		w[at] = symbol{m.id, w[at].size + w[to].size}
		w[to].size = 0
		right[at] = right[to]
		if r := right[to]; r >= 0 {
			left[r] = at
			heap.push(t, w, at, r)
		}
		if l := left[at]; l >= 0 {
			heap.push(t, w, l, at)
		}
	}
	n := 0
	for i := int32(0); i >= 0; i = right[i] {
		w[n] = w[i]
		n++
	}
	return n
}

// candidates is a heap of pairs that have a merge: the rank above, the place
// of the left symbol below.
type candidates []uint64

func (h *candidates) add(t *pairTable, w []symbol, a, b int32) bool {
	m := t.find(w[a].id, w[b].id)
	if m.rank == never {
		return false
	}
	*h = append(*h, uint64(m.rank)<<32|uint64(a))
	return true
}

func (h *candidates) push(t *pairTable, w []symbol, a, b int32) {
	if !h.add(t, w, a, b) {
		return
	}
	q := *h
	i := len(q) - 1
	for i > 0 && q[i] < q[(i-1)/2] {
		q[i], q[(i-1)/2] = q[(i-1)/2], q[i]
		i = (i - 1) / 2
	}
}

func (h *candidates) pop() (rank uint32, at int32) {
	q := *h
	top, last := q[0], q[len(q)-1]
	q = q[:len(q)-1]
	*h = q
	for i := 0; len(q) > 0; {
		c := 2*i + 1
		if c+1 < len(q) && q[c+1] < q[c] {
			c++
		}
		if c >= len(q) || last <= q[c] {
			q[i] = last
			break
		}
		q[i] = q[c]
		i = c
	}
	return uint32(top >> 32), int32(uint32(top))
}
