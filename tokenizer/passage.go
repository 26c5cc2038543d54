package tokenizer

// A passage is a part of a text, perhaps rewritten by a normalizer, and where
// its bytes come from.
type passage struct {
	text   string
	at     int     // byte i comes from at+i of the whole text, unless places says otherwise
	places []place // where each byte comes from; nil where the passage is as it was, or nobody asks
	track  bool    // somebody asks
	first  bool    // it begins where the whole text begins
}

// A place is a range of bytes of the whole text.
type place struct{ from, to int }

// place returns where a byte of the passage comes from.
func (p *passage) place(i int) place {
	if p.places != nil {
		return p.places[i]
	}
	return place{p.at + i, p.at + i + 1}
}

// part is the passage from one byte to another.
func (p *passage) part(from, to int) passage {
	q := passage{text: p.text[from:to], at: p.at + from, track: p.track, first: p.first && from == 0}
	if p.places != nil {
		q.places = p.places[from:to]
	}
	return q
}

// An edit rewrites passages.
type edit interface{ rewrite(p passage) passage }

// A rewriting is a passage in the making, out of another.
type rewriting struct {
	in     passage
	text   []byte
	places []place
}

func rewriteOf(p passage) *rewriting {
	w := &rewriting{in: p, text: make([]byte, 0, len(p.text)+len(p.text)/2)}
	if p.track {
		w.places = make([]place, 0, cap(w.text))
	}
	return w
}

// keep takes bytes over as they are.
func (w *rewriting) keep(from, to int) {
	w.text = append(w.text, w.in.text[from:to]...)
	if !w.in.track {
		return
	}
	for i := from; i < to; i++ {
		w.places = append(w.places, w.in.place(i))
	}
}

// put writes text that stands for a range of bytes.
func (w *rewriting) put(s string, from, to int) {
	w.text = append(w.text, s...)
	if !w.in.track {
		return
	}
	at := place{w.in.place(from).from, w.in.place(to - 1).to}
	for range len(s) {
		w.places = append(w.places, at)
	}
}

func (w *rewriting) passage() passage {
	p := w.in
	p.text, p.places = string(w.text), w.places
	return p
}
