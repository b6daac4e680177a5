package sshd

import (
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// FuzzRequests feeds channel requests with any payload to a session that has
// not started.
func FuzzRequests(f *testing.F) {
	f.Add("pty-req", ssh.Marshal(ptyRequest{Term: "xterm", Columns: 80, Rows: 24}))
	f.Add("window-change", ssh.Marshal(windowChange{Columns: 1 << 31, Rows: 1}))
	f.Add("exec", ssh.Marshal(nameRequest{"show version"}))
	f.Add("subsystem", ssh.Marshal(nameRequest{"sftp"}))
	f.Add("shell", []byte{})
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		x := &connection{s: New(Options{Handler: echo})}
		s := &Session{Width: 80, Height: 24}
		run := x.prepare(s, &ssh.Request{Type: kind, Payload: payload})
		if run != nil && kind != "shell" && kind != "exec" {
			t.Errorf("%q runs something", kind)
		}
		if s.Width < 1 || s.Height < 1 || s.Width > 10000 || s.Height > 10000 || len(s.Term) > 64 || len(s.Command) > maxCommand {
			t.Errorf("session %+v", s)
		}
		if strings.ContainsAny(s.Term, "\x00\r\n\x1b") {
			t.Errorf("terminal %q", s.Term)
		}
	})
}
