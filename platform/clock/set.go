package clock

import (
	"time"

	"golang.org/x/sys/unix"
)

// Set sets the clock of the machine: `clock set`. The error is EPERM without
// CAP_SYS_TIME.
func Set(t time.Time) error {
	tv := unix.NsecToTimeval(t.UnixNano())
	return unix.Settimeofday(&tv)
}
