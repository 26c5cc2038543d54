package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// signals turns what the system sends to the process into the end of a context. A
// command may take the interrupts for itself.
type signals struct {
	taken atomic.Pointer[chan struct{}]
}

// context is the one that a signal ends. A second signal ends the process.
func (s *signals) context() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	go func() {
		for sig := range c {
			if taken := s.taken.Load(); taken != nil && sig == os.Interrupt {
				select {
				case *taken <- struct{}{}:
				default: // one is waiting already
				}
				continue
			}
			signal.Stop(c)
			cancel()
			return
		}
	}()
	return ctx
}

// take hands over all further interrupts.
func (s *signals) take() <-chan struct{} {
	c := make(chan struct{}, 1)
	s.taken.Store(&c)
	return c
}
