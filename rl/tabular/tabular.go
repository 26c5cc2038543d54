// Package tabular learns values that stand in tables, or computes them.
//
// Where the model of a world is known, dynamic programming solves it: Evaluate,
// Optimal, ValueIteration, PolicyIteration, TruncatedPolicyIteration, BestSoft.
//
// Where it is not, values are learned from what happens. All methods move a value
// toward a return, v ← v + α·(G − v), and differ in which return that is: see the
// table of package returns. Each is a file here and a row of Catalogue.
//
// Sutton and Barto, Reinforcement Learning: An Introduction, 2nd ed., 2018,
// chapters 4 to 8 and 12. Zhao, Mathematical Foundations of Reinforcement
// Learning, 2025, chapters 3 to 7.
package tabular
