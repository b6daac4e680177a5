package language

import (
	"context"
	"io"

	"option150/platform/running"
)

// Files makes the files that output is redirected to (`| redirect flash:x`).
type Files interface {
	// Create starts a file, with what it holds already if more is to be added.
	// The error is an answer for the operator.
	Create(ctx context.Context, url string, more bool) (File, error)
}

// File is not there until Commit. One of Commit and Abort is called.
type File interface {
	io.Writer
	Commit() error
	Abort()
}

// Typed is a configuration command that took effect.
type Typed struct {
	Who     running.Who
	Line    string // of the session, "vty0"
	Session uint64 // one stay in configuration mode
	Depth   int    // sections it stands in
	Command string // canonical; it may hold a secret
}
