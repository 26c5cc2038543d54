package tokenizer

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// newBPE checks a vocabulary and its merges and makes the tables of both. The
// vocabulary spells bytes, or it has characters.
func newBPE(f *modelFile, bytes bool) (*bpe, error) {
	m := &bpe{ids: f.Vocab, unk: -1, fuse: f.FuseUnk, fallback: f.ByteFallback, words: newRecent(), parts: newRecent()}
	if m.ids == nil {
		m.ids = map[string]int32{}
	}
	if err := m.setTokens(f.Vocab); err != nil {
		return nil, err
	}
	m.setAlphabet(f, bytes)
	if f.Unk != nil && *f.Unk != "" {
		id, ok := f.Vocab[*f.Unk]
		if !ok {
			return nil, fmt.Errorf("unk_token %q is not in the vocabulary", clip(*f.Unk))
		}
		m.unk = id
	}
	if err := m.setMerges(f.Merges); err != nil {
		return nil, err
	}
	if f.IgnoreMerges {
		m.whole = make(map[string]int32, len(m.raw))
		for id, token := range m.tokens {
			if token != "" && (m.chars != nil || spell(m.raw[id]) == token) {
				m.whole[m.raw[id]] = int32(id)
			}
		}
	}
	return m, nil
}

// setAlphabet finds the tokens that words are made of before any merge.
func (m *bpe) setAlphabet(f *modelFile, bytes bool) {
	if !bytes {
		m.chars, m.raw = newCharTable(f.Vocab), slices.Clone(m.tokens)
	}
	for b, r := range byteRune {
		name := string(r)
		if !bytes {
			name = byteToken(byte(b))
		}
		m.bytes[b] = -1
		if id, ok := f.Vocab[name]; ok && (bytes || f.ByteFallback) {
			m.bytes[b] = id
		}
	}
}

func (m *bpe) setTokens(vocab map[string]int32) error {
	if len(vocab) > largestVocab {
		return fmt.Errorf("%d tokens; at most %d are read", len(vocab), largestVocab)
	}
	for token, id := range vocab {
		if err := m.place(token, id, len(vocab)); err != nil {
			return err
		}
	}
	return nil
}

// place gives an id to one of n tokens. Ids may leave gaps, but a small file
// must not take much memory.
func (m *bpe) place(token string, id int32, n int) error {
	switch {
	case id < 0 || int(id) >= n+mostGap:
		return fmt.Errorf("token %q has id %d; ids of %d tokens go from 0 to %d", clip(token), id, n, n+mostGap-1)
	case token == "":
		return fmt.Errorf("token %d is empty: it stands for no text", id)
	case len(token) > longestToken:
		return fmt.Errorf("token %d is %d bytes long; at most %d are read", id, len(token), longestToken)
	}
	if int(id) >= len(m.tokens) {
		m.tokens = append(m.tokens, make([]string, int(id)+1-len(m.tokens))...)
		m.raw = append(m.raw, make([]string, int(id)+1-len(m.raw))...)
	}
	if had := m.tokens[id]; had != "" && had != token {
		return fmt.Errorf("tokens %q and %q have the same id %d", clip(min(had, token)), clip(max(had, token)), id)
	}
	m.tokens[id], m.raw[id] = token, unspell(token)
	return nil
}

func (m *bpe) setMerges(merges []pair) error {
	m.pairs = make([][2]int32, len(merges))
	m.merges = newPairTable(len(merges))
	for rank, p := range merges {
		for side, token := range p {
			id, ok := m.ids[token]
			if !ok {
				return fmt.Errorf("merge %d joins %q and %q, but %q is not in the vocabulary", rank, clip(p[0]), clip(p[1]), clip(token))
			}
			m.pairs[rank][side] = id
		}
		id, ok := m.ids[p[0]+p[1]]
		if !ok {
			return fmt.Errorf("merge %d makes %q, which is not in the vocabulary", rank, clip(p[0]+p[1]))
		}
		m.merges.set(m.pairs[rank][0], m.pairs[rank][1], merge{uint32(rank), id})
	}
	if !slices.Contains(m.bytes[:], -1) {
		m.seams = newSeams(m.pairs, m.raw)
	}
	return nil
}

// build joins a model and added tokens. An added token that the vocabulary has
// too must have the same id in both.
func (t *Tokenizer) build(m *bpe, tokens []AddedToken) error {
	if len(tokens) > mostAdded {
		return fmt.Errorf("%d added tokens; at most %d are read", len(tokens), mostAdded)
	}
	var kept []AddedToken
	seen := map[string]bool{}
	for _, a := range tokens {
		if a.Content == "" || seen[a.Content] {
			continue
		}
		seen[a.Content] = true
		if id, ok := m.ids[a.Content]; ok && id != a.ID {
			return fmt.Errorf("added token %q has id %d, in the vocabulary %d", clip(a.Content), a.ID, id)
		}
		if err := m.place(a.Content, a.ID, len(m.ids)+len(tokens)); err != nil {
			return fmt.Errorf("added token: %w", err)
		}
		kept = append(kept, a)
	}
	for _, a := range kept {
		if _, ok := m.ids[a.Content]; !ok {
			m.ids[a.Content] = a.ID
			m.outside = append(m.outside, a.ID)
		}
	}
	if err := m.reachable(kept); err != nil {
		return err
	}
	t.model, t.added = m, newAdded(kept, t.normal)
	t.decoder.learn(m)
	t.keepSpaces()
	for _, id := range append(append([]int32{}, t.post.before...), t.post.after...) {
		if t.Token(id) == "" {
			return fmt.Errorf("post_processor: its template adds token %d, which does not exist", id)
		}
	}
	return nil
}

// reachable refuses a vocabulary that has lost its merges: its words would all
// come apart into single bytes or characters.
func (m *bpe) reachable(added []AddedToken) error {
	if len(m.pairs) > 0 || m.whole != nil {
		return nil
	}
	for id, token := range m.tokens {
		_, isByte := byteValue(token)
		if utf8.RuneCountInString(token) > 1 && !isByte && int32(id) != m.unk &&
			!slices.ContainsFunc(added, func(a AddedToken) bool { return a.Content == token }) {
			return fmt.Errorf("model: no merges, and nothing else makes the token %q", clip(token))
		}
	}
	return nil
}

// own reports whether a token is the model's, not only an added one.
func (m *bpe) own(id int32) bool {
	return m.tokens[id] != "" && !slices.Contains(m.outside, id)
}
