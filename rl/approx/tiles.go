package approx

import (
	"fmt"
	"math"
)

// Tiles lays several grids over the box, each shifted by another fraction of a
// tile; a state lights the one tile of every grid that it stands on. Two states
// share as many features as they are near.
//
// Grid t of T is shifted by t·(1, 3, 5, …)/T tiles, taken modulo one, which
// leaves no diagonal pattern. With Hash, tiles share so many weights in all by a
// hash of their place, and what collides learns together.
//
// Sutton and Barto 2018, §9.5.4; Miller and Glanz, UNH_CMAC, 1996, for the shifts.
type Tiles struct {
	box     Box
	tilings int
	tiles   []int // along every coordinate
	hash    int   // 0: a weight for every tile
	size    int   // tiles of one grid
}

// MaxFeatures bounds how many weights tiles may ask for.
const MaxFeatures = 1 << 26

// NewTiles lays tilings grids, of tiles[i] tiles along coordinate i of the box.
// hash is the number of weights to share, or 0 for one for every tile.
func NewTiles(box Box, tilings int, tiles []int, hash int) (*Tiles, error) {
	f := &Tiles{box: box, tilings: tilings, tiles: tiles, hash: hash, size: 1}
	if tilings < 1 || len(tiles) != len(box.Low) || hash < 0 || hash > MaxFeatures {
		return nil, fmt.Errorf("tile coding: %d tilings, %d counts of tiles for %d coordinates and %d shared weights do not fit", tilings, len(tiles), len(box.Low), hash)
	}
	for _, n := range tiles {
		if n < 1 {
			return nil, fmt.Errorf("tile coding: %d tiles along a coordinate: want at least 1", n)
		}
		if f.size *= n + 1; hash == 0 && f.size*tilings > MaxFeatures {
			return nil, fmt.Errorf("tile coding: more than %d tiles; let them share weights by a hash", MaxFeatures)
		}
	}
	return f, nil
}

// Len is the number of weights.
func (f *Tiles) Len() int {
	if f.hash > 0 {
		return f.hash
	}
	return f.tilings * f.size
}

// Of has a one for the tile of every grid. A state beyond the box stands on its edge.
func (f *Tiles) Of(x []float64, phi *Sparse) {
	phi.Reset()
	for t := range f.tilings {
		place := uint64(t)
		for i, n := range f.tiles {
			shift := float64((2*i+1)*t%f.tilings) / float64(f.tilings)
			c := int(math.Floor(f.box.unit(x, i)*float64(n) + shift))
			place = place*uint64(n+1) + uint64(min(max(c, 0), n))
		}
		if f.hash == 0 {
			phi.Put(int(place), 1)
			continue
		}
		phi.light(int(scatter(place) % uint64(f.hash)))
	}
}

// light adds one to an element, which hashed tiles may share.
func (x *Sparse) light(i int) {
	for k, j := range x.Index {
		if i == j {
			x.Value[k]++
			return
		}
	}
	x.Put(i, 1)
}

// scatter is the finaliser of MurmurHash3 (Appleby 2011).
func scatter(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
