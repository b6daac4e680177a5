package language

import (
	"io"
	"time"
)

// Call is a connection an operator has opened from his session.
type Call struct {
	Number int
	Host   string // as it was typed
	Addr   string
	Opened time.Time
	Last   bool // it is the one that `resume` without a number means

	Stream io.ReadWriteCloser
}

// MaxCalls bounds the connections of one session.
const MaxCalls = 4
