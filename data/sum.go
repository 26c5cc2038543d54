package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Sum is a hash of what the set was cut from: every token, whether it is
// learned, and where texts end. Data that was changed, or that a changed
// tokenizer reads otherwise, has another.
func (s *Set) Sum() string { return s.corpus.sum() }

func (c *Corpus) sum() string {
	h := sha256.New()
	var buf []byte
	flush := func() {
		h.Write(buf) // a hash takes all there is
		buf = buf[:0]
	}
	from := 0
	for _, end := range c.ends {
		buf = binary.LittleEndian.AppendUint64(buf, uint64(end-from))
		for i := from; i < end; i++ {
			mark := uint32(c.ids[i]) << 1
			if c.learn[i] {
				mark |= 1
			}
			if buf = binary.LittleEndian.AppendUint32(buf, mark); len(buf) > 1<<16 {
				flush()
			}
		}
		from = end
	}
	flush()
	return hex.EncodeToString(h.Sum(nil)[:16])
}
