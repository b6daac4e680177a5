package appliance_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"option150/cli/transcript"
	"option150/platform/netns"
)

// TestRecordedSessionReplays: an engineer records what he did at a box; the
// file is a test: another box, typed at as it says, answers the same.
func TestRecordedSessionReplays(t *testing.T) {
	netns.Need(t)
	var recorded []byte
	t.Run("record", func(t *testing.T) { recorded = record(t) })
	if t.Failed() {
		return
	}
	file := filepath.Join(t.TempDir(), "session.txt")
	if err := os.WriteFile(file, recorded, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := transcript.Run(file, newWorld(t), false); err != nil {
		t.Errorf("%v\nrecorded:\n%s", err, recorded)
	}
}

// record types at a box that records and returns the file.
func record(t *testing.T) []byte {
	w := newWorld(t)
	s, err := w.Session("1")
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(s)
		said <- string(b)
	}()
	// Typed as fast as a paste: `?`, Tab, an error, a section and a filter.
	typed := "terminal record flash:session.txt\rconf t\rhostname BR1\rip dhcp pool VOICE\rnetwork 10.9.0.0 255.255.255.0\roption 150 ip 10.9.0.1\rhfs enable\rend\r" +
		"show running-config | section dhcp\rshow ip htp\rterminal no record\rexit\r"
	if _, err := io.WriteString(s, typed); err != nil {
		t.Fatal(err)
	}
	select {
	case text := <-said:
		t.Log(text)
	case <-time.After(20 * time.Second):
		t.Fatal("the session did not end")
	}
	recorded, err := os.ReadFile(filepath.Join(w.root, "flash", "session.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(recorded), "Router(config)#hostname BR1") || !strings.Contains(string(recorded), "BR1#show running-config | section dhcp") {
		t.Fatalf("recorded:\n%s", recorded)
	}
	return recorded
}
