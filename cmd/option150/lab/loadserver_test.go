package lab

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/cli/session"
	"option150/telephony/firmware"
	"option150/telephony/inventory"
	"option150/telephony/simphone"
)

// typed are lines at the console of the lab's box, and what it printed.
func (l *Lab) typed(t *testing.T, lines ...string) string {
	t.Helper()
	var out bytes.Buffer
	b := l.Box.Box()
	s := session.New(session.Options{Language: b.Language, Store: b.Store, Recorder: b.Journal, Out: &out, Line: "con0", From: "console", Privilege: 15})
	for _, line := range lines {
		s.Line(t.Context(), line)
	}
	return out.String()
}

// TestLoadServers: a phone whose own line names a dead load server is named by
// the audit and by `show load-server`, the advice cures it; and a phone that is
// configured elsewhere and takes its firmware from here is well.
func TestLoadServers(t *testing.T) {
	if alone(t) {
		return
	}
	l, err := New(Options{Root: t.TempDir(), SSH: "127.0.0.1:0", Pace: 0.001, Hold: true, Phones: []simphone.Spec{g3(1, "7961", load41), g3(2, "7961", load41)}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if out := l.typed(t, "configure terminal", "ephone 1", "service phone loadServer 10.150.0.77", "ephone 2", "service phone loadServer 10.150.0.1", "end"); strings.Contains(out, "%") {
		t.Fatal(out)
	}
	show := l.typed(t, "show load-server")
	for _, want := range []string{"SEP001E7A000201  10.150.0.77      ephone 1", "no    no    does not answer", "SEP001E7A000202  10.150.0.1       ephone 2", "this box"} {
		if !strings.Contains(show, want) {
			t.Errorf("no %q in\n%s", want, show)
		}
	}
	audit := l.typed(t, "show provisioning audit")
	if !strings.Contains(audit, "SEP001E7A000201 takes firmware from 10.150.0.77, which does not answer") || strings.Contains(audit, "SEP001E7A000202 takes") {
		t.Errorf("%s", audit)
	}
	l.typed(t, "configure terminal", "ephone 1", "no service phone loadServer", "end")
	if audit = l.typed(t, "show provisioning audit"); strings.Contains(audit, "A20") {
		t.Errorf("after the advice:\n%s", audit)
	}

	far, err := l.Host("far", netip.MustParsePrefix("10.150.0.200/24"))
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	files, _ := firmware.Synthesise(load41, "", nil)
	names := []string{load41 + ".loads"}
	for n := range files {
		if !strings.HasSuffix(n, ".loads") {
			names = append(names, n)
		}
	}
	slices.Sort(names[1:])
	if err := far.Do(func() error {
		for _, n := range names {
			c, err := net.Dial("tcp", "10.150.0.1:6970")
			if err != nil {
				return err
			}
			_, _ = io.WriteString(c, "GET /"+n+" HTTP/1.1\r\nHost:10.150.0.1\r\n\r\n")
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
			if h, ok := readHead(c); !ok || h != http.StatusOK {
				t.Errorf("%s: %d", n, h)
			}
			c.Close()
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	wait(t, 20*time.Second, "the phone configured elsewhere", func() string {
		for _, p := range l.Box.Box().Inventory.Phones(time.Now()) {
			if p.Addr == netip.MustParseAddr("10.150.0.200") && p.Elsewhere && p.State == inventory.Provisioned {
				return ""
			}
		}
		return l.typed(t, "show phones")
	})
	if show = l.typed(t, "show load-server"); !strings.Contains(show, "10.150.0.200") || !strings.Contains(show, "its configuration comes from elsewhere") {
		t.Errorf("%s", show)
	}
}

// readHead reads an answer to its end and gives its status.
func readHead(c net.Conn) (int, bool) {
	var b [1]byte
	var head []byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if _, err := c.Read(b[:]); err != nil {
			return 0, false
		}
		head = append(head, b[0])
	}
	r, size := strings.ToLower(string(head)), 0
	if _, v, ok := strings.Cut(r, "content-length:"); ok {
		for _, d := range strings.TrimSpace(v) {
			if d < '0' || d > '9' {
				break
			}
			size = size*10 + int(d-'0')
		}
	}
	_, err := io.CopyN(io.Discard, c, int64(size))
	if err != nil || !strings.Contains(r, " 200 ") {
		return 0, false
	}
	return http.StatusOK, true
}

// TestUpgradePlan: the plan of the phones of a lab, with what the TFTP server
// has measured of them, and with what is typed.
func TestUpgradePlan(t *testing.T) {
	if alone(t) {
		return
	}
	l, err := New(Options{Root: t.TempDir(), SSH: "127.0.0.1:0", Pace: 0.001, Phones: []simphone.Spec{
		g3(1, "7961", "SCCP41.8-3-2S"), g3(2, "7961", "SCCP41.8-3-2S"), g3(3, "7961", load41)}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !l.Settle(t.Context(), 60*time.Second) {
		t.Error("not all phones came up")
	}
	plan := l.typed(t, "show upgrade plan load 7961 "+load41)
	for _, want := range []string{"measured by the TFTP server of 2 phones", "10.150.0.0/24", "none, it runs it", "1045.9 s", "PFS, the root over HTTP"} {
		if !strings.Contains(plan, want) {
			t.Errorf("no %q in\n%s", want, plan)
		}
	}
	plan = l.typed(t, "show upgrade plan load 7961 SCCP41.8-5-2S wan 2000 rtt 80 loss 0.1 phones 120")
	if !strings.Contains(plan, "round trip 80ms, loss 0.1 %") || !strings.Contains(plan, "120 phones") || !strings.Contains(plan, "as given: 2000 kbit/s, round trip, loss") {
		t.Errorf("%s", plan)
	}
	if plan = l.typed(t, "show upgrade plan load 7961 SCCP41.9-9-9S"); !strings.Contains(plan, "% Nothing is planned with a load that is not whole: SCCP41.9-9-9S") {
		t.Errorf("%s", plan)
	}
}
