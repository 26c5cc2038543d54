// Package rotor adapts language models and learns from reward on the machine
// you already have. The module's packages stand in layers, each importing only
// what stands below it; ARCHITECTURE.md has the house on one page, and a test
// in this package holds the order.
package rotor
