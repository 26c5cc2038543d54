package data

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/rotor-lm/rotor/chat"
	"github.com/rotor-lm/rotor/tokenizer"
)

// Encoder turns text into tokens. Any number of goroutines may use it.
type Encoder interface {
	Encode(text string) []int32
	Wrap(ids []int32) []int32 // adds what stands around every text, such as a first <s>
	EOS() (int32, bool)
}

// Options say how files become tokens.
type Options struct {
	Map       map[string]string // usual name of a column to its name in the file
	LossOn    string            // "answers", "last" for the last of them, or "all"; empty is answers
	MaxTokens int               // a limit to memory, at five bytes a token; zero is 1<<28

	Chat *chat.Template // writes a conversation; nil is chat.ChatML
}

// Corpus is a dataset in tokens, whole texts one behind the other.
type Corpus struct {
	name  string
	form  *form
	whole bool // texts are files, not records
	ids   []int32
	learn []bool // of every token, whether it is learned
	ends  []int  // where each text ends
	empty int    // answers without a token
	files []string
	file  []int32 // of each text, its file among files
	line  []int32 // of each text, its line there
	frame
	template string  // that wrote the conversations
	exact    bool    // it is the model's own: nothing belongs around what it writes
	stops    []int32 // the tokens that may end an answer
}

// Len is the number of texts.
func (c *Corpus) Len() int { return len(c.ends) }

// Tokens is the number of tokens of all texts.
func (c *Corpus) Tokens() int { return len(c.ids) }

// Largest is the largest token of all texts and of what stands around them.
func (c *Corpus) Largest() (id int32) {
	for _, list := range [][]int32{c.ids, c.before, {c.eos}} {
		for _, x := range list {
			id = max(id, x)
		}
	}
	return id
}

// text is the range of tokens of text i.
func (c *Corpus) text(i int) (from, to int) {
	if i > 0 {
		from = c.ends[i-1]
	}
	return from, c.ends[i]
}

