// Package rl is the vocabulary of reinforcement learning: an environment, a
// policy, a value, and the trajectory that they leave behind.
//
// The symbols are Sutton and Barto's. Element t of every slice belongs to the
// transition that leaves s_t, so Reward[t] is r_{t+1} and Discount[t] is γ_{t+1}.
// An episode ends where the discount is zero; nobody needs a "done" flag. A world
// never truncates: whoever runs it does, at its horizon, and bootstraps from the
// state reached.
//
// The packages beside this one:
//
//	returns   how much reward followed: one recursion for all methods
//	world     grid worlds, random walks, cart-pole …
//	tabular   values in tables: dynamic programming, Monte Carlo, TD, Q-learning
//	approx    values as functions: linear features, tile coding, networks, DQN
//	gradient  policies as functions: REINFORCE, actor-critic, PPO
//	plot      pictures of all that
//
// Sutton and Barto, Reinforcement Learning: An Introduction, 2nd ed., 2018.
// Zhao, Mathematical Foundations of Reinforcement Learning, 2025.
package rl

import "math/rand/v2"

// Env is a Markov decision process. Step returns the discount of the transition
// with its reward: zero says that the episode ended. A world never truncates:
// whoever runs it does, at its horizon, by ending the run there.
//
// Reset begins an episode. The world keeps rng and draws from it in Step, until
// the next Reset, so one stream of random numbers is one reproducible run.
type Env[S, A any] interface {
	Reset(rng *rand.Rand) S
	Step(a A) (s S, r, gamma float64)
}

// Policy chooses an action: π(a|s).
type Policy[S, A any] interface {
	Act(rng *rand.Rand, s S) A
}

// Prober is a policy that knows how likely its choices are, which importance
// sampling, Expected Sarsa and tree backup ask for.
type Prober[S, A any] interface {
	Policy[S, A]
	Prob(s S, a A) float64
}

// PolicyFunc makes a policy of a function.
type PolicyFunc[S, A any] func(rng *rand.Rand, s S) A

// Act calls f.
func (f PolicyFunc[S, A]) Act(rng *rand.Rand, s S) A { return f(rng, s) }

// Value predicts the return from s and learns from its error: w ← w + α·δ·∇v(s, w).
// A table is the linear case with one-hot features; a network is the general one.
// A Value of pairs is an action value q(s, a).
type Value[S any] interface {
	At(s S) float64
	Learn(s S, delta float64)
}

// Pair is a state with an action taken in it.
type Pair[S, A any] struct {
	State  S
	Action A
}

// Trajectory is one unbroken run of T transitions: s_0, a_0, r_1, γ_1, s_1 …
type Trajectory[S, A any] struct {
	State    []S       // s_0 … s_T          [T+1]
	Action   []A       // a_0 … a_{T−1}      [T]
	Reward   []float64 // r_1 … r_T          [T]
	Discount []float64 // γ_1 … γ_T          [T]
}

// Len is T, the number of transitions.
func (tr Trajectory[S, A]) Len() int { return len(tr.Action) }

// Return is the sum of the rewards, not discounted.
func (tr Trajectory[S, A]) Return() float64 {
	var sum float64
	for _, r := range tr.Reward {
		sum += r
	}
	return sum
}

// Map returns the value of every state.
func Map[S any](v Value[S], states []S) []float64 {
	x := make([]float64, len(states))
	for i, s := range states {
		x[i] = v.At(s)
	}
	return x
}
