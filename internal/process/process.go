// Package process says of the running program when it was started and how much
// memory it has, as the system counts it.
package process

import "time"

// loaded is when the program began to run, some milliseconds after the process
// was born: what there is where the system does not say.
var loaded = time.Now()
