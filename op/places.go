// Package op has the differentiable operations, one a file: what it computes,
// its gradient beside it, its shapes and where it comes from. Everything above
// this package speaks in tensors and operations and touches no raw number.
//
// Every operation here that returns a tensor has a row in the table of
// op_test.go, where a machine checks its gradient against finite differences.
package op

import "github.com/rotor-lm/rotor/kernel"

// Span is one sequence, or a run of one: rows that stand next to each other in
// a packed pass, at consecutive positions.
type Span struct {
	Row, Len int   // the first of its rows, and how many
	Pos      int32 // the position of its first row in its own sequence
	Seq      int32 // the sequence that it belongs to
	Adapter  int32 // the adapter that its rows carry: 0 the usual one, −1 none
	Text     int32 // positions of its whole sequence, where more of it is to follow; 0 if it ends here
}

// Length is the number of positions of the sequence that the span belongs to, as
// far as is known: up to its own end, or to the end that is announced.
func (s Span) Length() int { return max(int(s.Text), int(s.Pos)+s.Len) }

// Places says where the rows of a packed pass stand. Sequences are contiguous,
// in any order, of any length: there is no padding and no mask for it.
type Places struct {
	Spans []Span
	Pos   []int32 // [T] the position of each row
}

// Rows is the number of rows, T.
func (p Places) Rows() int { return len(p.Pos) }

// Add appends a span of n rows to the places.
func (p *Places) Add(n int, pos, seq, adapter int32) {
	p.Spans = append(p.Spans, Span{Row: len(p.Pos), Len: n, Pos: pos, Seq: seq, Adapter: adapter})
	for i := range n {
		p.Pos = append(p.Pos, pos+int32(i))
	}
}

// Clear empties the places and keeps their memory.
func (p *Places) Clear() { p.Spans, p.Pos = p.Spans[:0], p.Pos[:0] }

// runs calls f with each longest range of rows that carry the adapter.
func (p Places) runs(rows int, adapter int32, f func(lo, hi int)) {
	if len(p.Spans) == 0 { // no places: plain rows, as in a small network
		f(0, rows)
		return
	}
	lo, hi := 0, 0
	for _, s := range p.Spans {
		switch {
		case s.Adapter != adapter:
			continue
		case s.Row == hi:
			hi += s.Len
		default:
			if hi > lo {
				f(lo, hi)
			}
			lo, hi = s.Row, s.Row+s.Len
		}
	}
	if hi > lo {
		f(lo, hi)
	}
}

// rowBlock is the number of rows that one worker takes at a time. It is fixed,
// so that sums over blocks have one order, whatever the number of threads.
const rowBlock = 16

func blocks(rows int) int { return (rows + rowBlock - 1) / rowBlock }

func block(i, rows int) (lo, hi int) { return i * rowBlock, min(rows, (i+1)*rowBlock) }

// eachBlock runs f over all blocks of rows on all cores.
func eachBlock(rows int, f func(i int)) {
	if n := blocks(rows); n == 1 {
		f(0)
	} else if n > 1 {
		kernel.Parallel(n, f)
	}
}
