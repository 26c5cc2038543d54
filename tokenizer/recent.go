package tokenizer

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// recent remembers the encodings of words seen lately. Every word has two places,
// a new word takes the first of them and moves what was there to the second, and
// nothing is locked: bounded memory, and any number of readers and writers.
type recent struct {
	seed  maphash.Seed
	words []atomic.Pointer[known]
}

// known is a word and its tokens: one line of the processor's cache, with more
// beside it only where one of them is long.
type known struct {
	size, count uint8
	word        [22]byte
	ids         [8]int32
	long        *longKnown
}

type longKnown struct {
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

func remember(word string, symbols []symbol) *known {
	k := &known{size: uint8(len(word)), count: uint8(len(symbols))}
	ids := k.ids[:]
	if len(word) > len(k.word) || len(symbols) > len(ids) {
		k.long = &longKnown{strings.Clone(word), make([]int32, len(symbols))}
		ids = k.long.ids
	} else {
		copy(k.word[:], word)
	}
	for i, s := range symbols {
		ids[i] = s.id
	}
	return k
}

func (k *known) is(word string) bool {
	switch {
	case k == nil || int(k.size) != len(word):
		return false
	case k.long != nil:
		return k.long.word == word
	}
	return string(k.word[:len(word)]) == word
}

func (k *known) tokens() []int32 {
	if k.long != nil {
		return k.long.ids
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
	at := maphash.String(memory.seed, word) % recentWords
	first, second := &memory.words[at], &memory.words[at^1]
	k := first.Load()
	if k.is(word) {
		return append(dst, k.tokens()...)
	}
	if k := second.Load(); k.is(word) {
		return append(dst, k.tokens()...)
	}
	second.Store(k)
	var buf [longestKnown]symbol
	k = remember(word, symbols(m, buf[:0], word))
	first.Store(k)
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
