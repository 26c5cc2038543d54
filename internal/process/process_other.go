//go:build !linux && !darwin && !windows

package process

import "time"

// Resident is the largest resident set of the process so far.
func Resident() int64 { return Peak() }

// Born is when the process was started.
func Born() time.Time { return loaded }
