package data

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Stats says what a set holds.
type Stats struct {
	Form      string `json:"form"`               // what the columns were taken for
	Template  string `json:"template,omitempty"` // that wrote the conversations
	Texts     int    `json:"texts"`
	Sequences int    `json:"sequences"`
	Tokens    int    `json:"tokens"` // rows that the model sees in an epoch
	Labels    int    `json:"labels"` // of them, those that are learned
	Shortest  int    `json:"shortest"`
	Median    int    `json:"median"`
	Longest   int    `json:"longest"`
	Lengths   []Bin  `json:"lengths"`

	Unending     int `json:"unending"`      // answers without an end
	Truncated    int `json:"truncated"`     // answers that were cut at the length
	Dropped      int `json:"dropped"`       // examples whose answer lay beyond the length
	Empty        int `json:"empty"`         // texts too short to predict anything
	EmptyAnswers int `json:"empty_answers"` // answers of no token, in the whole corpus
}

// Bin counts the sequences of at most that many rows, and more than the last bin's.
type Bin struct {
	Rows  int `json:"rows"`
	Count int `json:"count"`
}

// Stats counts what the set holds.
func (s *Set) Stats() Stats {
	st := Stats{
		Form: s.corpus.form.name, Template: s.corpus.template, Texts: s.corpus.Len(), Sequences: s.Len(),
		Truncated: s.Truncated, Dropped: s.Dropped, Empty: s.Empty, EmptyAnswers: s.corpus.empty,
	}
	var buf Sequence
	rows := make([]int, s.Len())
	for i := range rows {
		q := s.At(i, &buf)
		rows[i] = q.Rows()
		st.Tokens += q.Rows()
		st.Labels += q.Labels()
		if !s.corpus.form.plain && !s.corpus.ended(q) {
			st.Unending++
		}
	}
	if len(rows) == 0 {
		return st
	}
	slices.Sort(rows)
	st.Shortest, st.Median, st.Longest = rows[0], rows[len(rows)/2], rows[len(rows)-1]
	st.Lengths = Histogram(rows)
	return st
}

// ended reports whether a sequence teaches its answer to end.
func (c *Corpus) ended(q Sequence) bool {
	last := len(q.IDs) - 1
	return q.Learn[last] && slices.Contains(c.stops, q.IDs[last]) && (c.closed || q.IDs[last] != c.eos)
}

// Histogram counts sorted lengths between powers of two.
func Histogram(rows []int) []Bin {
	var bins []Bin
	for top := 1; len(rows) > 0; top *= 2 {
		n, _ := slices.BinarySearch(rows, top+1)
		if n > 0 || len(bins) > 0 {
			bins = append(bins, Bin{top, n})
		}
		rows = rows[n:]
	}
	return bins
}

func (st Stats) String() string {
	var b strings.Builder
	form := st.Form
	if st.Template != "" {
		form += " through " + st.Template
	}
	fmt.Fprintf(&b, "%s: %d texts in %d sequences, %d tokens, %d learned (%s)\n",
		form, st.Texts, st.Sequences, st.Tokens, st.Labels, share(st.Labels, st.Tokens))
	fmt.Fprintf(&b, "length %d to %d, median %d\n", st.Shortest, st.Longest, st.Median)
	b.WriteString(Bars(st.Lengths))
	for _, w := range st.Warnings() {
		fmt.Fprintf(&b, "%s\n", w)
	}
	return b.String()
}

// Bars draws a histogram, a line a bin.
func Bars(bins []Bin) string {
	var b strings.Builder
	most := 1
	for _, bin := range bins {
		most = max(most, bin.Count)
	}
	for _, bin := range bins {
		fmt.Fprintf(&b, "%8s %7d %s\n", fmt.Sprintf("≤ %d", bin.Rows), bin.Count, strings.Repeat("█", (40*bin.Count+most-1)/most))
	}
	return b.String()
}

// Warnings says what is likely to be a mistake and is none for certain.
func (st Stats) Warnings() []string {
	var list []string
	warn := func(n int, text string) {
		if n > 0 {
			list = append(list, fmt.Sprintf("%d %s", n, text))
		}
	}
	warn(st.Truncated, "answers are cut at the length and so do not end: raise it (--length), or shorten them")
	warn(st.Dropped, "examples were dropped, because they do not fit the length")
	warn(st.Empty, "texts are empty or of one token, and were left out")
	warn(st.EmptyAnswers, "answers are empty: the model learns to say nothing there")
	return list
}

// Check refuses a set from which nothing would be learned, or an answer without its end: a model that learned such
// answers does not stop.
func (s *Set) Check() error {
	st := s.Stats()
	c := s.corpus
	switch {
	case st.Sequences == 0 && st.Dropped > 0:
		return fmt.Errorf("data: %s: none of %d examples fits into %d tokens: no answer is left; raise the length", c.name, st.Dropped, s.length)
	case st.Sequences == 0:
		return fmt.Errorf("data: %s: no text is long enough to learn from; looked for %s", c.name, Expected())
	case st.Labels == 0:
		return fmt.Errorf("data: %s: no token is learned: the columns were read as %s (looked for %s), and the answers hold no text", c.name, c.form.name, Expected())
	case c.form.plain:
		return nil
	case c.exact && st.Unending > st.Truncated:
		return fmt.Errorf("data: %s: the answers would never end: %s does not end them with a token that ends a turn", c.name, c.template)
	case !c.closed && st.Unending > 0:
		return errors.New("data: the answers would never end: the tokenizer names no end-of-text token (eos_token in its tokenizer_config.json, or eos_token_id in config.json)")
	case st.Unending == st.Sequences:
		return fmt.Errorf("data: %s: every answer is cut at %d tokens, so that none ends: raise the length", c.name, s.length)
	case s.Truncated > 0 && s.long != "cut":
		return fmt.Errorf("data: %s: the answer does not end within %d tokens, and so do %d of %d not: raise the length; or set long to drop, which leaves them out, or to cut, which learns them without their end",
			s.Place(s.cut), s.length, s.Truncated, st.Sequences)
	}
	return nil
}
