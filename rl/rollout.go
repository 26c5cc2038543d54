package rl

import "math/rand/v2"

// Episode is one run in numbers.
type Episode struct {
	N      int     // which one, from 0
	Length int     // transitions
	Return float64 // sum of rewards, not discounted
	Cut    bool    // the horizon ended it, and not the world
}

// Rollout lets a policy act until the world ends the episode or the horizon cuts
// it. A horizon of zero means none: in a world that never ends that never returns.
func Rollout[S, A any](env Env[S, A], pi Policy[S, A], rng *rand.Rand, horizon int) Trajectory[S, A] {
	var tr Trajectory[S, A]
	RolloutInto(&tr, env, pi, rng, horizon)
	return tr
}

// RolloutInto is Rollout into the memory of tr.
func RolloutInto[S, A any](tr *Trajectory[S, A], env Env[S, A], pi Policy[S, A], rng *rand.Rand, horizon int) {
	s := env.Reset(rng)
	tr.Begin(s)
	for horizon == 0 || tr.Len() < horizon {
		a := pi.Act(rng, s)
		next, r, gamma := env.Step(a)
		tr.Add(a, r, gamma, next)
		if gamma == 0 {
			return
		}
		s = next
	}
}

// Begin empties tr and places it in s.
func (tr *Trajectory[S, A]) Begin(s S) {
	tr.State = append(tr.State[:0], s)
	tr.Action, tr.Reward, tr.Discount = tr.Action[:0], tr.Reward[:0], tr.Discount[:0]
}

// Add records one transition.
func (tr *Trajectory[S, A]) Add(a A, r, gamma float64, next S) {
	tr.Action = append(tr.Action, a)
	tr.Reward = append(tr.Reward, r)
	tr.Discount = append(tr.Discount, gamma)
	tr.State = append(tr.State, next)
}
