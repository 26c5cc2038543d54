//go:build !unix

package mapped

import "os"

// Open reads a file piece by piece. It owns file.
func Open(file *os.File) (View, error) { return Read(file), nil }
