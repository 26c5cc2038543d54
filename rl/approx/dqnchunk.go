package approx

import "github.com/rotor-lm/rotor/kernel"

// dqnChunk is the memory of one core for rows of a batch: it turns rows of
// states into the atoms of every action, and back.
//
// The output of the network lies as [rows, actions·atoms]; with dueling, the atoms
// of v stand before those of the actions; with the action as an input, the network
// runs rows·actions rows, and its output lies the same.
type dqnChunk struct {
	out     Outlook
	actions int
	dueling bool
	input   bool

	pass   *Pass
	y      kernel.Matrix // [rows, outputs]
	z      []float32     // [rows, actions·atoms]
	dz     []float32     // [atoms]
	next   []float32     // [rows, atoms] of the target's choice
	choice []int         // [rows]
}

func (a *DeepQ) newChunk(rows int) *dqnChunk {
	atoms := a.Outlook.Atoms()
	c := &dqnChunk{out: a.Outlook, actions: a.Actions, dueling: a.Dueling, input: a.ActionInput}
	c.pass = a.Net.NewPass(c.count(rows))
	c.z, c.dz = make([]float32, rows*a.Actions*atoms), make([]float32, atoms)
	c.next, c.choice = make([]float32, rows*atoms), make([]int, rows)
	return c
}

// count is how many rows of the network stand for rows of states.
func (c *dqnChunk) count(rows int) int {
	if c.input {
		return rows * c.actions
	}
	return rows
}

// see writes a state as row k of the input.
func (c *dqnChunk) see(k int, state []float32) {
	if !c.input {
		copy(c.pass.Input(k+1).Row(k), state)
		return
	}
	x := c.pass.Input(c.count(k + 1))
	for action := range c.actions {
		row := x.Row(k*c.actions + action)
		row[copy(row, state)] = float32(action) / float32(max(c.actions-1, 1))
	}
}

// run computes the atoms of every action.
func (c *dqnChunk) run(net *MLP, rows int) {
	c.y = net.Forward(c.pass, c.count(rows))
	atoms, n := c.out.Atoms(), c.actions*c.out.Atoms()
	if !c.dueling {
		copy(c.z, c.y.Data[:rows*n])
		return
	}
	for k := range rows { // z_a = v + A_a − mean A
		y, z := c.y.Row(k), c.z[k*n:(k+1)*n]
		for j := range atoms {
			var mean float32
			for i := atoms + j; i < len(y); i += atoms {
				mean += y[i]
			}
			mean /= float32(c.actions)
			for a := range c.actions {
				z[a*atoms+j] = y[j] + y[(a+1)*atoms+j] - mean
			}
		}
	}
}

// atoms are those of an action in row k.
func (c *dqnChunk) atoms(k, action int) []float32 {
	n := c.out.Atoms()
	at := (k*c.actions + action) * n
	return c.z[at : at+n]
}

func (c *dqnChunk) mean(k, action int) float32 { return c.out.Mean(c.atoms(k, action)) }

// best is the action with the highest mean, the first of equals.
func (c *dqnChunk) best(k int) (best int, value float32) {
	value = c.mean(k, 0)
	for a := 1; a < c.actions; a++ {
		if q := c.mean(k, a); q > value {
			best, value = a, q
		}
	}
	return best, value
}

func (c *dqnChunk) clearGrad(rows int) kernel.Matrix {
	dy := c.pass.OutputGrad(c.count(rows))
	clear(dy.Data[:dy.Rows*dy.Cols])
	return dy
}

// spread writes dz, the gradient at the atoms of an action of row k, into that of
// the network's output.
func (c *dqnChunk) spread(dy kernel.Matrix, k, action int) {
	atoms := len(c.dz)
	if !c.dueling {
		copy(dy.Data[(k*c.actions+action)*atoms:], c.dz)
		return
	}
	row := dy.Row(k)
	for j, d := range c.dz {
		row[j] = d
		for a := range c.actions {
			row[(a+1)*atoms+j] = -d / float32(c.actions)
		}
		row[(action+1)*atoms+j] += d
	}
}
