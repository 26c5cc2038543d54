// Package returns estimates how much reward followed each step of a trajectory.
//
// The heart is one backward recursion,
//
//	G_t = r_{t+1} + γ_{t+1}·[v_{t+1} + c_{t+1}·(G_{t+1} − q_{t+1})]
//
// where v is the prediction after the transition, q what was predicted for the
// step really taken, and c how far to trust the sample. With q = v and c = λ it
// is the λ-return: λ = 1 Monte Carlo, 0 one-step TD. With c = λ·π(a|s) it is tree
// backup, with c = λ·min(1, ρ) Retrace, with c = λ·[a is greedy] Watkins's Q(λ).
// G − v is the advantage; with the λ-return it is GAE(λ).
//
// Element t of every slice belongs to the transition that leaves s_t: r[t] is
// r_{t+1}, gamma[t] is γ_{t+1}, v[t] is v(s_{t+1}); q[t] and c[t] belong to the
// step taken from s_{t+1}, so their last elements are never read. A discount of
// zero ends an episode, and many may follow each other in one slice. A slice is
// one unbroken run: where a horizon cuts, the run ends, and bootstraps from its
// last v. Nobody needs a "done" flag. A zero γ or c cuts even Inf and NaN.
//
// An algorithm is a row of a table: what it bootstraps from, λ, the baseline b,
// and what it does with the error.
//
//	algorithm            bootstrap v              λ                baseline b     then
//	Monte Carlo          none                     1                v(s)           v += α·(G − v)
//	TD(0), TD(λ)         v(s′)                    0, λ             v(s)           same
//	Sarsa                q(s′,a′)                 0                q(s,a)         q += α·(G − q)
//	Expected Sarsa       Σ π(a|s′)·q(s′,a)        0                q(s,a)         same
//	Q-learning           max q(s′,·)              0                q(s,a)         same
//	n-step Sarsa         q(s_n,a_n) after n       NStep            q(s,a)         same
//	tree backup          Σ π(a|s′)·q(s′,a)        π(a′|s′)         q(s,a)         same
//	Retrace              Σ π(a|s′)·q(s′,a)        λ·min(1,ρ)       q(s,a)         same
//	Watkins's Q(λ)       max q(s′,·)              λ·[a′ greedy]    q(s,a)         same
//	semi-gradient TD     v̂(s′,w)                  any              v̂(s,w)         w += α·(G − v̂)·∇v̂
//	REINFORCE            none                     1                0 or a mean    ∇log π·A
//	actor-critic         v(s′)                    1 in a window    v(s)           ∇log π·A
//	PPO                  v(s′)                    0.95             v(s)           clipped ratio·A
//	RLOO                 none                     1                mean of others ∇log π·A
//	GRPO                 none                     1                group mean     clipped ratio·A/deviation
//
// Sutton and Barto, Reinforcement Learning, 2nd ed., 2018, eq. 12.18 to 12.20
// and chapter 7; Munos et al., Safe and Efficient Off-Policy Reinforcement
// Learning, 2016, arXiv:1606.02647, eq. 4; Schulman et al., High-Dimensional
// Continuous Control Using Generalized Advantage Estimation, 2015,
// arXiv:1506.02438, eq. 16.
package returns

import "fmt"

// Float is the element type of rewards, discounts and predictions.
type Float interface{ ~float32 | ~float64 }

// Step is the recursion for one transition: reward r, discount gamma, prediction
// v after it, and, trusted by c, the next return G against its prediction q.
//
//	r + γ·[v + c·(G − q)]
//
// A gamma of zero keeps out everything that follows, and a c of zero keeps out
// G and q, even where they are not numbers.
func Step[F Float](r, gamma, v, c, G, q F) F {
	if gamma == 0 {
		return r
	}
	if c != 0 {
		v += c * (G - q)
	}
	return r + gamma*v
}

