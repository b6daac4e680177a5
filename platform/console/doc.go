// Package console is the door that is always there: the terminal or pipe the
// appliance was started on, or a serial line. It hands a byte stream with a
// window size to a handler; login, prompts and commands are the handler's, the
// same as over SSH.
//
// Follows DESIGN 1 ([console] of the settings), facts/libraries.md 3.
//
//	stdio      a terminal: raw while the handler runs, restored on every way
//	           out, window changes followed; a pipe: as it is, width 0, height 0
//	/dev/tty*  raw 8N1 at any speed; open, session, open again, until the end
//	none       no console
//
// Concurrency: Run serves one session at a time in the caller's goroutine; when
// its context ends, a Read that waits returns io.EOF. Read and Write of a
// stream may be used by two goroutines.
//
// Failure: Run returns what is wrong with stdio at once; a serial line that
// cannot be opened is recorded (Failed) and tried again every second.
// Testing: pseudo terminals.
package console
