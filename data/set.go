package data

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Cut says how the texts of a corpus become sequences.
type Cut struct {
	// Length is the most rows of a sequence: what the model can see at once. A
	// sequence has one token more, since the last is only ever predicted. Zero
	// means that no text is too long.
	Length int
	// Pack is "docs" or "stream"; empty is docs. With docs a sequence lies within
	// one text: a long plain text is cut into chunks, an answer is truncated. With
	// stream texts are joined, each with its end, and cut every Length tokens.
	Pack string
	// Long is what becomes of an answer that does not fit the length: with refuse
	// (or empty) Check is an error, with drop the example is left out, with cut its
	// beginning is learned and its end is not.
	Long string
	// Validation is what to hold back: a share below one, or a number of texts.
	Validation float64
	Seed       uint64 // chooses what is held back
}

// Sequence is some tokens, of which those that Learn marks are learned. The
// first has no row before it that could predict it, whatever its mark.
type Sequence struct {
	IDs   []int32
	Learn []bool
}

// Rows is the number of rows that the model sees: every token but the last.
func (s Sequence) Rows() int { return len(s.IDs) - 1 }

// Labels is the number of tokens that are learned.
func (s Sequence) Labels() int {
	n := 0
	for _, l := range s.Learn[1:] {
		if l {
			n++
		}
	}
	return n
}

// Set is a list of sequences of a corpus: those to train on, or those to
// evaluate on. It holds places in the corpus and no tokens.
type Set struct {
	corpus *Corpus
	spans  []span
	stream *stream // nil where the spans are places in the corpus itself
	length int
	long   string
	cut    int // the first sequence whose answer was cut, if Truncated

	Truncated int // answers that were cut, and so do not end
	Dropped   int // examples whose whole answer was cut away
	Empty     int // texts too short to predict anything
}

type span struct {
	from int
	n    int32
}

// Split cuts the texts into sequences to train on and sequences held back. What
// is held back depends on the seed and on nothing else. Records are held back
// whole; of text files, which may be few and long, sequences are.
func (c *Corpus) Split(o Cut) (train, held *Set, err error) {
	switch {
	case !slices.Contains([]string{"", "docs", "stream"}, o.Pack):
		return nil, nil, fmt.Errorf("data: pack %q: want docs or stream", o.Pack)
	case !slices.Contains([]string{"", "refuse", "drop", "cut"}, o.Long):
		return nil, nil, fmt.Errorf("data: long %q: want refuse, drop or cut", o.Long)
	case o.Pack == "stream" && !c.form.plain:
		return nil, nil, fmt.Errorf("data: pack stream joins plain texts, and this data is %s: use pack docs", c.form.name)
	case o.Pack == "stream" && o.Length < 1:
		return nil, nil, fmt.Errorf("data: pack stream needs a length to cut at")
	case o.Length < 0:
		return nil, nil, fmt.Errorf("data: length %d: want a number of tokens", o.Length)
	}
	if c.whole {
		all := c.set(sequence(c.Len()), o)
		a, b, err := divide(all.Len(), o)
		if err != nil {
			return nil, nil, err
		}
		return all.subset(a), all.subset(b), nil
	}
	a, b, err := divide(c.Len(), o)
	if err != nil {
		return nil, nil, err
	}
	return c.set(a, o), c.set(b, o), nil
}

// divide parts the numbers below n into those to keep and those to hold back.
func divide(n int, o Cut) (keep, hold []int32, err error) {
	k := 0
	switch v := o.Validation; {
	case !(v >= 0) || math.IsInf(v, 0) || v >= 1 && v != math.Trunc(v):
		return nil, nil, fmt.Errorf("data: validation %v: want a share below 1, or a number of texts", v)
	case v >= 1:
		k = int(min(v, float64(n)))
	case v > 0:
		k = max(1, int(math.Round(v*float64(n))))
	}
	if k > 0 && k >= n {
		return nil, nil, fmt.Errorf("data: validation %v holds back %d of %d texts, and nothing is left to train on", o.Validation, k, n)
	}
	order := permutation(nil, n, o.Seed, "data/split", 0)
	hold, keep = order[:k], order[k:]
	slices.Sort(hold)
	slices.Sort(keep)
	return keep, hold, nil
}

