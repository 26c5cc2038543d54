package tensor

import "math/bits"

// arena hands out buffers and takes them back by size class, so that a step
// that does what the last one did allocates nothing.
type arena struct {
	spare map[int][][]float32 // free buffers by capacity
	live  []loan              // handed out, in order
}

// loan is a buffer that is in use. One that is held stays until the reset.
type loan struct {
	buf  []float32
	held bool
}

// get returns n elements of garbage from a buffer with room for at least room.
func (a *arena) get(n, room int) []float32 {
	c := class(max(n, room, 1))
	var buf []float32
	if free := a.spare[c]; len(free) > 0 {
		buf = free[len(free)-1]
		a.spare[c] = free[:len(free)-1]
	} else {
		buf = make([]float32, c)
	}
	buf = buf[:n]
	a.live = append(a.live, loan{buf: buf})
	return buf
}

// put takes back one buffer. The search starts at the youngest, which it
// usually is.
func (a *arena) put(buf []float32) {
	if cap(buf) == 0 {
		return
	}
	if i := a.find(buf); i >= 0 {
		a.live = append(a.live[:i], a.live[i+1:]...)
		a.keep(buf)
	}
}

// hold keeps a buffer from being taken back before the reset.
func (a *arena) hold(buf []float32) {
	if i := a.find(buf); i >= 0 {
		a.live[i].held = true
	}
}

// find is the place of a buffer among those in use, or −1.
func (a *arena) find(buf []float32) int {
	for i := len(a.live) - 1; i >= 0; i-- {
		if same(a.live[i].buf, buf) {
			return i
		}
	}
	return -1
}

// free takes back all buffers handed out since mark, except the one of keep,
// and, where held says so, those that are held.
func (a *arena) free(mark int, keep []float32, held bool) {
	live := a.live[:mark]
	for _, l := range a.live[mark:] {
		if held && l.held || same(l.buf, keep) {
			live = append(live, l)
		} else {
			a.keep(l.buf)
		}
	}
	a.live = live
}

func (a *arena) reset() {
	for _, l := range a.live {
		a.keep(l.buf)
	}
	a.live = a.live[:0]
}

func (a *arena) keep(buf []float32) {
	if a.spare == nil {
		a.spare = map[int][][]float32{}
	}
	a.spare[cap(buf)] = append(a.spare[cap(buf)], buf[:0])
}

func same(a, b []float32) bool {
	return cap(a) > 0 && cap(b) > 0 && &a[:1][0] == &b[:1][0]
}

// class rounds up to a multiple of an eighth of a power of two: at most an
// eighth is wasted, and sizes that are nearly equal share buffers.
func class(n int) int {
	step := 1 << max(0, bits.Len(uint(n))-4)
	return (n + step - 1) / step * step
}