// Examples yields the records of a file or folder as text that is given or
// learned, by the form that the columns of the first record tell.
func Examples(path string, o Options) iter.Seq2[Example, error] {
	if o.Chat == nil {
		o.Chat = chat.ChatML
	}
	return func(yield func(Example, error) bool) {
		var f *form
		for rec, err := range Read(path) {
			if err != nil {
				yield(Example{}, err)
				return
			}
			if f == nil {
				f, err = choose(rec.Columns, o.Map)
			}
			e := Example{Place: rec.Place, More: rec.More, form: f}
			if err == nil {
				e.Segments, err = f.segments(view{rec, o})
			}
			if err != nil {
				err = fmt.Errorf("data: %s: %w", rec.Place, err)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Load reads and encodes a file or folder.
func Load(ctx context.Context, path string, enc Encoder, o Options) (*Corpus, error) {
	if o.MaxTokens == 0 {
		o.MaxTokens = 1 << 28
	}
	if o.Chat == nil {
		o.Chat = chat.ChatML
	}
	if !slices.Contains([]string{"", "answers", "last", "all"}, o.LossOn) {
		return nil, fmt.Errorf("data: loss on %q: want answers, last or all", o.LossOn)
	}
	l := loader{Corpus: &Corpus{name: path, frame: frameOf(enc)}, enc: enc, o: o}
	for e, err := range Examples(path, o) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = l.add(e)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := l.flush(); err != nil {
		return nil, err
	}
	return l.Corpus, nil
}

// frame is what stands around a text.
type frame struct {
	before []int32
	eos    int32
	closed bool // eos is there
}

// frameOf finds out what an encoder puts before a text, by the place of a token
// that no vocabulary has.
func frameOf(enc Encoder) frame {
	const none = -1
	around := enc.Wrap([]int32{none})
	f := frame{before: slices.Clone(around[:max(0, slices.Index(around, none))])}
	f.eos, f.closed = enc.EOS()
	return f
}

// loader encodes examples, many at once, and appends them in order.
type loader struct {
	*Corpus
	enc     Encoder
	o       Options
	waiting []Example
	size    int  // bytes that wait
	inside  bool // the last text goes on
}

// add takes an example. What waits is encoded once it is worth starting threads for.
func (l *loader) add(e Example) error {
	if l.form == nil {
		l.form, l.whole = e.form, e.Line == 0
		l.stops = []int32{l.eos}
		if l.form.talk {
			l.template, l.exact = l.o.Chat.Name, l.o.Chat.Own()
		}
		if l.exact {
			l.stops = l.single(l.o.Chat.Ends())
		}
	}
	l.waiting = append(l.waiting, e)
	for _, s := range e.Segments {
		l.size += len(s.Text)
	}
	if l.size < 4<<20 {
		return nil
	}
	return l.flush()
}

// single is the tokens of texts that are one token each.
func (l *loader) single(texts []string) (ids []int32) {
	for _, text := range texts {
		if one := l.enc.Encode(text); len(one) == 1 {
			ids = append(ids, one[0])
		}
	}
	return ids
}

func (l *loader) flush() error {
	encoded := make([][][]int32, len(l.waiting)) // of each example, of each segment
	work := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(l.waiting)) {
		wg.Go(func() {
			for i := range work {
				encoded[i] = l.encode(l.waiting[i])
			}
		})
	}
	for i := range l.waiting {
		work <- i
	}
	close(work)
	wg.Wait()
	for i, e := range l.waiting {
		if err := l.append(e, encoded[i]); err != nil {
			return err
		}
	}
	l.waiting, l.size = l.waiting[:0], 0
	return nil
}

// encode returns the tokens of each segment. The segments of a conversation are
// one text for a model, and are encoded as one where the encoder says where its
// tokens stand: a token belongs to the segment in which it begins, but to an
// answer that begins within it.
func (l *loader) encode(e Example) [][]int32 {
	parts := make([][]int32, len(e.Segments))
	placed, ok := l.enc.(interface {
		Encoding(text string, wrap bool) tokenizer.Encoding
	})
	if !ok || !e.form.talk {
		for i, s := range e.Segments {
			parts[i] = l.enc.Encode(s.Text)
		}
		return parts
	}
	var text strings.Builder
	ends := make([]int, len(e.Segments))
	for i, s := range e.Segments {
		text.WriteString(s.Text)
		ends[i] = text.Len()
	}
	enc := placed.Encoding(text.String(), false)
	i := 0
	for k, id := range enc.IDs {
		from, to := enc.Bytes[k][0], enc.Bytes[k][1]
		for i < len(ends)-1 && (from >= ends[i] || to > ends[i] && e.Segments[i+1].Learn) {
			i++
		}
		parts[i] = append(parts[i], id)
	}
	return parts
}

// append adds an encoded example, framed.
func (l *loader) append(e Example, parts [][]int32) error {
	all := l.form.plain || l.o.LossOn == "all"
	if !l.inside && !l.exact && (len(parts) == 0 || !hasPrefix(parts[0], l.before)) {
		l.put(l.before, false)
	}
	last := -1 // the last token of an answer
	for i, ids := range parts {
		l.put(ids, all || e.Segments[i].Learn)
		if e.Segments[i].Learn {
			last = len(l.ids)
			if len(ids) == 0 {
				l.empty++
			}
		}
	}
	if last < 0 && !all {
		return fmt.Errorf("data: %s: no answer to learn: want a message of the role assistant", e.Place)
	}
	if !all { // what follows the last answer teaches nothing
		l.ids, l.learn = l.ids[:last], l.learn[:last]
	}
	if l.inside = e.More; !l.inside {
		l.end()
		l.remember(e.Place)
	}
	if len(l.ids) > l.o.MaxTokens {
		return fmt.Errorf("data: %s: more than %d tokens in all: use fewer files, or raise the limit", e.Place, l.o.MaxTokens)
	}
	return nil
}

// end closes a text with the token that says so, unless its own form did.
func (l *loader) end() {
	n := len(l.ids)
	if l.closed && !l.exact && (n == 0 || l.ids[n-1] != l.eos || !l.learn[n-1]) {
		l.put([]int32{l.eos}, true)
	}
	l.ends = append(l.ends, len(l.ids))
}

func (l *loader) remember(p Place) {
	if n := len(l.files); n == 0 || l.files[n-1] != p.File {
		l.files = append(l.files, p.File)
	}
	l.file = append(l.file, int32(len(l.files)-1))
	l.line = append(l.line, int32(p.Line))
}

func (l *loader) put(ids []int32, learn bool) {
	l.ids = append(l.ids, ids...)
	for range ids {
		l.learn = append(l.learn, learn)
	}
}

func hasPrefix(ids, prefix []int32) bool {
	return len(ids) >= len(prefix) && slices.Equal(ids[:len(prefix)], prefix)
}
