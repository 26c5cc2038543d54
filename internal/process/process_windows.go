package process

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// memoryCounters is PROCESS_MEMORY_COUNTERS.
type memoryCounters struct {
	Size, PageFaults                                         uint32
	PeakWorkingSet, WorkingSet                               uintptr
	PeakPagedPool, PagedPool, PeakNonPagedPool, NonPagedPool uintptr
	Pagefile, PeakPagefile                                   uintptr
}

var processMemoryInfo = windows.NewLazySystemDLL("kernel32.dll").NewProc("K32GetProcessMemoryInfo")

func memory() memoryCounters {
	c := memoryCounters{}
	c.Size = uint32(unsafe.Sizeof(c))
	if ok, _, _ := processMemoryInfo.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&c)), uintptr(c.Size)); ok == 0 {
		return memoryCounters{}
	}
	return c
}

// Peak is the largest working set that the process has had, in bytes.
func Peak() int64 { return int64(memory().PeakWorkingSet) }

// Resident is the working set of the process now, in bytes.
func Resident() int64 { return int64(memory().WorkingSet) }

// Born is when the process was started.
func Born() time.Time {
	var start, exit, kernel, user windows.Filetime
	if windows.GetProcessTimes(windows.CurrentProcess(), &start, &exit, &kernel, &user) != nil {
		return loaded
	}
	return time.Unix(0, start.Nanoseconds())
}
