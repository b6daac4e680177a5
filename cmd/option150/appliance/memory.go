package appliance

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// settled is how long after its start the box has nothing left to do that only a
// start has to.
const settled = time.Second

var once sync.Once // of a process

// gcPercent is how much may be used anew before what is no longer used is looked
// for, of what is used. The box keeps little and throws little away: with 50 a
// boot storm of 1000 phones takes 46 MB and not 54, and a request costs a tenth
// less, because more of the heap stays in the caches of the processor; with 40
// nothing more is won.
const gcPercent = 50

// pace has garbage collected at gcPercent, unless the environment says otherwise.
func pace() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// giveBack returns what only the start needed: memory in which the
// configuration was read and the files of phones were built, and pages of the
// program that ran once. What is needed of those comes back from the file, which
// the kernel keeps as long as it has room.
func giveBack(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(settled):
		once.Do(func() {
			pace() // not earlier: a start makes a lot that stays
			debug.FreeOSMemory()
			for _, m := range program() {
				// Private and never written to, so nothing is lost. [madvise(2)]
				_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.from, m.to-m.from, unix.MADV_DONTNEED)
			}
		})
	}
}

// span is a range of addresses.
type span struct{ from, to uintptr }

// program is where the program itself is mapped and cannot be written to.
// [proc(5), /proc/pid/maps]
func program() (out []span) {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return nil
	}
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var m span
		var how string
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s", &m.from, &m.to, &how); n == 3 &&
			(how == "r-xp" || how == "r--p") && strings.HasSuffix(lines.Text(), " "+exe) {
			out = append(out, m)
		}
	}
	return out
}