// One is the one-step return r + γ·v: Step with no trust in what was sampled.
func One[F Float](r, gamma, v F) F {
	if gamma == 0 {
		return r
	}
	return r + gamma*v
}

// Corrected runs the recursion of the package comment backward over one unbroken
// run of T transitions. All slices have length T; q[t] and c[t] speak of the step
// taken from s_{t+1}, and their last elements are not read.
func Corrected[F Float](r, gamma, v, q, c []F) []F {
	return CorrectedTo(make([]F, len(r)), r, gamma, v, q, c)
}

// CorrectedTo is Corrected into G, which it returns: for loops that may not
// allocate. G may be one of the other slices' memory only if it is r.
func CorrectedTo[F Float](G, r, gamma, v, q, c []F) []F {
	same(len(G), r, gamma, v, q, c)
	last := len(r) - 1
	for t := last; t >= 0; t-- {
		if t == last {
			G[t] = One(r[t], gamma[t], v[t])
			continue
		}
		G[t] = Step(r[t], gamma[t], v[t], c[t], G[t+1], q[t])
	}
	return G
}

// Lambda returns the λ-return of every step,
//
//	G_t = r_{t+1} + γ_{t+1}·[(1−λ)·v_{t+1} + λ·G_{t+1}]
//
// Sutton and Barto 2018, eq. 12.18.
func Lambda[F Float](r, gamma, v []F, lambda F) []F {
	return LambdaTo(make([]F, len(r)), r, gamma, v, lambda)
}

// LambdaTo is Lambda into G, which it returns.
func LambdaTo[F Float](G, r, gamma, v []F, lambda F) []F {
	same(len(G), r, gamma, v)
	last := len(r) - 1
	for t := last; t >= 0; t-- {
		if t == last {
			G[t] = One(r[t], gamma[t], v[t])
			continue
		}
		G[t] = Step(r[t], gamma[t], v[t], lambda, G[t+1], v[t])
	}
	return G
}

// MonteCarlo returns what was really earned after every step, r + γ·r′ + γγ′·r″ …
// Only the last element of v is read, where the run was cut before its episode
// ended; a nil v stands for zero.
func MonteCarlo[F Float](r, gamma, v []F) []F {
	end := make([]F, len(r)) // no prediction but the one that the run ends on
	if v != nil && len(r) > 0 {
		same(len(r), v)
		end[len(r)-1] = v[len(r)-1]
	}
	return Corrected(r, gamma, end, make([]F, len(r)), constant[F](len(r), 1))
}

// TD returns the one-step return r + γ·v of every step.
func TD[F Float](r, gamma, v []F) []F {
	same(len(r), gamma, v)
	G := make([]F, len(r))
	for t := range G {
		G[t] = One(r[t], gamma[t], v[t])
	}
	return G
}

// NStep returns the n-step return of every step,
//
//	G_t = r_{t+1} + γ_{t+1}·(r_{t+2} + … + γ_{t+n}·v_{t+n})
//
// cut short where the run ends. No single λ gives it, so it has its own loop.
//
// Sutton and Barto 2018, eq. 7.1.
func NStep[F Float](r, gamma, v []F, n int) []F {
	if n < 1 {
		panic(fmt.Sprintf("returns: %d-step return: n must be at least 1", n))
	}
	same(len(r), gamma, v)
	G := make([]F, len(r))
	for t := range G {
		last := min(t+min(n, len(r)), len(r)) - 1
		g := v[last]
		for k := last; k >= t; k-- {
			g = One(r[k], gamma[k], g)
		}
		G[t] = g
	}
	return G
}

func constant[F Float](n int, x F) []F {
	c := make([]F, n)
	for i := range c {
		c[i] = x
	}
	return c
}

// same panics unless every slice has n elements: a mismatch is a bug of the caller.
func same[F Float](n int, slices ...[]F) {
	for i, s := range slices {
		if len(s) != n {
			panic(fmt.Sprintf("returns: slice %d has %d elements, want %d", i, len(s), n))
		}
	}
}
