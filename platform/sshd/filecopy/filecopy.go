// Package filecopy takes files in and gives them out over SSH: scp (the old
// protocol, an exec request `scp -t` or `scp -f`) and the sftp subsystem. All
// it reaches is flash:. Who may use it is decided by whoever calls.
//
// Follows facts/libraries.md 2 (scp, SFTP), facts/ios-cli.md 2 and 3.4
// (what NAPALM needs); draft-ietf-secsh-filexfer-02 through pkg/sftp.
//
// A file is written under a temporary name and put in its place when it is
// there as a whole: phones that fetch it at the same time get the old one or
// the new one. What a broken connection leaves is dropped.
//
// Concurrency: a Server may serve any number of streams at once. Bounds: length
// of a line and of a name, size of a file (what is free in flash:), open files
// of a session.
//
// Failure: errors go to the client with names in flash: and never a path of the
// machine. Testing: the OpenSSH clients where they are installed, fuzz targets
// for the command line and the protocol.
package filecopy

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"option150/platform/flash"
	"option150/platform/journal"
	"option150/platform/message"
	"option150/platform/plain"
)

// Who is at the other end.
type Who struct {
	User string
	From string // address
}

// Server copies files from and to flash:.
type Server struct {
	Flash    *flash.Flash
	Recorder journal.Recorder // nil = silent
}

func (s *Server) record(e journal.Event) { journal.Or(s.Recorder).Record(e) }

// The facts recorded.
type (
	// Received is a file that was put into flash:.
	Received struct {
		Name      string // in flash:
		Size      int64
		Transport string // "scp" or "sftp"
		Who       Who
	}
	// Sent is a file that was read to its end or part of it.
	Sent struct {
		Name      string
		Size      int64 // of the file
		Transport string
		Who       Who
	}
	// Changed is a file or directory removed, renamed or made.
	Changed struct {
		Name string
		What string // "removed", "renamed", "directory made"
		Who  Who
	}
)

// EventName implements journal.Event.
func (Received) EventName() string { return "flash.Received" }

// EventName implements journal.Event.
func (Sent) EventName() string { return "flash.Sent" }

// EventName implements journal.Event.
func (Changed) EventName() string { return "flash.Changed" }

// LogMessage implements journal.Logged.
func (e Received) LogMessage() (message.Message, bool) {
	return message.FileReceived.With("flash:/"+e.Name, e.Transport, e.Who.User, e.Who.From, e.Size), true
}

// LogMessage implements journal.Logged.
func (e Sent) LogMessage() (message.Message, bool) {
	return message.FileSent.With("flash:/"+e.Name, e.Transport, e.Who.User, e.Who.From, e.Size), true
}

// LogMessage implements journal.Logged.
func (e Changed) LogMessage() (message.Message, bool) {
	return message.FileChanged.With("flash:/"+e.Name, e.What, e.Who.User, e.Who.From), true
}

// free is how large a file may be.
func (s *Server) free() int64 {
	_, free, err := s.Flash.Usage()
	if err != nil || free > 1<<62 {
		return 1 << 62
	}
	return int64(free)
}

// reason is an error in the words of a client, without names.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "No such file or directory"
	case errors.Is(err, fs.ErrExist):
		return "File exists"
	case errors.Is(err, unix.ENOSPC):
		return "No space left on device"
	case errors.Is(err, unix.EISDIR), errors.Is(err, flash.ErrNotRegular):
		return "not a regular file"
	case errors.Is(err, unix.ENOTDIR):
		return "Not a directory"
	case errors.Is(err, unix.ENOTEMPTY):
		return "Directory not empty"
	case errors.Is(err, flash.ErrTraversal), errors.Is(err, flash.ErrBadName), errors.Is(err, flash.ErrEmptyName), errors.Is(err, fs.ErrPermission):
		return "Permission denied"
	case errors.Is(err, flash.ErrLongName):
		return "File name too long"
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// show is a path as the client gave it, fit to be sent back.
func show(path string) string { return plain.Shown(path, flash.MaxName) }
