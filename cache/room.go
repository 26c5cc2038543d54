package cache

import "fmt"

// gap is a run of rows that no sequence owns.
type gap struct{ row, rows int }

// grow gives a sequence room for need rows, and at least twice what it had.
func (c *Cache) grow(s *slot, need int) {
	if c.limit > 0 && need > c.limit {
		panic(fmt.Sprintf("cache: a sequence of %d rows, and the limit is %d", need, c.limit))
	}
	room := max(need, 2*s.room)
	if c.limit > 0 {
		room = min(room, c.limit)
	}
	room = (room + pageRows - 1) / pageRows * pageRows
	row := c.take(room)
	c.move(row, s.row, s.len)
	c.release(s.row, s.room)
	s.row, s.room = row, room
}

// take returns the first row of a run that is now owned: the first gap that is
// large enough, or new storage.
func (c *Cache) take(rows int) int {
	for i := range c.free {
		if g := &c.free[i]; g.rows >= rows {
			row := g.row
			g.row, g.rows = g.row+rows, g.rows-rows
			if g.rows == 0 {
				c.free = append(c.free[:i], c.free[i+1:]...)
			}
			return row
		}
	}
	grown := max(c.rows+rows, 2*c.rows)
	for _, l := range c.layers {
		l.resize(grown)
	}
	c.release(c.rows, grown-c.rows)
	c.rows = grown
	return c.take(rows)
}

// release gives rows back, and joins them to the gaps beside them.
func (c *Cache) release(row, rows int) {
	if rows == 0 {
		return
	}
	i := 0
	for i < len(c.free) && c.free[i].row < row {
		i++
	}
	c.free = append(c.free, gap{})
	copy(c.free[i+1:], c.free[i:])
	c.free[i] = gap{row, rows}
	if i+1 < len(c.free) && row+rows == c.free[i+1].row {
		c.free[i].rows += c.free[i+1].rows
		c.free = append(c.free[:i+1], c.free[i+2:]...)
	}
	if i > 0 && c.free[i-1].row+c.free[i-1].rows == row {
		c.free[i-1].rows += c.free[i].rows
		c.free = append(c.free[:i], c.free[i+1:]...)
	}
}

// move copies rows, in every layer.
func (c *Cache) move(to, from, rows int) {
	for _, l := range c.layers {
		l.move(to, from, rows)
	}
}
