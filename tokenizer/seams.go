package tokenizer

import (
	"math/bits"
	"unicode/utf8"
)

// seams finds the places in a word that no merge crosses. What lies between two
// of them is encoded by itself, so a text that nothing cuts into words becomes
// short words after all, and these come back.
//
// A merge of a and b crosses the place between the characters x and y only if
// a ends with x or is the end of x, and b begins with y or is the beginning of
// y. All such pairs of ends and beginnings that the merges have are kept; a
// place whose characters are none of them is a seam:
//
//	the▁old│▁man,│▁and      of "an", "d▁" there may be merges, of "d", "▁a" none
//
// The merges on both sides of a seam then take place as if the other side were
// not there, for the rule by which they are taken compares ranks alone.
type seams struct {
	ascii [utf8.RuneSelf][2]uint64 // row x, bit y
	keys  []uint64                 // pairs beyond ASCII: open addressing, zero is empty
	shift uint
	ends  bool // some merge's left side is a part of a character
	heads bool // some merge's right side is
	n     int
}

// An edge is a character at a seam, or a part of one: partOf of its bytes.
type edge uint32

func partOf(s string) edge {
	e := edge(len(s)) << 24
	for i := range len(s) {
		e |= edge(s[i]) << (8 * i)
	}
	return e | 1<<31
}

// lastEdge is what a token ends with if it ends where a character does.
func lastEdge(raw string) (e edge, ok bool) {
	if r, n := utf8.DecodeLastRuneInString(raw); r != utf8.RuneError || n > 1 {
		return edge(r), true
	}
	for i := range len(raw) {
		if utf8.RuneStart(raw[i]) {
			return 0, false
		}
	}
	return partOf(raw), len(raw) < utf8.UTFMax
}

// firstEdge is what a token begins with if it begins where a character does.
func firstEdge(raw string) (e edge, ok bool) {
	if r, n := utf8.DecodeRuneInString(raw); r != utf8.RuneError || n > 1 {
		return edge(r), true
	}
	return partOf(raw), len(raw) < utf8.UTFMax && utf8.RuneStart(raw[0]) && !utf8.FullRuneInString(raw)
}

func newSeams(pairs [][2]int32, raw []string) *seams {
	s := &seams{}
	s.grow(1 << 10)
	for _, p := range pairs {
		x, ok := lastEdge(raw[p[0]])
		if !ok {
			continue
		}
		y, ok := firstEdge(raw[p[1]])
		if !ok {
			continue
		}
		s.ends = s.ends || x>>31 > 0
		s.heads = s.heads || y>>31 > 0
		s.add(x, y)
	}
	return s
}

func (s *seams) add(x, y edge) {
	if x < utf8.RuneSelf && y < utf8.RuneSelf {
		s.ascii[x][y>>6] |= 1 << (y & 63)
		return
	}
	i, key := s.slot(x, y)
	if s.keys[i] == key {
		return
	}
	s.keys[i] = key
	if s.n++; 4*s.n > len(s.keys) {
		s.grow(2 * len(s.keys))
	}
}

func (s *seams) grow(size int) {
	old := s.keys
	s.keys, s.shift = make([]uint64, size), uint(64-bits.TrailingZeros(uint(size)))
	for _, key := range old {
		if key != 0 {
			i, _ := s.slot(edge(key>>32), edge(key)-1)
			s.keys[i] = key
		}
	}
}

func (s *seams) slot(x, y edge) (int, uint64) {
	key := uint64(x)<<32 | uint64(y) + 1
	i := int(key * 0x9E3779B97F4A7C15 >> s.shift)
	for s.keys[i] != 0 && s.keys[i] != key {
		i = (i + 1) & (len(s.keys) - 1)
	}
	return i, key
}

func (s *seams) has(x, y edge) bool {
	i, key := s.slot(x, y)
	return s.keys[i] == key
}

// crossed reports whether some merge crosses the place between two characters.
func (s *seams) crossed(x, y rune, left, right string) bool {
	if x < utf8.RuneSelf && y < utf8.RuneSelf {
		if s.ascii[x][y>>6]>>(y&63)&1 > 0 {
			return true
		}
	} else if s.has(edge(x), edge(y)) {
		return true
	}
	if s.heads {
		for n := 1; n < len(right); n++ {
			if s.has(edge(x), partOf(right[:n])) {
				return true
			}
		}
	}
	if !s.ends {
		return false
	}
	for from := 1; from < len(left); from++ {
		if s.has(partOf(left[from:]), edge(y)) {
			return true
		}
		for n := 1; s.heads && n < len(right); n++ {
			if s.has(partOf(left[from:]), partOf(right[:n])) {
				return true
			}
		}
	}
	return false
}

// next returns the length of the part of a word before its first seam. Next to
// what is not UTF-8 there is none.
func (s *seams) next(word string) int {
	x, n := utf8.DecodeRuneInString(word)
	left := word[:n]
	for at := n; at < len(word); {
		y, n := utf8.DecodeRuneInString(word[at:])
		right := word[at : at+n]
		valid := (x != utf8.RuneError || len(left) > 1) && (y != utf8.RuneError || n > 1)
		if valid && !s.crossed(x, y, left, right) {
			return at
		}
		x, left = y, right
		at += n
	}
	return len(word)
}
