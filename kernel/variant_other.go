//go:build !amd64 || noasm

package kernel

func machine() []*kernels { return nil }

func pause() {}
