package kernel

import (
	"runtime"
	"sync"
)

// One routine computes every matrix product, C (+)= A·B with A [M, K] and B [K, N]:
//
//   - B is seen as panels of 32 columns, [K][32] without gaps: packed beforehand, or made as they are needed by
//     copying, transposing or widening into a buffer that stays in cache.
//   - A lies in row-major order and is read where it lies. Only Aᵀ is transposed, and rows that are a multiple of 4 KB
//     apart are copied, for they would fight for the same places in the cache: a block at a time.
//   - A block of rows meets a panel, a tile of up to 14 rows after the other. Runs of K longer than depth are cut, so
//     that the panel and the rows of A stay in cache.
//
// A unit of parallel work is a block of rows and a few panels. How it is cut changes no sum: each element of C gains
// its products in the order of k, a run of K at a time.
//
// Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008, is where the layers come from.
const (
	width = 32   // columns of a panel
	depth = 1024 // longest run of K that a tile sums in registers
)

// product is a matrix product under way.
type product struct {
	*kernels
	c       Matrix
	a       Matrix // [M, K], or [K, M] if turned
	b       panels
	turned  bool
	copied  bool // blocks of A are transposed or copied
	add     bool
	m, n, k int

	tiles, blocks int // of rows
	group, groups int // panels in a unit; units side by side
	runs          int // of K
	ahead         int // how many panels further the one is that this worker will probably want next
	breath        int // operations between two looks for other goroutines that want to run

	packed []float32    // panels of B made beforehand, if shared
	units  [2]func(int) // p.pack and p.unit, bound once
}

var products = freelist[product]{make: func() *product {
	p := &product{}
	p.units = [2]func(int){p.pack, p.unit}
	return p
}}

// scratch is what one unit needs for itself.
type scratch struct {
	panel []float32 // [depth][32]
	rows  []float32 // a block of Aᵀ, transposed
	block []float32 // [32][32], widened
	wide  []float32 // rows of a weight in blocks, decoded
	flops int       // since the scheduler was let in
}

var scratches = freelist[scratch]{make: func() *scratch {
	return &scratch{panel: floats(nil, depth*width), block: floats(nil, width*width)}
}}

// multiply computes C (+)= A·B.
func multiply(c, a Matrix, b panels, turned, add, serial bool) {
	if c.Rows == 0 || c.Cols == 0 {
		return
	}
	p := products.get()
	p.kernels, p.c, p.a, p.b, p.turned, p.add = active, c, a, b, turned, add
	p.m, p.n, p.k = c.Rows, c.Cols, a.Cols
	if turned {
		p.k = a.Rows
	}
	p.run(serial)
	p.c, p.a, p.b = Matrix{}, Matrix{}, panels{}
	products.put(p)
}

func (p *product) run(serial bool) {
	if p.k == 0 {
		for i := range p.m {
			if !p.add {
				clear(p.c.Row(i))
			}
		}
		return
	}
	run, threads, units := Parallel, Threads(), max(16, 4*Threads())
	if serial {
		run, threads, units = inTurn, 1, 1
	}
	if p.breath = 8 << 20; !crowded() { // some 80 µs, and 1 ms
		p.breath = 128 << 20
	}
	shared := p.plan(units)
	p.ahead = 1
	if p.group == 1 {
		p.ahead = threads
	}
	if shared {
		n := ceil(p.n, width)
		p.packed = floats(p.packed, n*p.k*width)
		run(n, p.units[0])
		p.b = panels{kind: ready, m: Matrix{Data: p.packed}, k: p.k}
	}
	run(p.blocks*p.groups, p.units[1])
}

func inTurn(n int, f func(int)) {
	for i := range n {
		f(i)
	}
}

// plan cuts the product into at least so many units, if it is large enough, and says whether B's panels are better made
// beforehand.
func (p *product) plan(units int) (shared bool) {
	n := ceil(p.n, width)
	p.runs = ceil(p.k, depth)
	p.tiles = ceil(p.m, p.height)
	p.copied = p.turned || p.a.Stride%1024 == 0 && p.k > 128 && p.tiles > 2 && n > 2
	shared = p.copied && p.tiles > 2 && !p.b.resident(p.kernels)
	most := 1152 / p.height // tiles of a block: many where a panel must be made or fetched from memory
	if p.copied || p.b.resident(p.kernels) && p.n*p.k < 4<<20 {
		most = max(4, 160<<10/(p.k*p.height)) // else as many rows of A as fit in two thirds of L2
		most = min(most, 280/p.height)
	}
	p.blocks = ceil(p.tiles, most)
	apart := n // units that a block may be cut into
	if p.turned {
		apart = 1
	}
	for p.blocks*apart < units && p.blocks < p.tiles {
		p.blocks++
	}
	if p.copied { // anew for each group
		p.group = ceil(n*p.blocks, units)
	} else {
		flops := 2 * p.m / p.blocks * width * p.k
		p.group = max(1, min(2<<20/max(flops, 1), n/units))
	}
	p.group = min(p.group, n)
	p.groups = ceil(n, p.group)
	return shared
}

