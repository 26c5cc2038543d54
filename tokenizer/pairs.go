package tokenizer

import "math"

// A merge says when a pair was learned and which token it becomes.
type merge struct {
	rank uint32
	id   int32
}

// never is the rank of a pair that has no merge.
const never = math.MaxUint32

// pairTable finds the merge of a pair: a hash table with open addressing, at
// most half full.
type pairTable struct {
	keys  []uint64
	found []merge
	shift uint
}

func newPairTable(n int) pairTable {
	t := pairTable{shift: 62}
	for 1<<(64-t.shift) < 2*n {
		t.shift--
	}
	t.keys = make([]uint64, 1<<(64-t.shift))
	t.found = make([]merge, len(t.keys))
	return t
}

// slot returns where a pair is or would be. Keys are stored plus one: zero is
// an empty slot.
func (t *pairTable) slot(a, b int32) (int, uint64) {
	key := uint64(uint32(a))<<32 | uint64(uint32(b)) + 1
	i := int(key * 0x9E3779B97F4A7C15 >> t.shift)
	for t.keys[i] != 0 && t.keys[i] != key {
		i = (i + 1) & (len(t.keys) - 1)
	}
	return i, key
}

func (t *pairTable) set(a, b int32, m merge) {
	i, key := t.slot(a, b)
	t.keys[i], t.found[i] = key, m
}

func (t *pairTable) find(a, b int32) merge {
	if i, key := t.slot(a, b); t.keys[i] == key {
		return t.found[i]
	}
	return merge{rank: never}
}
