package service

import (
	"testing"
	"time"

	"option150/platform/listen"
)

// TestOneCauseOneLine: a service whose sockets are down says nothing of it, nor
// that it is well again: their keeper has said both. What else is wrong with it is said.
func TestOneCauseOneLine(t *testing.T) {
	down := Listening([]listen.State{{Endpoint: listen.Endpoint{Port: 22}, Why: "address already in use"}}, time.Now())
	if down.State != Failed || !down.Told {
		t.Fatalf("%+v", down)
	}
	if up := Listening([]listen.State{{Endpoint: listen.Endpoint{Port: 22}, Up: true}}, time.Now()); up.Told {
		t.Errorf("%+v", up)
	}
	for _, c := range []struct {
		what string
		was  Status
		now  Status
		line string
	}{
		{"a socket", Status{State: Disabled}, down, ""},
		{"a socket that is back", down, Status{State: Running}, ""},
		{"a socket, and then the disk", down, Status{State: Degraded, Why: "no room"}, "%SYS-3-SERVICE_FAILED: x is not working: no room"},
		{"the disk, and then a socket", Status{State: Degraded, Why: "no room"}, down, ""},
		{"the disk", Status{State: Running}, Status{State: Degraded, Why: "no room"}, "%SYS-3-SERVICE_FAILED: x is not working: no room"},
		{"the disk that has room again", Status{State: Degraded, Why: "no room"}, Status{State: Running}, "%SYS-5-SERVICE_UP: x is working"},
	} {
		if m, ok := changed("x", c.was, c.now).LogMessage(); ok != (c.line != "") || ok && m.String() != c.line {
			t.Errorf("%s: %v %v, want %q", c.what, ok, m, c.line)
		}
	}
}
