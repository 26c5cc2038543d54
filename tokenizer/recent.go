package tokenizer

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
	"unicode/utf8"
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

// encode appends the encoding of a word to dst. A long one, and one that is not
// all ASCII, is first cut where no merge crosses.
func (m *bpe) encode(dst []int32, word string) []int32 {
	if m.seams == nil || m.chars == nil && len(word) <= longestKnown && asciiOnly(word) {
		return m.recall(dst, word, false)
	}
	if id, ok := m.whole[word]; ok {
		return append(dst, id)
	}
	for len(word) > 0 {
		n := m.seams.next(word)
		dst = m.recall(dst, word[:n], true)
		word = word[n:]
	}
	return dst
}

// recall appends the encoding of a word, or of a part of one, which merges alone
// encode, from memory if it can.
func (m *bpe) recall(dst []int32, word string, part bool) []int32 {
	if len(word) == 1 && m.chars == nil && m.bytes[word[0]] >= 0 {
		return append(dst, m.bytes[word[0]])
	}
	memory, symbols := &m.words, (*bpe).symbols
	if part {
		memory, symbols = &m.parts, (*bpe).merged
	}
	if len(word) > longestKnown {
		for _, s := range symbols(m, make([]symbol, 0, len(word)), word) {
			dst = append(dst, s.id)
		}
		return dst
	}
	at := &memory.words[maphash.String(memory.seed, word)%recentWords]
	if k := at.Load(); k != nil && k.word == word {
		return append(dst, k.ids...)
	}
	var buf [longestKnown]symbol
	list := symbols(m, buf[:0], word)
	k := &known{word: strings.Clone(word), ids: make([]int32, len(list))}
	for i, s := range list {
		k.ids[i] = s.id
	}
	at.Store(k)
	return append(dst, k.ids...)
}

func asciiOnly(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
