package fileserver

import (
	"fmt"
	"net/netip"
	"time"

	"option150/platform/journal"
	"option150/platform/message"
)

// TopicHFS is what `debug cme-hfs` prints: one line per HTTP request in the
// style of `debug tftp events` (looking, opened, finished). The lines of TFTP
// are recorded by its engine. [facts/cme.md 7.7 and 13]
const TopicHFS = "cme-hfs"

func hfsLine(t Transport, client netip.AddrPort, name, rest string) []journal.DebugLine {
	if t != HTTP {
		return nil
	}
	return []journal.DebugLine{{Topic: TopicHFS,
		Text: fmt.Sprintf("HFS: Looking for %s, host %s(%d): %s", name, client.Addr().Unmap(), client.Port(), rest)}}
}

// DebugLines implements journal.Debugged.
func (e Served) DebugLines() []journal.DebugLine {
	d := e.Duration.Round(time.Second)
	took := fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
	var s string
	switch {
	case e.File == "":
		s = "aborted: " + e.Why
	case !e.Complete:
		s = fmt.Sprintf("%d, opened %s, aborted after %d of %d bytes, time %s: %s", e.Status, e.File, e.Bytes, e.Size, took, e.Why)
	case e.Status == 304:
		s = fmt.Sprintf("304, %s has not changed", e.File)
	default:
		s = fmt.Sprintf("%d, opened %s, finished %d bytes, time %s", e.Status, e.File, e.Bytes, took)
	}
	return hfsLine(e.Transport, e.Client, e.Name, s)
}

// DebugLines implements journal.Debugged.
func (e NotFound) DebugLines() []journal.DebugLine {
	s := "sending 404 No such file"
	if e.Nearest != "" {
		s += ", nearest is " + e.Nearest
	}
	return hfsLine(e.Transport, e.Client, e.Name, s)
}

// DebugLines implements journal.Debugged.
func (e Busy) DebugLines() []journal.DebugLine {
	s := fmt.Sprintf("sending 503, serving %d of %d", e.Serving, e.Limit)
	if e.Why != "" {
		s = "sending 503, " + e.Why
	}
	return hfsLine(e.Transport, e.Client, e.Name, s)
}

// DebugLines implements journal.Debugged.
func (e Denied) DebugLines() []journal.DebugLine {
	return hfsLine(e.Transport, e.Client, e.Name, "refused, "+e.Why)
}

// LogMessage implements journal.Logged.
func (e Denied) LogMessage() (message.Message, bool) {
	if e.Hidden {
		return message.FileHidden.With(e.Client.Addr().Unmap(), e.Name, e.Why), !e.Quiet
	}
	if len(e.Cure) > 0 {
		return message.FileStranger.With(e.Client.Addr().Unmap(), e.Name, e.Why, e.Cure), !e.Quiet
	}
	entry := message.TFTPDenied
	if e.Transport == HTTP {
		entry = message.HFSDenied
	}
	return entry.With(e.Client.Addr().Unmap(), e.Name, e.Why), !e.Quiet
}

// LogMessage implements journal.Logged.
func (e Busy) LogMessage() (message.Message, bool) {
	if e.Why != "" {
		if e.Remote {
			return message.FileElsewhere.With(e.Client.Addr().Unmap(), e.Name, e.Why), !e.Quiet
		}
		return message.FileFault.With(e.Name, e.Client.Addr().Unmap(), e.Why), !e.Quiet
	}
	return message.FileBusy.With(e.Serving, e.Limit, e.Client.Addr().Unmap(), e.Name), !e.Quiet
}

// LogMessage implements journal.Logged: only a near miss is worth a message,
// phones ask for much that need not exist.
func (e NotFound) LogMessage() (message.Message, bool) {
	if e.Nearest == "" {
		return message.Message{}, false
	}
	return message.FileNear.With(e.Client.Addr().Unmap(), e.Name, e.Nearest), !e.Quiet
}

// LogMessage implements journal.Logged.
func (e Looped) LogMessage() (message.Message, bool) {
	return message.AlternateLoop.With(e.From, e.Name), e.Log
}

// LogMessage implements journal.Logged.
func (e Unbound) LogMessage() (message.Message, bool) {
	return message.FileUnbound.With(e.Name, e.Client, e.MAC.Device()), true
}
