package tokenizer

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
