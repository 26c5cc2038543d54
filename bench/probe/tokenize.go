package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/rotor-lm/rotor/tokenizer"
)

// speed is how fast texts became ids, on the first pass over them, and a digest
// of all ids.
type speed struct {
	Rate   float64 `json:"mb_per_s"`
	Tokens int     `json:"tokens"`
	Digest string  `json:"digest"`
}

func tokenize(path, file string) (speed, error) {
	tok, err := tokenizer.Open(path)
	if err != nil {
		return speed{}, err
	}
	var texts []string
	if err := read(file, &texts); err != nil {
		return speed{}, err
	}
	size, all := 0, make([][]int32, len(texts))
	began := time.Now()
	for i, text := range texts {
		size += len(text)
		all[i] = tok.Encode(text)
	}
	s := speed{Rate: float64(size) / time.Since(began).Seconds() / 1e6}
	digest := sha256.New()
	var buf []byte
	for _, ids := range all {
		s.Tokens += len(ids)
		buf = binary.LittleEndian.AppendUint32(buf[:0], uint32(len(ids)))
		for _, id := range ids {
			buf = binary.LittleEndian.AppendUint32(buf, uint32(id))
		}
		digest.Write(buf)
	}
	s.Digest = hex.EncodeToString(digest.Sum(nil))
	return s, nil
}
