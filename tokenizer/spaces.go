package tokenizer

import (
	"slices"
	"unicode/utf8"
)

// keepSpaces finds out whether a text can keep its spaces, where all that the
// normalizer does is to write each of them as another character, ▁, and to put
// one in front. A space then finds what is known of ▁, and no text is written
// anew to be encoded: the ids are the same, for ▁ is what the merges see.
//
//	normalized:  ▁the▁old▁man      as it is:  ·the·old·man, with · for what finds ▁
//
// Where offsets are asked for the text is normalized all the same.
func (t *Tokenizer) keepSpaces() {
	edits := t.normal
	var before prepend
	if len(edits) == 2 {
		before, _ = edits[0].(prepend)
		edits = edits[1:]
	}
	if len(edits) != 1 {
		return
	}
	r, ok := edits[0].(replace)
	mark, n := utf8.DecodeRuneInString(r.new)
	m := t.model
	switch {
	case !ok || r.old != " " || n < 2 || n != len(r.new), len(t.normal) == 2 && string(before) != r.new:
		return
	case m.chars == nil || m.seams == nil || m.whole != nil || m.seams.ends || m.seams.heads:
		return
	case len(t.late) > 0 || len(t.added.normal.root.next) > 0:
		return
	case slices.ContainsFunc(t.stages, func(s stage) bool { return s.by != " " }): // one by spaces cuts no text without
		return
	}
	if m.chars.alias(' ', mark) {
		m.seams.alias(' ', mark)
		t.spaces, t.lead = true, len(t.normal) == 2
	}
}

// alias makes a character count as another, if there is that one.
func (t *charTable) alias(c, as rune) bool {
	id, ok := t.find(as)
	if ok {
		if t[c>>8] == nil {
			t[c>>8] = new([256]int32)
		}
		t[c>>8][c&255] = id + 1
	}
	return ok
}

// alias makes a character of ASCII count as another that is none.
func (s *seams) alias(c, as rune) {
	for _, key := range slices.Clone(s.keys) {
		x, y := edge(key>>32), edge(key)-1
		if key == 0 || x != edge(as) && y != edge(as) {
			continue
		}
		for _, x2 := range []edge{x, edge(c)} {
			for _, y2 := range []edge{y, edge(c)} {
				if (x2 == x || x == edge(as)) && (y2 == y || y == edge(as)) {
					s.add(x2, y2)
				}
			}
		}
	}
}
