package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// numbered is a corpus whose text i holds random bytes, of random length.
func numbered(t *testing.T, n int, form string) *Corpus {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	var b strings.Builder
	for i := range n {
		s := make([]byte, rng.IntN(40))
		for j := range s {
			s[j] = byte('a' + rng.IntN(26))
		}
		fmt.Fprintf(&b, form+"\n", fmt.Sprintf("%d %s", i, s))
	}
	return load(t, write(t, "x.jsonl", b.String()), letters{}, Options{})
}

const (
	texts = `{"text":%q}`
	pairs = `{"prompt":"say","completion":%q}`
)

// What is held back and what is kept are together every text once, and depend on
// the seed and the number alone.
func TestSplitCoversEachTextOnce(t *testing.T) {
	c := numbered(t, 101, pairs)
	for _, v := range []float64{0, 0.001, 0.1, 0.5, 1, 7, 100} {
		var first string
		for _, o := range []Cut{{}, {Pack: "docs"}, {Length: 60}, {Length: 60, Seed: 9}} {
			o.Validation = v
			train, held := split(t, c, o)
			want := int(v)
			if v < 1 && v > 0 {
				want = max(1, int(math.Round(v*101)))
			}
			if held.Len() != want || train.Len()+held.Len() != 101 {
				t.Errorf("validation %v: %d and %d", v, train.Len(), held.Len())
			}
			seen := map[string]bool{}
			var back []string
			for _, s := range []*Set{train, held} {
				for i := range s.Len() {
					text := letters{}.Decode(s.At(i, nil).IDs)
					if seen[text] {
						t.Errorf("validation %v: %s is there twice", v, text)
					}
					seen[text] = true
					if s == held {
						back = append(back, text)
					}
				}
			}
			if len(seen) != 101 {
				t.Errorf("validation %v: %d texts", v, len(seen))
			}
			switch all := fmt.Sprint(back); {
			case first == "":
				first = all
			case o.Seed == 0 && all != first:
				t.Errorf("validation %v: another option changed what is held back", v)
			case o.Seed == 9 && v >= 0.1 && v != 100 && all == first:
				t.Errorf("validation %v: the seed changed nothing", v)
			}
		}
	}
	for _, v := range []float64{-1, 1.5, 101, 1000, math.NaN(), math.Inf(1)} {
		if _, _, err := c.Split(Cut{Validation: v}); err == nil {
			t.Errorf("validation %v was taken", v)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	for form, cuts := range map[string][]Cut{
		pairs: {{Pack: "stream", Length: 8}, {Pack: "lines"}, {Length: -1}},
		texts: {{Pack: "stream"}},
	} {
		c := numbered(t, 3, form)
		for _, o := range cuts {
			if _, _, err := c.Split(o); err == nil {
				t.Errorf("%+v was taken", o)
			}
		}
	}
}

// Chunks of a long text predict every token but its first, once, in order.
func TestChunksPredictEachTokenOnce(t *testing.T) {
	text := strings.Repeat("The quick brown fox.\n", 20)
	want := append(letters{}.Encode(text), eos)
	for _, name := range []string{"x.txt", "x.jsonl"} {
		content := text
		if name == "x.jsonl" {
			content = fmt.Sprintf(texts, text)
		}
		c := load(t, write(t, name, content), letters{}, Options{})
		for _, pack := range []string{"docs", "stream"} {
			for _, length := range []int{1, 2, 7, 32, 419, 420, 421, 1000} {
				set, _ := split(t, c, Cut{Length: length, Pack: pack})
				got := want[:1:1]
				var buf Sequence
				for i := range set.Len() {
					q := set.At(i, &buf)
					if q.Rows() > length || q.Rows() != set.Rows(i) || q.IDs[0] != got[len(got)-1] {
						t.Fatalf("%s %s %d: sequence %d of %d rows", name, pack, length, i, q.Rows())
					}
					got = append(got, q.IDs[1:]...)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s %s %d: the chunks do not join to the text", name, pack, length)
				}
			}
		}
	}
}

// A stream is its texts end to end, though some are held back from their midst.
func TestStreamJoinsTexts(t *testing.T) {
	c := numbered(t, 50, texts)
	train, held := split(t, c, Cut{Length: 16, Pack: "stream", Validation: 11, Seed: 4})
	docs, docsHeld := split(t, c, Cut{Validation: 11, Seed: 4})
	for _, s := range [][2]*Set{{train, docs}, {held, docsHeld}} {
		var want, got []int32
		var buf Sequence
		for i := range s[1].Len() {
			want = append(want, s[1].At(i, nil).IDs...)
		}
		for i := range s[0].Len() {
			q := s[0].At(i, &buf)
			if i < s[0].Len()-1 && q.Rows() != 16 {
				t.Errorf("sequence %d has %d rows", i, q.Rows())
			}
			if len(got) > 0 {
				got = got[:len(got)-1]
			}
			got = append(got, q.IDs...)
		}
		if !slices.Equal(got, want) {
			t.Error("the stream is not its texts")
		}
	}
}

// Each sequence knows the line that it begins on. The texts are numbered by theirs.
func TestPlaces(t *testing.T) {
	c := numbered(t, 50, texts)
	for _, o := range []Cut{{Validation: 9}, {Length: 16, Validation: 9}, {Length: 300, Pack: "stream", Validation: 9}} {
		train, held := split(t, c, o)
		for _, s := range []*Set{train, held} {
			var buf Sequence
			for i := range s.Len() {
				p := s.Place(i)
				text := letters{}.Decode(textOf(c, p.Line-1).IDs)
				q := letters{}.Decode(s.At(i, &buf).IDs)
				head, _, _ := strings.Cut(q, "</s>")
				if !strings.HasPrefix(text, fmt.Sprintf("%d ", p.Line-1)) || !strings.Contains(text, head) {
					t.Fatalf("sequence %q is not of %v, %q", q, p, text)
				}
			}
		}
	}
}

// Of text files, which may be one, sequences are held back.
func TestSplitOfOneFile(t *testing.T) {
	c := load(t, write(t, "x.txt", strings.Repeat("abcdefg\n", 100)), letters{}, Options{})
	for _, pack := range []string{"docs", "stream"} {
		train, held := split(t, c, Cut{Length: 10, Pack: pack, Validation: 0.25})
		if train.Len() != 60 || held.Len() != 20 {
			t.Errorf("%s: %d and %d", pack, train.Len(), held.Len())
		}
	}
}

func textOf(c *Corpus, i int) Sequence {
	from, to := c.text(i)
	return c.at(from, to-from)
}

func check(t *testing.T, b *Batches) *Batches {
	t.Helper()
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	return b
}

// Every epoch takes every sequence once, each in an order of its own; a step
// holds what it should; micro-batches are within the budget, in order, and say
// what the sequences say.
func TestStepsCoverEachEpochOnce(t *testing.T) {
	set, _ := split(t, numbered(t, 37, pairs), Cut{})
	for _, b := range []*Batches{
		{Set: set, Batch: 5, Epochs: 3},
		{Set: set, Batch: 1, Epochs: 1},
		{Set: set, Batch: 100, Epochs: 2, Rows: 64},
		{Set: set, Tokens: 150, Epochs: 3, Rows: 80},
		{Set: set, Tokens: 1, Epochs: 2},
		{Set: set, Batch: 4, Epochs: 0.5},
		{Set: set, Batch: 6, Epochs: 2, Ordered: true},
		{Set: set, Tokens: 200, Epochs: 2.5, Ordered: true},
	} {
		check(t, b)
		var order []int
		steps := 0
		for n, s := range b.From(0) {
			if n != steps {
				t.Fatalf("step %d came after %d", n, steps)
			}
			steps++
			rows, labels, sequences := 0, 0, 0
			for _, m := range s.Micros {
				if len(m.IDs) > b.Rows || len(m.IDs) == 0 || len(m.IDs) != len(m.Targets) {
					t.Fatalf("a micro-batch of %d rows, of at most %d", len(m.IDs), b.Rows)
				}
				at, l := 0, 0
				for j, n := range m.Lengths {
					q := set.At(m.Index[j], nil)
					if !slices.Equal(q.IDs[:len(q.IDs)-1], m.IDs[at:at+n]) {
						t.Fatal("a sequence is not whole")
					}
					for k, target := range m.Targets[at : at+n] {
						if want := q.IDs[k+1]; q.Learn[k+1] && target != want || !q.Learn[k+1] && target != -1 {
							t.Fatalf("row %d should say %d, not %d", k, want, target)
						}
						if target >= 0 {
							l++
						}
					}
					at += n
				}
				if at != len(m.IDs) || l != m.Labels {
					t.Fatalf("%d of %d rows, %d of %d labels", at, len(m.IDs), l, m.Labels)
				}
				order = append(order, m.Index...)
				rows, labels, sequences = rows+at, labels+l, sequences+len(m.Lengths)
			}
			if rows != s.Rows || labels != s.Labels || sequences != s.Sequences {
				t.Fatalf("the step counts %d, %d, %d; it holds %d, %d, %d", s.Rows, s.Labels, s.Sequences, rows, labels, sequences)
			}
			if b.Batch > 0 && sequences != b.Batch && n != b.Steps()-1 || b.Tokens > 0 && rows > b.Tokens && sequences > 1 {
				t.Fatalf("step %d holds %d sequences, %d rows", n, sequences, rows)
			}
			if want := float64(len(order)) / 37; math.Abs(s.Epoch-want) > 1e-9 {
				t.Fatalf("step %d ends at epoch %v, want %v", n, s.Epoch, want)
			}
		}
		if steps != b.Steps() || len(order) != int(math.Ceil(b.Epochs*37)) {
			t.Errorf("%d of %d steps, %d sequences", steps, b.Steps(), len(order))
		}
		for e := 0; (e+1)*37 <= len(order); e++ {
			epoch := slices.Clone(order[e*37 : (e+1)*37])
			if e > 0 && slices.Equal(epoch, order[:37]) != b.Ordered {
				t.Errorf("epoch %d has the order of the first: %v", e, !b.Ordered)
			}
			if b.Ordered != slices.IsSorted(epoch) {
				t.Errorf("ordered: %v", !b.Ordered)
			}
			slices.Sort(epoch)
			for i, k := range epoch {
				if i != k {
					t.Fatalf("epoch %d lacks sequence %d", e, i)
				}
			}
		}
	}
}

// Step n is a function of n: a run that is resumed there goes on as the one that
// was never stopped, and neither looks back.
func TestResumeAtAnyStep(t *testing.T) {
	set, _ := split(t, numbered(t, 23, texts), Cut{Length: 12, Pack: "stream"})
	for _, make := range []func() *Batches{
		func() *Batches { return &Batches{Set: set, Batch: 4, Seed: 3} },
		func() *Batches { return &Batches{Set: set, Tokens: 50, Seed: 3} },
	} {
		var whole []string
		for n, s := range check(t, make()).From(0) {
			whole = append(whole, fmt.Sprint(*s))
			if n == 60 {
				break
			}
		}
		jumps := check(t, make())
		for _, n := range rand.New(rand.NewPCG(1, 1)).Perm(len(whole)) {
			fresh := check(t, make())
			for _, b := range []*Batches{fresh, jumps} {
				var s Step
				if !b.Step(n, &s) || fmt.Sprint(s) != whole[n] {
					t.Fatalf("step %d is another after a resume", n)
				}
			}
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	a, b := permutation(nil, 50, 1, "x", 0), permutation(nil, 50, 2, "x", 0)
	c, d := permutation(nil, 50, 1, "y", 0), permutation(nil, 50, 1, "x", 1)
	for i, p := range [][]int32{b, c, d} {
		if slices.Equal(a, p) {
			t.Errorf("order %d is the first", i)
		}
	}
	// The numbers themselves: a run that is resumed by a later version meets them again.
	if got := fmt.Sprint(permutation(nil, 12, 42, "data/shuffle", 3)); got != "[6 0 4 1 10 3 8 2 5 7 11 9]" {
		t.Errorf("the order of epochs has changed: %s", got)
	}
}

func TestBatchesRefuse(t *testing.T) {
	set, _ := split(t, numbered(t, 5, pairs), Cut{})
	for _, b := range []Batches{
		{Set: set},
		{Set: set, Batch: 1, Tokens: 1},
		{Set: set, Batch: -1},
		{Set: set, Batch: 1, Rows: 3},
		{Set: set, Batch: 1, Epochs: -1},
		{Set: set.subset(nil), Batch: 1},
	} {
		if err := b.Check(); err == nil {
			t.Errorf("%+v was taken", b)
		}
	}
}

// After the first step nothing is allocated.
func TestStepReusesItsMemory(t *testing.T) {
	set, _ := split(t, numbered(t, 64, texts), Cut{Length: 8, Pack: "stream"})
	b := check(t, &Batches{Set: set, Batch: 8})
	var s Step
	b.Step(0, &s)
	n := 0
	if got := testing.AllocsPerRun(20, func() { n++; b.Step(n%8, &s) }); got > 0 {
		t.Errorf("%v allocations in a step", got)
	}
}
