// Package host tells about the machine the box runs on: processor time,
// memory, routes, neighbours. It reads the kernel and changes nothing.
//
// Follows facts/ios-cli.md 1.13 for what the show commands need. Failure:
// what cannot be read is zero or absent. Testing: texts of /proc in, numbers
// out; routes and neighbours in a private network namespace.
package host

import (
	"bufio"
	"context"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// sampleEvery is the step of the processor figures; IOS shows five seconds,
// one minute and five minutes.
const sampleEvery = 5 * time.Second

// keep is the number of samples for five minutes.
const keep = int(5*time.Minute/sampleEvery) + 1

// Sampler measures the processor time of the box. Use NewSampler and Run.
type Sampler struct {
	mu   sync.Mutex
	list []sample // oldest first
}

type sample struct {
	at  time.Time
	cpu time.Duration
}

// NewSampler returns a sampler with its first sample.
func NewSampler() *Sampler {
	s := &Sampler{}
	s.take(time.Now(), used())
	return s
}

// Run takes a sample every five seconds until the context ends.
func (s *Sampler) Run(ctx context.Context) {
	t := time.NewTicker(sampleEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			s.take(now, used())
		}
	}
}

func (s *Sampler) take(at time.Time, cpu time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, sample{at, cpu})
	if n := len(s.list); n > keep {
		s.list = append(s.list[:0], s.list[n-keep:]...)
	}
}

// used is the processor time of this process so far.
func used() time.Duration {
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// CPU is the load of the last five seconds, minute and five minutes in per
// cent of one processor, at most 100.
func (s *Sampler) CPU() (five, one, fiveMinutes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.load(sampleEvery), s.load(time.Minute), s.load(5 * time.Minute)
}

func (s *Sampler) load(over time.Duration) int {
	last := s.list[len(s.list)-1]
	first := last
	for i := len(s.list) - 1; i >= 0 && last.at.Sub(s.list[i].at) <= over+sampleEvery/2; i-- {
		first = s.list[i]
	}
	wall := last.at.Sub(first.at)
	if wall <= 0 {
		return 0
	}
	return min(100, int(100*(last.cpu-first.cpu)/wall))
}

// Used is the processor time of the box since its start.
func (s *Sampler) Used() time.Duration { return used() }

// Memory is in bytes.
type Memory struct {
	Total, Available uint64 // of the machine
	Resident, Peak   uint64 // of the box
	Allocated, Freed uint64 // of its heap, since the start
}

// ReadMemory reads /proc and the runtime.
func ReadMemory() Memory {
	m := kilobytes(read("/proc/meminfo"))
	p := kilobytes(read("/proc/self/status"))
	heap := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/frees:bytes"}}
	metrics.Read(heap)
	return Memory{Total: m["MemTotal"], Available: m["MemAvailable"], Resident: p["VmRSS"], Peak: p["VmHWM"],
		Allocated: heap[0].Value.Uint64(), Freed: heap[1].Value.Uint64()}
}

// kilobytes reads lines of the form "Name:  123 kB".
func kilobytes(text string) map[string]uint64 {
	out := map[string]uint64{}
	for sc := bufio.NewScanner(strings.NewReader(text)); sc.Scan(); {
		name, rest, ok := strings.Cut(sc.Text(), ":")
		f := strings.Fields(rest)
		if !ok || len(f) != 2 || f[1] != "kB" {
			continue
		}
		if n, err := strconv.ParseUint(f[0], 10, 64); err == nil {
			out[name] = n << 10
		}
	}
	return out
}

func read(name string) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(b)
}

// Congestion is what TCP of this machine does about losses, "cubic", "bbr"; ""
// = not known. [tcp(7)]
func Congestion() string {
	b, err := os.ReadFile("/proc/sys/net/ipv4/tcp_congestion_control")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
