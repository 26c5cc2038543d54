// Package approx holds values that are functions of features or of networks, and
// what learns them: semi-gradient and gradient TD, least squares, and deep
// Q-learning. Where a table has one number for each state, a function has few
// numbers for all, so that what is learned in one state is believed in others.
//
// A linear value is v̂(s, w) = w·φ(s), whose gradient is φ(s). With one-hot
// features it is a table, and every method here is its namesake in package
// tabular. The methods differ in which point they approach:
//
//	method                   approaches                             off-policy
//	gradient Monte Carlo     min ‖Φw − v_π‖_D                       with ratios
//	semi-gradient TD(0)      Φw = Π·T(Φw), the projected fixed point  may diverge
//	TD(λ)                    the same of T^λ; at λ = 1 Monte Carlo  may diverge
//	GTD2, TDC                the fixed point, down ‖Φw − ΠT(Φw)‖²   converges
//	emphatic TD              a fixed point in another weighting     converges, with much variance
//	LSTD, LSPI               the fixed point, from sums, no step size  solves
//
// Expected update of TD(0): b − A·w with A = Φᵀ·D·(I − γP)·Φ and b = Φᵀ·D·r; Fixed
// computes both from the exact model, with w* = A⁻¹·b and how far it is from v_π.
//
// An Agent acts in a world of numbers and learns from it: LinearV, the values of a
// policy; LinearQ, Sarsa and Q-learning with features; DeepQ, a network. Each saves
// all that it needs to go on exactly, to the last bit.
//
// Sutton and Barto, Reinforcement Learning: An Introduction, 2nd ed., 2018,
// chapters 9 to 12. Zhao, Mathematical Foundations of Reinforcement Learning,
// 2025, chapter 8.
package approx