// set cuts the given texts.
func (c *Corpus) set(texts []int32, o Cut) *Set {
	s := &Set{corpus: c, length: o.Length, long: o.Long}
	if s.length == 0 {
		s.length = math.MaxInt32 - 1
	}
	if o.Pack == "stream" {
		s.stream = newStream(c, texts)
		s.chunks(0, s.stream.len())
		return s
	}
	for _, i := range texts {
		from, to := c.text(int(i))
		switch {
		case to-from < 2:
			s.Empty++
		case c.form.plain:
			s.chunks(from, to)
		default:
			s.answer(from, to)
		}
	}
	return s
}

// chunks cuts a range into sequences of length rows. Each takes the first token
// of the next as its last, so that every token but the first is predicted once.
func (s *Set) chunks(from, to int) {
	for ; to-from >= 2; from += s.length {
		s.spans = append(s.spans, span{from, int32(min(to-from, s.length+1))})
	}
}

// answer truncates a text that is too long, or drops it: because it is to, or nothing to learn would be left.
func (s *Set) answer(from, to int) {
	n := min(to-from, s.length+1)
	cut := n < to-from
	if cut && (s.long == "drop" || !slices.Contains(s.corpus.learn[from+1:from+n], true)) {
		s.Dropped++
		return
	}
	if cut {
		if s.Truncated == 0 {
			s.cut = len(s.spans)
		}
		s.Truncated++
	}
	s.spans = append(s.spans, span{from, int32(n)})
}

func (s *Set) subset(pick []int32) *Set {
	sub := *s
	sub.spans = make([]span, len(pick))
	for i, p := range pick {
		sub.spans[i] = s.spans[p]
	}
	return &sub
}

// Len is the number of sequences.
func (s *Set) Len() int { return len(s.spans) }

// Rows is the number of rows of sequence i.
func (s *Set) Rows(i int) int { return int(s.spans[i].n) - 1 }

// Place is where the text stands in which sequence i begins.
func (s *Set) Place(i int) Place {
	c, at := s.corpus, s.spans[i].from
	if s.stream != nil {
		t := s.stream.find(at)
		at += s.stream.place[t] - s.stream.begin[t]
	}
	t := sort.SearchInts(c.ends, at+1)
	return Place{c.files[c.file[t]], int(c.line[t])}
}

// At is sequence i. It lies in the corpus and is not to be written to, or in
// buf, which grows where it must and may be used again.
func (s *Set) At(i int, buf *Sequence) Sequence {
	p := s.spans[i]
	if s.stream == nil {
		return s.corpus.at(p.from, int(p.n))
	}
	buf.IDs, buf.Learn = buf.IDs[:0], buf.Learn[:0]
	for t := s.stream.find(p.from); len(buf.IDs) < int(p.n); t++ {
		at := max(0, p.from-s.stream.begin[t]) // in the text
		n := min(int(p.n)-len(buf.IDs), s.stream.begin[t+1]-s.stream.begin[t]-at)
		part := s.corpus.at(s.stream.place[t]+at, n)
		buf.IDs, buf.Learn = append(buf.IDs, part.IDs...), append(buf.Learn, part.Learn...)
	}
	return *buf
}

func (c *Corpus) at(from, n int) Sequence {
	return Sequence{c.ids[from : from+n : from+n], c.learn[from : from+n : from+n]}
}

// stream lays texts end to end without moving them.
type stream struct {
	begin []int // of each text in the stream, and the end of the last
	place []int // of each text in the corpus
}

func newStream(c *Corpus, texts []int32) *stream {
	s := &stream{begin: []int{0}}
	for _, i := range texts {
		from, to := c.text(int(i))
		s.place = append(s.place, from)
		s.begin = append(s.begin, s.len()+to-from)
	}
	return s
}

func (s *stream) len() int { return s.begin[len(s.begin)-1] }

// find is the last text that begins at or before a place of the stream.
func (s *stream) find(at int) int {
	return sort.Search(len(s.begin), func(i int) bool { return s.begin[i] > at }) - 1
}

// sequence is 0, 1, … n−1.
func sequence(n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = int32(i)
	}
	return list
}