// pack makes panel j of B beforehand.
func (p *product) pack(j int) {
	s := scratches.get()
	defer scratches.put(s)
	for k := 0; k < p.k; k += depth {
		end := min(k+depth, p.k)
		dst := p.packed[(j*p.k+k)*width : (j*p.k+end)*width]
		if b, ldb := p.b.panel(p.kernels, s, dst, j, k, end); ldb != width || &b[0] != &dst[0] {
			p.panel(dst, b, ldb, end-k, min(width, p.n-j*width))
		}
	}
}

// unit computes a block of rows of some panels.
func (p *product) unit(i int) {
	s := scratches.get()
	defer scratches.put(s)
	block, group := i/p.groups, i%p.groups
	t0, t1 := block*p.tiles/p.blocks, (block+1)*p.tiles/p.blocks
	for run := range p.runs {
		k0, k1 := p.cut(run), p.cut(run+1)
		a, lda := p.rows(s, t0, t1, k0, k1)
		for j := group * p.group; j < min((group+1)*p.group, ceil(p.n, width)); j++ {
			b, ldb := p.b.panel(p.kernels, s, s.panel, j, k0, k1)
			for t := t0; t < t1; t++ {
				p.soon(j+p.ahead, k0, k1, t-t0, t1-t0)
				r0, r1 := p.row(t), p.row(t+1)
				p.tile(p.c.Data[r0*p.c.Stride+j*width:], p.c.Stride, a[(r0-p.row(t0))*lda:], lda, b, ldb,
					k1-k0, r1-r0, min(width, p.n-j*width), p.add || run > 0)
				s.done(2*(r1-r0)*width*(k1-k0), p.breath)
			}
		}
	}
}

// cut is where a run of K begins: at a multiple of 32, so that blocks stay whole.
func (p *product) cut(run int) int {
	if run == p.runs {
		return p.k
	}
	return run * p.k / p.runs &^ (width - 1)
}

// soon asks for one part of so many of panel j, if there is one.
func (p *product) soon(j, k0, k1, part, parts int) {
	if j < ceil(p.n, width) {
		p.b.soon(p.kernels, j, k0+(k1-k0)*part/parts, k0+(k1-k0)*(part+1)/parts)
	}
}

// row is the first row of tile t: tiles differ in height by one at most.
func (p *product) row(t int) int { return t * p.m / p.tiles }

// rows returns columns k0 to k1 of the tiles t0 to t1 of A, and how far apart they are.
func (p *product) rows(s *scratch, t0, t1, k0, k1 int) (a []float32, lda int) {
	r0, r1 := p.row(t0), p.row(t1)
	if !p.copied {
		return p.a.Data[r0*p.a.Stride+k0:], p.a.Stride
	}
	lda = (k1-k0+15)&^15 + 16
	s.rows = floats(s.rows, (r1-r0)*lda)
	if p.turned {
		p.transpose(s.rows, lda, p.a.Data[k0*p.a.Stride+r0:], p.a.Stride, k1-k0, r1-r0)
		return s.rows, lda
	}
	for r := r0; r < r1; r++ {
		copy(s.rows[(r-r0)*lda:], p.a.Row(r)[k0:k1])
	}
	return s.rows, lda
}

// done lets the scheduler in now and then: it cannot interrupt assembly, and a collection would wait for the end of
// the product. Scratch passes from one unit to the next, so short products count together.
func (s *scratch) done(flops, breath int) {
	if s.flops += flops; s.flops > breath {
		s.flops = 0
		runtime.Gosched()
	}
}

func ceil(n, d int) int { return (n + d - 1) / d }

// floats returns n floats that begin on a cache line, in old if that is large enough.
func floats(old []float32, n int) []float32 {
	if cap(old) >= n {
		return old[:n]
	}
	return aligned(n)
}

// freelist keeps what was used for the next who needs it.
type freelist[T any] struct {
	sync.Mutex
	free []*T
	make func() *T
}

func (l *freelist[T]) get() *T {
	l.Lock()
	defer l.Unlock()
	if n := len(l.free); n > 0 {
		x := l.free[n-1]
		l.free = l.free[:n-1]
		return x
	}
	return l.make()
}

func (l *freelist[T]) put(x *T) {
	l.Lock()
	l.free = append(l.free, x)
	l.Unlock()
}
