package bench

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory is the most that this process had while something ran, in bytes.
type Memory struct {
	Heap     uint64 // in use by Go
	Resident uint64 // as the kernel counts it; zero where it does not say
}

// Watch samples the process's memory until the function that it returns is called.
func Watch() (stop func() Memory) {
	runtime.GC()
	var m Memory
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			m.Heap, m.Resident = max(m.Heap, s.HeapInuse), max(m.Resident, resident())
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	return func() Memory {
		close(done)
		watching.Wait()
		return m
	}
}

// resident reads what Linux says of this process.
func resident() uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}
