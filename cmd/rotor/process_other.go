//go:build !linux && !darwin && !windows

package main

import "time"

// rss is the largest resident set of the process so far.
func rss() int64 { return peakRSS() }

// born is when the process was started.
func born() time.Time { return loaded }
