//go:build !linux && !darwin

package atomicfile

import "errors"

// exchange is not to be had here: two renames do, and Recover after a kill.
func exchange(_, _ string) error { return errors.ErrUnsupported }
