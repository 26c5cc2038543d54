// Package gradient holds policies that are functions, π(a|s, θ), and what improves
// them: steps along the gradient of the return. All come from one theorem,
//
//	∇J(θ) = E[ ∇log π(a|s, θ)·A(s, a) ]
//
// and differ in what they know of the advantage A, which package returns computes:
//
//	algorithm             bootstrap v      λ                baseline      then
//	REINFORCE             none             1                0 or v(s)     ∇log π·A
//	one-step actor-critic v(s′)            0                v(s)          ∇log π·A
//	n-step, A2C           v(s′)            1 in a window    v(s)          ∇log π·A, many worlds at once
//	PPO                   v(s′)            0.95             v(s)          clipped ratio, several passes
//	off-policy            v(s′)            0                v(s)          ρ·∇log π·A
//	deterministic, DPG    q(s′, π(s′))     0                              ∇_a q·∇π
//	SAC                   min q − α·log π  0                              ∇_a (q − α·log π)
//
// Where an episode ends, its discount is zero; where a horizon cuts a run, the
// return goes on with v of the state reached. The factor γᵗ that the theorem has
// for discounted returns is left out, as everyone leaves it out.
//
// An action is one number, that of a choice or a force, as in all of package world.
//
// A policy is linear (Softmax), learned by Reinforce and ActorCritic in float64, or
// a network, learned by OnPolicy, DPG and SAC on the kernels in float32. Results do
// not depend on the number of cores.
//
// Sutton and Barto 2018, chapter 13; Zhao 2025, chapters 9 and 10.
package gradient
