package logging

import (
	"fmt"
	"io"
	"os"
	"time"
)

// Worse than this severity nothing is kept from who reads the standard error of
// the process: the journal of the machine, where no console shows it.
const stderrLevel = 4

// Bounds of what is written there.
const (
	stderrBurst = 20
	stderrEvery = 2 * time.Second // one more line
	stderrQueue = 64
)

// errors writes lines to the standard error and never waits for it.
type errorLines struct {
	lines chan string
	free  float64
	at    time.Time
	kept  uint64 // back since the last line
}

// say writes a line if it may. Called with the lock of the service held.
func (x *errorLines) say(now time.Time, severity int, text string) {
	x.free = min(stderrBurst, x.free+float64(now.Sub(x.at))/float64(stderrEvery))
	x.at = now
	if x.free < 1 {
		x.kept++
		return
	}
	if x.kept > 0 {
		text += fmt.Sprintf(" (%d lines before it are in the log of the box only)", x.kept)
	}
	if _, journald := os.LookupEnv("JOURNAL_STREAM"); journald {
		text = fmt.Sprintf("<%d>%s", severity, text) // [sd-daemon(3)]
	}
	select {
	case x.lines <- text + "\n":
		x.free--
		x.kept = 0
	default:
		x.kept++
	}
}

// write is the loop that writes.
func (x *errorLines) write(w io.Writer) {
	for l := range x.lines {
		_, _ = io.WriteString(w, l)
	}
}
