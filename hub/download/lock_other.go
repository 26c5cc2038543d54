//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly && !windows

package download

import (
	"errors"
	"os"
)

// tryLock has no locks here.
func tryLock(*os.File) error { return errors.ErrUnsupported }
