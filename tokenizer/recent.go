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

// known is a word and its tokens, in one line of the processor's cache if both
// are short.
type known struct {
	size, count uint8
	word        [30]byte
	ids         [8]int32
	more        []int32 // all tokens where they are more
	rest        string  // of the word
}

const (
	recentWords  = 1 << 15
	longestKnown = 48 // bytes: longer words do not come back often
)

func newRecent() recent {
	return recent{maphash.MakeSeed(), make([]atomic.Pointer[known], recentWords)}
}

func remember(word string, symbols []symbol) *known {
	k := &known{size: uint8(len(word)), count: uint8(len(symbols))}
	k.rest = strings.Clone(word[copy(k.word[:], word):])
	if len(symbols) > len(k.ids) {
		k.more = make([]int32, len(symbols))
	}
	ids := k.tokens()
	for i, s := range symbols {
		ids[i] = s.id
	}
	return k
}

func (k *known) is(word string) bool {
	if len(word) <= len(k.word) {
		return int(k.size) == len(word) && string(k.word[:len(word)]) == word
	}
	return int(k.size) == len(word) && string(k.word[:]) == word[:len(k.word)] && k.rest == word[len(k.word):]
}

func (k *known) tokens() []int32 {
	if k.more != nil {
		return k.more
	}
	return k.ids[:k.count]
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
	if k := at.Load(); k != nil && k.is(word) {
		return append(dst, k.tokens()...)
	}
	var buf [longestKnown]symbol
	k := remember(word, symbols(m, buf[:0], word))
	at.Store(k)
	return append(dst, k.tokens()...)
}

func asciiOnly(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
