package tokenizer

// bpe is a byte-pair encoding: a vocabulary, and the merges that build its
// longer tokens out of its bytes, or out of its characters.
//
//	w ← the bytes, or the characters, of the word
//	while some neighbours (a, b) in w have a merge:
//	    take the pair whose merge was learned first, leftmost where it occurs twice
//	    w ← w with that a, b replaced by ab
//
// Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with
// Subword Units, 2016, arXiv:1508.07909, algorithm 1; over bytes since Radford
// et al., Language Models are Unsupervised Multitask Learners, 2019. Over
// characters, with a byte for what the vocabulary lacks, in SentencePiece: Kudo
// and Richardson, 2018, arXiv:1808.06226.
type bpe struct {
	tokens  []string         // by id, as files spell them; "" where no token has the id
	raw     []string         // by id, the bytes
	ids     map[string]int32 // by spelling
	outside []int32          // ids of added tokens that the model lacks
	bytes   [256]int32       // id of each byte; -1 where the vocabulary lacks it
	chars   *charTable       // id of each character; nil where every word is made of bytes
	pairs   [][2]int32       // the merges, in the order they were learned
	merges  pairTable
	seams   *seams // nil where what the vocabulary lacks makes neighbours of others

	fallback     bool             // whether bytes stand for a character that the vocabulary lacks
	unk          int32            // stands for what the vocabulary lacks; -1: it is dropped
	fuse         bool             // one unk for a run of them
	whole        map[string]int32 // raw words taken whole before any merge; nil unless ignore_merges
	words, parts recent
}

// A symbol is a token and the number of bytes it stands for.
type symbol struct{ id, size int32 }

// symbols appends the encoding of a word to dst.
func (m *bpe) symbols(dst []symbol, word string) []symbol {
	if id, ok := m.whole[word]; ok {
		return append(dst, symbol{id, int32(len(word))})
	}
	return m.merged(dst, word)
}

// merged appends what the merges alone make of a word, or of a part of one.
func (m *bpe) merged(dst []symbol, word string) []symbol {
	at := len(dst)
	if m.chars != nil {
		dst = m.byChars(dst, word)
	} else {
		dst = m.byBytes(dst, word)
	}
	w := dst[at:]
	if len(w) <= shortWord {
		return dst[:at+mergeShort(&m.merges, w)]
	}
	return dst[:at+mergeLong(&m.merges, w)]
}

// byBytes appends the bytes of a word.
func (m *bpe) byBytes(dst []symbol, word string) []symbol {
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
	return dst
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
