package tokenizer

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// recent remembers the encodings of words seen lately. Every word has one
// place, a new word takes the place of an old one, and nothing is locked:
// bounded memory, and any number of readers and writers.
type recent struct {
	seed  maphash.Seed
	words []atomic.Pointer[known]
}

type known struct {
	word string
	ids  []int32
}

const (
	recentWords  = 1 << 15
	longestKnown = 48 // bytes: longer words do not come back often
)

func newRecent() recent {
	return recent{maphash.MakeSeed(), make([]atomic.Pointer[known], recentWords)}
}

// encode appends the encoding of a word to dst.
func (m *bpe) encode(dst []int32, word string) []int32 {
	if len(word) == 1 && m.bytes[word[0]] >= 0 {
		return append(dst, m.bytes[word[0]])
	}
	if len(word) > longestKnown {
		for _, s := range m.symbols(make([]symbol, 0, len(word)), word) {
			dst = append(dst, s.id)
		}
		return dst
	}
	at := &m.recent.words[maphash.String(m.recent.seed, word)%recentWords]
	if k := at.Load(); k != nil && k.word == word {
		return append(dst, k.ids...)
	}
	var buf [longestKnown]symbol
	symbols := m.symbols(buf[:0], word)
	k := &known{word: strings.Clone(word), ids: make([]int32, len(symbols))}
	for i, s := range symbols {
		k.ids[i] = s.id
	}
	at.Store(k)
	return append(dst, k.ids...)
}
