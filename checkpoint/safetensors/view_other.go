//go:build !unix

package safetensors

import "os"

// openView reads a file piece by piece. It owns file.
func openView(file *os.File) (view, error) { return readView{file}, nil }
