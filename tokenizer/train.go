package tokenizer

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// TrainOptions says which tokenizer [Train] should make.
type TrainOptions struct {
	VocabSize    int      // with the special tokens and the 256 bytes; fewer if the text has no more pairs
	Special      []string // take the first ids
	Pattern      string   // "gpt2" (the default), "llama3", "llama3-han", "o200k", "qwen2", "smollm"
	MinFrequency int      // a pair must occur so often to be merged; the default is 2

	BOS, EOS, Pad string // which special tokens begin, end and fill a text; "" for none
}

// Train learns a byte-level byte-pair encoding from texts.
//
//	w ← the bytes of every word, with how often it occurs
//	while the vocabulary is not full:
//	    (a, b) ← the pair of neighbours that occurs most often in w;
//	             of equals, the one with the smaller ids
//	    add ab to the vocabulary, and replace a b by ab in w
//
// Counts are not taken anew: a merge changes those of its neighbours, and a
// heap of pairs, put right as they come up, gives the next. The same texts give
// the same tokenizer, which is that of Hugging Face's BpeTrainer with the same
// options. An error says which option cannot be.
//
// Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with
// Subword Units, 2016, arXiv:1508.07909, algorithm 1.
func Train(ctx context.Context, texts iter.Seq[string], o TrainOptions) (*Tokenizer, error) {
	o.Pattern = cmp.Or(o.Pattern, "gpt2")
	o.MinFrequency = cmp.Or(o.MinFrequency, 2)
	pre, ok := named[o.Pattern]
	switch {
	case !ok:
		return nil, fmt.Errorf("tokenizer: no pattern %q; there are %s", o.Pattern, strings.Join(slices.Sorted(maps.Keys(named)), ", "))
	case o.VocabSize < 256+len(o.Special) || o.VocabSize > largestVocab:
		return nil, fmt.Errorf("tokenizer: vocabulary of %d; it takes from %d, the bytes and the special tokens, to %d", o.VocabSize, 256+len(o.Special), largestVocab)
	case o.MinFrequency < 0:
		return nil, fmt.Errorf("tokenizer: minimum frequency %d is negative", o.MinFrequency)
	}
	byteLevel := `{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}`
	t := &Tokenizer{parts: parts{nil, []byte(pre), []byte(strings.Replace(byteLevel, `"trim_offsets":true`, `"trim_offsets":false`, 1)), []byte(byteLevel)}}
	if err := t.readSteps(); err != nil {
		return nil, err
	}
	tr, err := newTrainer(o.Special)
	if err != nil {
		return nil, err
	}
	tr.count(ctx, texts, t.stages)
	tr.learn(ctx, o.VocabSize, o.MinFrequency)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("tokenizer: train: %w", err)
	}

	m, err := newBPE(&modelFile{Vocab: tr.ids, Merges: tr.merges}, true)
	if err != nil {
		return nil, err
	}
	t.config = config{names: map[string]string{}}
	for role, name := range map[string]string{"bos": o.BOS, "eos": o.EOS, "pad": o.Pad} {
		if name == "" {
			continue
		}
		if !slices.Contains(o.Special, name) {
			return nil, fmt.Errorf("tokenizer: %s token %q is not among the special tokens", role, name)
		}
		t.config.names[role] = name
	}
	var added []AddedToken
	for id, s := range o.Special {
		added = append(added, AddedToken{ID: int32(id), Content: s, Special: true})
	}
	return t, t.build(m, added)
}

// A trainer holds the words of the texts and counts the pairs in them.
type trainer struct {
	tokens []string // by id
	ids    map[string]int32
	bytes  [256]int32
	merges []pair

	words  [][]int32
	times  []int // how often each word occurs
	pairs  map[[2]int32]int
	where  map[[2]int32][]int32 // words that have a pair, perhaps no longer
	queue  pairQueue
	formed map[[2]int32]bool // by the merge in progress
}

func newTrainer(special []string) (*trainer, error) {
	tr := &trainer{ids: map[string]int32{}, pairs: map[[2]int32]int{}, where: map[[2]int32][]int32{}, formed: map[[2]int32]bool{}}
	for _, s := range special {
		if _, ok := tr.ids[s]; ok || s == "" {
			return nil, fmt.Errorf("tokenizer: special token %q is empty or given twice", s)
		}
		tr.token(s)
	}
	alphabet := byteRune
	slices.Sort(alphabet[:])
	for _, r := range alphabet {
		if _, ok := tr.ids[string(r)]; ok {
			return nil, errors.New("tokenizer: a special token of one character is a byte of the text too")
		}
		tr.bytes[runeByte[r]] = tr.token(string(r))
	}
	return tr, nil
}

