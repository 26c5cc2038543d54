// Package cache is the memory of decoding: the keys and values of every
// sequence, kept from pass to pass, so that a token is computed once.
//
// It is installed by a rewrite, beneath whatever other memories a model has:
//
//	kv := cache.New(limit)
//	live, err := nn.Rewrite(m, cache.Install(kv))
//
// The rewritten model is then run on the new tokens of each sequence alone, at
// the positions where they stand. Where a row is kept follows from its sequence
// and position: running a position again overwrites it and drops what came after.
package cache

import (
	"fmt"

	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
)

// pageRows is the unit in which sequences get room.
const pageRows = 64

// Cache keeps keys and values of any number of sequences in every layer. The
// rows of one sequence lie together, so attention reads them in one product;
// a sequence that outgrows its room moves to one twice as large. Once it has
// grown to its work it allocates nothing.
//
// It belongs to one goroutine, and so does the model it is installed in.
type Cache struct {
	limit  int
	layers []*memory
	slots  []slot // by sequence number
	free   []gap  // by row; no two touch
	rows   int    // of the storage that every layer has
}

// slot is where one sequence lies.
type slot struct {
	row, room int   // rows of the storage that it owns
	len       int   // how many are filled
	pos       int32 // the position of its first row
}

// New returns an empty cache for sequences of at most limit rows; zero means
// that there is no limit.
func New(limit int) *Cache { return &Cache{limit: limit} }

// Install puts c beneath the memories of a model. A cache that already stands
// there makes room for it.
func Install(c *Cache) nn.Rewriter { return install{cache: c} }

type install struct {
	nn.Keep
	cache *Cache
}

func (r install) Memory(_ string, m nn.Memory) nn.Memory {
	switch m.(type) {
	case nn.ThisPass, *memory:
		l := &memory{cache: r.cache}
		r.cache.layers = append(r.cache.layers, l)
		return l
	}
	return m // it has one of these beneath it
}

// Layers is the number of memories that the cache stands in. Without any, each
// pass of a model would see itself alone.
func (c *Cache) Layers() int { return len(c.layers) }

// Len is the number of rows kept of a sequence.
func (c *Cache) Len(seq int32) int {
	if int(seq) >= len(c.slots) {
		return 0
	}
	return c.slots[seq].len
}

// Bytes is the size of everything that the cache holds.
func (c *Cache) Bytes() (n int) {
	for _, l := range c.layers {
		n += 4 * (cap(l.keys) + cap(l.values))
	}
	return n
}

// Reserve makes room for a sequence of so many rows, so that it need not move
// while it grows to them.
func (c *Cache) Reserve(seq int32, rows int) {
	if s := c.slot(seq); rows > s.room {
		c.grow(s, rows)
	}
}

// Free forgets a sequence: its room is another's, and its number can be used
// again.
func (c *Cache) Free(seq int32) {
	if int(seq) < len(c.slots) {
		c.release(c.slots[seq].row, c.slots[seq].room)
		c.slots[seq] = slot{}
	}
}

// Reset forgets all sequences and keeps the memory.
func (c *Cache) Reset() {
	c.slots, c.free = c.slots[:0], c.free[:0]
	c.release(0, c.rows)
}

// Fork makes dst a copy of src: two continuations of one text that was read
// once.
func (c *Cache) Fork(dst, src int32) {
	c.Free(dst)
	if c.Len(src) == 0 {
		return
	}
	to, from := c.slot(dst), c.slot(src)
	c.grow(to, from.len)
	to.len, to.pos = from.len, from.pos
	c.move(to.row, from.row, from.len)
}

// maxSequences bounds the table of sequences: their numbers are small.
const maxSequences = 1 << 20

func (c *Cache) slot(seq int32) *slot {
	if seq < 0 || seq >= maxSequences {
		panic(fmt.Sprintf("cache: sequence %d: numbers are from 0 to %d", seq, maxSequences-1))
	}
	for int(seq) >= len(c.slots) {
		c.slots = append(c.slots, slot{})
	}
	return &c.slots[seq]
}

// place finds the rows where a span of a pass is to be kept, and the span of
// all rows that its sequence then has up to there. Every layer asks, and all
// get one answer.
func (c *Cache) place(s op.Span) (row int, visible op.Span) {
	t := c.slot(s.Seq)
	if t.len == 0 {
		t.pos = s.Pos
	}
	at := int(s.Pos - t.pos)
	if at < 0 || at > t.len {
		panic(fmt.Sprintf("cache: sequence %d goes on at position %d, and positions %d to %d are kept", s.Seq, s.Pos, t.pos, int(t.pos)+t.len-1))
	}
	end := at + s.Len
	if end > t.room {
		c.grow(t, end)
	}
	t.len = end
	return t.row + at, op.Span{Row: t.row, Len: end, Pos: t.pos, Seq: s.Seq, Adapter: s.Adapter}
}
