package rl

// Failure is what an environment panics with when it cannot go on, as a program
// that died cannot: Step has no place for an error, and an answer made up in its
// stead would be learned from. Whoever runs episodes defers Catch, so that what
// was learned before is kept.
type Failure struct{ Err error }

// Error is that of the failure.
func (f Failure) Error() string { return f.Err.Error() }

// Unwrap is the failure's cause.
func (f Failure) Unwrap() error { return f.Err }

// Catch, deferred, turns the panic of an environment into an error.
func Catch(err *error) {
	switch f := recover().(type) {
	case nil:
	case Failure:
		*err = f
	default:
		panic(f)
	}
}
