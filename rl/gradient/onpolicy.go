package gradient

import (
	"fmt"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
)

// OnPolicy learns from what its own policy did a moment ago, in windows of steps
// in several worlds at once. Its settings make it one row of the package's table
// or another: REINFORCE, actor-critic, A2C or PPO.
//
// Zeros of the settings mean the defaults beside them.
type OnPolicy struct {
	Hidden  []int       // widths of both networks; nil: 64, 64
	Bend    approx.Bend // between the layers
	LR      rl.Schedule // step size of Adam, by window; zero: 3e-4
	Eps     float64     // of Adam; 0: 1e-5
	MaxNorm float64     // of the gradient; 0: 0.5
	Gamma   float64     // discount of a step, times the world's own; 0: 0.99
	Horizon int         // a run is cut after so many steps; 0: never

	Worlds  int     // at once; 0: 1
	Window  int     // steps in each world between updates; 0: a whole episode, in one world
	Lambda  float64 // trust in the sample against v; 0 is one-step TD, 1 the whole window
	Critic  bool    // the baseline is v(s); else it is 0 and nothing is bootstrapped
	Epochs  int     // passes over a window; 0: 1
	Batch   int     // rows of an update; 0: the whole window
	Clip    float64 // ε of the ratio; 0: no clipping
	Closer  float64 // ε of the value's change; 0: no clipping
	KL      float64 // an update that has moved further is not made, and the window is left; 0: never
	Entropy float64 // weight of the policy's entropy
	Weight  float64 // of the critic's loss; 0: 0.5
	Whiten  bool    // advantages of a batch get mean 0 and deviation 1

	Seed uint64
}

// REINFORCE learns from whole episodes, with the critic as baseline or none.
//
// Williams 1992; Sutton and Barto 2018, §13.3.
func REINFORCE(baseline bool) OnPolicy {
	return OnPolicy{Lambda: 1, Critic: baseline, LR: rl.Const(1e-3)}
}

// NStep is the n-step actor-critic in one world; with n = 1, the one-step.
//
// Sutton and Barto 2018, §13.5.
func NStep(n int) OnPolicy { return OnPolicy{Window: n, Lambda: 1, Critic: true} }

// A2C is the n-step actor-critic in many worlds that take their steps together.
//
// Mnih et al., Asynchronous Methods for Deep Reinforcement Learning, 2016.
// arXiv:1602.01783.
func A2C(worlds int) OnPolicy {
	return OnPolicy{Window: 5, Worlds: worlds, Lambda: 1, Critic: true, Entropy: .01, LR: rl.Const(7e-4)}
}

// PPO is proximal policy optimisation: several passes over a window, held back
// where the policy has moved far, see Clipped.
//
// Schulman et al., Proximal Policy Optimization Algorithms, 2017. arXiv:1707.06347.
func PPO(worlds int) OnPolicy {
	return OnPolicy{Window: 128, Worlds: worlds, Lambda: .95, Critic: true, Epochs: 10, Batch: 256, Clip: .2, Whiten: true, Bend: approx.Tanh}
}

func or[T comparable](x *T, otherwise T) {
	var zero T
	if *x == zero {
		*x = otherwise
	}
}

func (c *OnPolicy) fill() error {
	if c.Hidden == nil {
		c.Hidden = []int{64, 64}
	}
	or(&c.LR, rl.Const(3e-4))
	or(&c.Eps, 1e-5)
	or(&c.MaxNorm, .5)
	or(&c.Gamma, .99)
	or(&c.Worlds, 1)
	or(&c.Epochs, 1)
	or(&c.Weight, .5)
	switch {
	case c.Gamma < 0 || c.Gamma > 1 || c.Lambda < 0 || c.Lambda > 1:
		return fmt.Errorf("gradient: gamma %g and lambda %g: want numbers from 0 to 1", c.Gamma, c.Lambda)
	case c.Worlds < 1 || c.Window < 0 || c.Epochs < 1 || c.Batch < 0 || c.Horizon < 0:
		return fmt.Errorf("gradient: worlds, window, epochs, batch and horizon may not be negative")
	case c.Window == 0 && (c.Worlds > 1 || c.Horizon == 0):
		return fmt.Errorf("gradient: learning from whole episodes wants one world and a horizon")
	case c.Clip < 0 || c.Closer < 0 || c.KL < 0:
		return fmt.Errorf("gradient: clip %g, value clip %g and KL %g may not be negative", c.Clip, c.Closer, c.KL)
	case !c.Critic && c.Lambda != 1:
		return fmt.Errorf("gradient: lambda %g bootstraps, which needs a critic", c.Lambda)
	case !c.Critic && c.Window > 0:
		return fmt.Errorf("gradient: without a critic only whole episodes can be learned from: window 0, not %d", c.Window)
	}
	return nil
}
