package main

import "time"

// loaded is when the program began to run, some milliseconds after the process
// was born: what there is where the system does not say.
var loaded = time.Now()
