//go:build !unix

package main

// peakOf is not asked where the system does not say.
func peakOf(outcome) int64 { return 0 }
