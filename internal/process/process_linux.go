package process

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Resident is the resident set of the process now, in bytes.
func Resident() int64 {
	data, _ := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return Peak()
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// Born is when the process was started, to a hundredth of a second.
func Born() time.Time {
	data, _ := os.ReadFile("/proc/self/stat")
	// The name of the program, in parentheses, may hold anything.
	_, after, ok := bytes.Cut(data[max(0, bytes.LastIndexByte(data, ')')):], []byte(") "))
	fields := strings.Fields(string(after))
	var now unix.Timespec
	if !ok || len(fields) < 20 || unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return loaded
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64) // since the machine was started
	if err != nil {
		return loaded
	}
	const perSecond = 100 // USER_HZ, on every architecture that Go runs on
	age := time.Duration(now.Nano()) - time.Duration(ticks)*time.Second/perSecond
	return time.Now().Add(-age)
}
