package listen

import (
	"errors"
	"syscall"
)

// Error is why an endpoint could not be opened. It unwraps to the errno.
type Error struct {
	Endpoint Endpoint
	Err      error
	Owner    string // who holds the port, "nginx (pid 812)"; "" if it cannot be told
	Cure     string // what the operator may do here all the same; "" = nothing
}

func (e *Error) Error() string {
	s := "listen " + e.Endpoint.String() + ": " + Reason(e.Err)
	if e.Owner != "" {
		s += ", held by " + e.Owner
	}
	if e.Cure != "" {
		s += "; " + e.Cure
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// InUse reports that the port is held by somebody else.
func InUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// Denied reports that the process may not open the port: below 1024 it needs
// CAP_NET_BIND_SERVICE, for a device CAP_NET_RAW.
func Denied(err error) bool {
	return errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM)
}

// Passing reports an error of a socket that works all the same: out of
// descriptors or memory, or a client that went away too early.
func Passing(err error) bool {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return false
	}
	switch no {
	case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EINTR, syscall.EAGAIN:
		return true
	}
	return false
}

// Reason is the errno of err in plain words, without the names of system calls.
func Reason(err error) string {
	var no syscall.Errno
	switch {
	case err == nil:
		return ""
	case errors.As(err, &no):
		return no.Error()
	}
	return err.Error()
}