func (tr *trainer) token(s string) int32 {
	id, ok := tr.ids[s]
	if !ok {
		id = int32(len(tr.tokens))
		tr.tokens, tr.ids[s] = append(tr.tokens, s), id
	}
	return id
}

// count splits the texts into words and counts the pairs of bytes in them.
func (tr *trainer) count(ctx context.Context, texts iter.Seq[string], stages []stage) {
	index := map[string]int32{}
	for text := range texts {
		if ctx.Err() != nil {
			return
		}
		if text == "" {
			continue
		}
		each(text, stages, func(word string, _, _ int) {
			i, ok := index[word]
			if !ok {
				i = int32(len(tr.words))
				word = strings.Clone(word)
				w := make([]int32, len(word))
				for j := range w {
					w[j] = tr.bytes[word[j]]
				}
				index[word] = i
				tr.words, tr.times = append(tr.words, w), append(tr.times, 0)
			}
			tr.times[i]++
		})
	}
	for i, w := range tr.words {
		for j := 1; j < len(w); j++ {
			p := [2]int32{w[j-1], w[j]}
			tr.pairs[p] += tr.times[i]
			tr.at(p, int32(i))
		}
	}
	for p := range tr.where {
		tr.queue = append(tr.queue, counted{p, tr.pairs[p]})
	}
	heap.Init(&tr.queue)
}

// at notes that a pair occurs in a word, which comes after all words noted
// for it before.
func (tr *trainer) at(p [2]int32, word int32) {
	if w := tr.where[p]; len(w) == 0 || w[len(w)-1] != word {
		tr.where[p] = append(w, word)
	}
}

func (tr *trainer) learn(ctx context.Context, size, least int) {
	for len(tr.tokens) < size && len(tr.queue) > 0 && ctx.Err() == nil {
		top := tr.queue[0]
		if now := tr.pairs[top.pair]; now != top.count {
			tr.queue[0].count = now
			heap.Fix(&tr.queue, 0)
			continue
		}
		if top.count < max(1, least) {
			return
		}
		heap.Pop(&tr.queue)
		tr.merge(top.pair)
	}
}

// merge makes a token of a pair and puts words and counts right.
func (tr *trainer) merge(p [2]int32) {
	a, b := tr.tokens[p[0]], tr.tokens[p[1]]
	made := tr.token(a + b)
	tr.merges = append(tr.merges, pair{a, b})
	words := tr.where[p]
	delete(tr.where, p)
	for _, i := range words {
		tr.words[i] = tr.mergeWord(tr.words[i], p, made, i)
	}
	tr.pairs[p] = 0
	for f := range tr.formed {
		if n := tr.pairs[f]; n > 0 {
			heap.Push(&tr.queue, counted{f, n})
		}
	}
	clear(tr.formed)
}

func (tr *trainer) mergeWord(w []int32, p [2]int32, made, word int32) []int32 {
	n := 0
	for i := 0; i < len(w); i++ {
		if i+1 == len(w) || w[i] != p[0] || w[i+1] != p[1] {
			w[n] = w[i]
			n++
			continue
		}
		if n > 0 {
			tr.change([2]int32{w[n-1], p[0]}, -1, word)
			tr.change([2]int32{w[n-1], made}, 1, word)
		}
		if i+2 < len(w) {
			tr.change([2]int32{p[1], w[i+2]}, -1, word)
			tr.change([2]int32{made, w[i+2]}, 1, word)
		}
		w[n] = made
		n++
		i++
	}
	return w[:n]
}

func (tr *trainer) change(p [2]int32, by int, word int32) {
	tr.pairs[p] += by * tr.times[word]
	if by > 0 {
		tr.at(p, word)
		tr.formed[p] = true
	}
}

// counted is a pair and how often it occurred when it was put in the queue.
type counted struct {
	pair  [2]int32
	count int
}

// pairQueue is a heap: most often first, then smaller ids.
type pairQueue []counted

func (q pairQueue) Len() int      { return len(q) }
func (q pairQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q pairQueue) Less(i, j int) bool {
	if q[i].count != q[j].count {
		return q[i].count > q[j].count
	}
	return cmp.Or(cmp.Compare(q[i].pair[0], q[j].pair[0]), cmp.Compare(q[i].pair[1], q[j].pair[1])) < 0
}
func (q *pairQueue) Push(x any) { *q = append(*q, x.(counted)) }
func (q *pairQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
