package metrics

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// processFamilies are the figures of the process itself, by the names every
// program has them under, so that dashboards of others find them.
// [prometheus.io/docs/instrumenting/writing_clientlibs, Process metrics]
type processFamilies struct {
	cpu, open, most, virtual, resident, started, threads *family
}

func newProcessFamilies() processFamilies {
	return processFamilies{
		cpu:      &family{"process_cpu_seconds_total", "Processor time of the process, in seconds.", counterType, nil},
		open:     &family{"process_open_fds", "Open file descriptors.", gaugeType, nil},
		most:     &family{"process_max_fds", "File descriptors the process may have open.", gaugeType, nil},
		virtual:  &family{"process_virtual_memory_bytes", "Virtual memory of the process, in bytes.", gaugeType, nil},
		resident: &family{"process_resident_memory_bytes", "Resident memory of the process, in bytes.", gaugeType, nil},
		started:  &family{"process_start_time_seconds", "When the process started, in seconds since 1970.", gaugeType, nil},
		threads:  &family{"process_threads", "Threads of the operating system in the process.", gaugeType, nil},
	}
}

// ticks are the clock ticks of a second in /proc, the same on every Linux that
// Go runs on. [proc(5), sysconf(3)]
const ticks = 100

// collect reads a handful of small files of /proc; what cannot be read is left
// out.
func (p *processFamilies) collect(x exposition) { p.read(x, os.ReadFile) }

func (p *processFamilies) read(x exposition, file func(string) ([]byte, error)) {
	// utime, stime, threads, start, memory are fields 14, 15, 20, 22 to 24; the name
	// in field 2 may hold anything, a bracket too. [proc(5)]
	if b, err := file("/proc/self/stat"); err == nil {
		f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		at := func(n int) float64 {
			if n-3 >= len(f) {
				return 0
			}
			v, _ := strconv.ParseFloat(f[n-3], 64)
			return v
		}
		if len(f) >= 22 {
			x.add(p.cpu, (at(14)+at(15))/ticks)
			x.add(p.threads, at(20))
			x.add(p.virtual, at(23))
			x.add(p.resident, at(24)*float64(os.Getpagesize()))
			if boot, ok := bootTime(file); ok {
				x.add(p.started, boot+at(22)/ticks)
			}
		}
	}
	if b, err := file("/proc/self/limits"); err == nil {
		for line := range strings.Lines(string(b)) {
			if rest, ok := strings.CutPrefix(line, "Max open files"); ok {
				if f := strings.Fields(rest); len(f) > 0 {
					if v, err := strconv.ParseFloat(f[0], 64); err == nil {
						x.add(p.most, v)
					}
				}
			}
		}
	}
	if list, err := os.ReadDir("/proc/self/fd"); err == nil {
		x.add(p.open, float64(max(len(list)-1, 0))) // without the one that reads it
	}
}

// bootTime is when the machine started, in seconds since 1970.
func bootTime(file func(string) ([]byte, error)) (float64, bool) {
	b, err := file("/proc/stat")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "btime "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return v, err == nil
		}
	}
	return 0, false
}
