package tftp

import (
	"context"
	"errors"

	"option150/platform/fileserver"
)

// wireError is an ERROR packet: a code of RFC 1350 and a text. Texts are fixed:
// no path, no Go error and nothing the client sent ever leaves in one.
type wireError struct {
	code uint16
	text string
}

// Every text this server sends. `No such file` is the wording of IOS
// (facts/files.md 1.5); the answer of a full house is code 3, which CUCM
// does not publish: to try another with a real phone, change it here.
var (
	replyReadError  = wireError{0, "Read error"}
	replyNoSuchFile = wireError{1, "No such file"}
	replyDenied     = wireError{2, "Access violation"}
	replyBusy       = wireError{3, "TFTP process allocation exceeded"}
	replyIllegal    = wireError{4, "Illegal operation"}
	replyUnknownTID = wireError{5, "Unknown transfer ID"}
)

// outcome is the class in which a request is counted when it has ended.
type outcome uint8

const (
	processed outcome = iota
	notFound
	overflow
	aborted
)

// answerTo maps what the Opener said to the packet, the class, and whether the
// packet is sent at all. An error we do not know is answered "busy": a false
// "no such file" would make a phone drop its configuration.
func answerTo(err error) (e wireError, class outcome, send bool) {
	switch {
	case errors.Is(err, fileserver.ErrNotFound):
		return replyNoSuchFile, notFound, true
	case errors.Is(err, fileserver.ErrBusy):
		return replyBusy, overflow, true
	case errors.Is(err, fileserver.ErrDenied):
		return replyDenied, notFound, true
	case errors.Is(err, fileserver.ErrMalformed):
		return replyIllegal, notFound, true
	case errors.Is(err, context.Canceled):
		return wireError{}, aborted, false
	}
	return replyBusy, overflow, true
}
