package logging

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"option150/platform/journal"
	"option150/platform/message"
	"option150/platform/service"
	"option150/platform/testkit"
	"option150/platform/testkit/golden"
)

// fact is an event that is logged, debugged or neither.
type fact struct {
	entry *message.Entry
	args  []any
	debug []journal.DebugLine
}

func (fact) EventName() string                     { return "test.Fact" }
func (f fact) LogMessage() (message.Message, bool) { return f.entry.With(f.args...), f.entry != nil }
func (f fact) DebugLines() []journal.DebugLine     { return f.debug }
func by(who string) fact                           { return fact{entry: message.ConfigChanged, args: []any{who}} }
func debug(topic, text string) fact {
	return fact{debug: []journal.DebugLine{{Topic: topic, Text: text}}}
}

func start(t *testing.T, o Options) (*Service, *journal.Journal) {
	t.Helper()
	if o.Journal == nil {
		o.Journal = journal.New(0)
	}
	s := New(o)
	t.Cleanup(s.Close)
	return s, o.Journal
}

func (s *Service) has(t *testing.T, n int) []string {
	t.Helper()
	testkit.Until(t, fmt.Sprintf("%d lines", n), func() bool { return len(s.Lines()) >= n })
	return s.Lines()
}

func apply(t *testing.T, s *Service, c Config) {
	t.Helper()
	ch, err := s.Prepare(t.Context(), nil, c)
	if err != nil {
		t.Fatal(err)
	}
	ch.Commit()
}

func TestStamps(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	at := time.Date(2026, 11, 1, 11, 40, 0, 123e6, time.UTC)
	c := Clock{Started: at.Add(-774 * time.Second), Local: berlin, Mark: "*"}
	for _, x := range []struct {
		stamp Stamp
		mark  string
		want  string
	}{
		{Stamp{Kind: "datetime", Msec: true}, "*", "*Nov  1 11:40:00.123: "},
		{Stamp{Kind: "datetime"}, "", "Nov  1 11:40:00: "},
		{Stamp{Kind: "datetime", Msec: true, Local: true, ShowZone: true}, ".", ".Nov  1 12:40:00.123 CET: "},
		{Stamp{Kind: "datetime", Year: true, ShowZone: true}, "*", "*Nov  1 2026 11:40:00 UTC: "},
		{Stamp{Kind: "uptime", Msec: true}, "*", "00:12:54: "},
		{Stamp{}, "*", ""},
	} {
		c.Mark = x.mark
		if got := x.stamp.Text(at, c); got != x.want {
			t.Errorf("%+v: %q, want %q", x.stamp, got, x.want)
		}
	}
	for d, want := range map[time.Duration]string{
		-time.Second: "00:00:00", 26 * time.Hour: "1d02h", 23 * 24 * time.Hour: "3w2d", 400 * 24 * time.Hour: "1y5w",
	} {
		if got := Uptime(d); got != want {
			t.Errorf("%v: %q", d, got)
		}
	}
}

func TestBuffer(t *testing.T) {
	s, j := start(t, Options{})
	j.Record(by("console"))
	j.Record(debug("tftp events", "not a message"))
	j.Record(fact{})
	j.Record(fact{entry: message.Restart, args: []any{"1.0"}})
	lines := s.has(t, 2)
	if !regexp.MustCompile(`^\*[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\.\d{3}: %SYS-5-CONFIG_I: Configured from console by console$`).MatchString(lines[0]) {
		t.Errorf("%q", lines[0])
	}
	if !strings.HasSuffix(lines[1], "restarted --\nOption 150 Software, Version 1.0") {
		t.Errorf("%q", lines[1])
	}
	// Bounded by bytes, newest kept; a smaller buffer is trimmed at once.
	for i := range 200 {
		j.Record(by(fmt.Sprint("user", i)))
	}
	testkit.Until(t, "all read", func() bool { l := s.Lines(); return strings.HasSuffix(l[len(l)-1], "user199") })
	if n := len(strings.Join(s.Lines(), "\n")); n > 4096 || n < 3900 {
		t.Errorf("%d bytes", n)
	}
	c := Default()
	c.BufferSize, c.LogStamp, c.SequenceNums = 100, Stamp{}, true
	apply(t, s, c)
	if n := len(s.Lines()); n != 1 {
		t.Errorf("%d lines in 100 bytes", n)
	}
	j.Record(by(strings.Repeat("x", 300)))
	testkit.Until(t, "cut", func() bool {
		l := s.Lines()
		return len(l) == 1 && len(l[0]) == 99 && strings.HasPrefix(l[0], "000203: %SYS")
	})
	s.Clear()
	if len(s.Lines()) != 0 {
		t.Error("not cleared")
	}
	c.Buffered = 4
	apply(t, s, c)
	j.Record(by("too low"))
	j.Record(fact{entry: message.LinkUpDown, args: []any{"Gi0/0", "up"}})
	if l := s.has(t, 1); len(l) != 1 || !strings.Contains(l[0], "LINK-3") {
		t.Errorf("%q", l)
	}
	c.Buffered = Off
	apply(t, s, c)
	if len(s.Lines()) != 0 || strings.Contains(s.ShowText(), "Log Buffer") {
		t.Error("a buffer that is off holds lines")
	}
}

func TestForgedLines(t *testing.T) {
	s, j := start(t, Options{})
	j.Record(by("x\n*Nov 21 11:40:00.123: %SYS-5-RELOAD: forged\x1b[2J\r\u009b"))
	if l := s.has(t, 1); strings.ContainsAny(l[0], "\n\x1b\r\u009b") {
		t.Errorf("%q", l[0])
	}
}

func TestSubscription(t *testing.T) {
	s, j := start(t, Options{})
	c := Default()
	c.SequenceNums, c.LogStamp, c.DebugStamp = true, Stamp{}, Stamp{}
	apply(t, s, c)
	on := map[string]bool{"tftp events": true}
	u := s.Subscribe(func(topic string, severity int) bool { return on[topic] || topic == "" && severity <= 5 })
	quiet := s.Subscribe(AtMost(3))
	j.Record(by("a"))
	j.Record(debug("tftp events", "TFTP: Looking for x"))
	j.Record(debug("cme-hfs", "no"))
	j.Record(fact{entry: message.Logout, args: []any{"a", "2"}}) // severity 6
	j.Record(fact{entry: message.ServiceUp, args: []any{"httpd"}, debug: []journal.DebugLine{{Topic: "tftp events", Text: "both"}}})
	j.Record(fact{entry: message.ServiceFailed, args: []any{"httpd", "why"}})
	next := func(u *Subscription, want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if got, err := u.Next(ctx); err != nil || got != want {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
	next(u, "000001: %SYS-5-CONFIG_I: Configured from console by a")
	next(u, "TFTP: Looking for x")
	next(u, "000003: %SYS-5-SERVICE_UP: httpd is working")
	next(u, "both")
	next(u, "000004: %SYS-3-SERVICE_FAILED: httpd is not working: why")
	next(quiet, "000004: %SYS-3-SERVICE_FAILED: httpd is not working: why")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := u.Next(ctx); err == nil {
		t.Error("a line from nowhere")
	}
}

func TestSlowReaderIsToldOfTheGap(t *testing.T) {
	j := journal.New(16)
	s, _ := start(t, Options{Journal: j})
	u := s.Subscribe(AtMost(7))
	for i := range 100 {
		j.Record(by(fmt.Sprint(i)))
	}
	got, err := u.Next(t.Context())
	if err != nil || !strings.HasSuffix(got, "%SYS-3-LOGGER_DROPPED: System dropped 84 events before they could be shown here") {
		t.Errorf("%q %v", got, err)
	}
	if got, _ = u.Next(t.Context()); !strings.HasSuffix(got, "by 84") {
		t.Errorf("%q", got)
	}
}

// Lines that come together are one burst, which ends with a pause, and in a
// stream without one after a while.
func TestBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.New(0)
		s := New(Options{Journal: j})
		defer s.Close()
		u := s.Subscribe(AtMost(5))
		burst := func(want int) {
			t.Helper()
			lines, err := u.Burst(t.Context())
			if err != nil || len(lines) != want {
				t.Errorf("a burst of %d lines, want %d (%v)", len(lines), want, err)
			}
		}
		record := func(n int) {
			for range n {
				j.Record(by("x"))
				j.Record(fact{entry: message.Logout, args: []any{"a", "2"}}) // nobody wants it
			}
		}
		record(5)
		time.AfterFunc(burstPause/2, func() { record(3) })
		burst(8)
		record(1)
		burst(1)
		record(2*burstLines + 50)
		for _, n := range []int{burstLines, burstLines, 50} {
			burst(n)
		}
		go func() {
			for range 60 {
				record(1)
				time.Sleep(burstPause / 2)
			}
		}()
		begun := time.Now()
		if lines, err := u.Burst(t.Context()); err != nil || len(lines) >= 60 || time.Since(begun) > burstTime+burstPause {
			t.Errorf("%d lines after %v (%v)", len(lines), time.Since(begun), err)
		}
		time.Sleep(time.Second)
	})
}

func TestMonitorEndsWithTheContext(t *testing.T) {
	s, j := start(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	lines := make(chan string, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Monitor(ctx, AtMost(7), func(l string) { lines <- l })
	}()
	// The view begins with Monitor, at a moment this test cannot see.
	testkit.Until(t, "a line", func() bool { j.Record(by("x")); return len(lines) > 0 })
	cancel()
	<-done
}

func TestNumbersDoNotWaitForAClosedReader(t *testing.T) {
	s, j := start(t, Options{})
	c := Default()
	c.SequenceNums = true
	apply(t, s, c)
	u := s.Subscribe(AtMost(7))
	s.Close()
	j.Record(by("late"))
	if got, err := u.Next(t.Context()); err != nil || !strings.Contains(got, "late") {
		t.Errorf("%q %v", got, err)
	}
}

func TestSyslog(t *testing.T) {
	l, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := l.LocalAddr().(*net.UDPAddr).AddrPort()
	s, j := start(t, Options{Port: at.Port()})
	c := Default()
	c.Hosts, c.Trap = []Host{{Addr: at.Addr()}, {Addr: netip.MustParseAddr("::1")}}, 5
	apply(t, s, c)
	j.Record(fact{entry: message.Logout, args: []any{"a", "2"}}) // below the level
	j.Record(by("console"))
	j.Record(fact{entry: message.Restart, args: []any{strings.Repeat("long ", 400)}})
	b := make([]byte, 4096)
	l.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, err := l.Read(b)
	if err != nil || !regexp.MustCompile(`^<189>1: \*[A-Z][a-z]{2} .{2} \d\d:\d\d:\d\d\.\d{3}: %SYS-5-CONFIG_I: Configured from console by console$`).Match(b[:n]) {
		t.Errorf("%q %v", b[:n], err)
	}
	n, err = l.Read(b)
	if err != nil || n != maxPacket || strings.Contains(string(b[:n]), "\n") || !strings.HasPrefix(string(b[:n]), "<189>2: ") {
		t.Errorf("%d bytes %q %v", n, b[:n], err)
	}
	testkit.Until(t, "counted", func() bool { return strings.Contains(s.ShowText(), "2 message lines logged") })
	// The counts of a server that stays are kept; an abort changes nothing.
	ch, err := s.Prepare(t.Context(), nil, Default())
	if err != nil {
		t.Fatal(err)
	}
	ch.Abort()
	c.Hosts = c.Hosts[:1]
	apply(t, s, c)
	j.Record(by("again"))
	if n, err = l.Read(b); err != nil || !strings.HasPrefix(string(b[:n]), "<189>3: ") {
		t.Errorf("%q %v", b[:n], err)
	}
	testkit.Until(t, "counted", func() bool { return strings.Contains(s.ShowText(), "3 message lines logged,") })
}

func TestPacket(t *testing.T) {
	for _, tt := range []struct {
		Form
		want string
	}{
		{Form{Facility: 23}, "<189>41: *Nov 21 11:40:00.123: %SYS-5-X: y"},
		{Form{Facility: 22}, "<181>41: *Nov 21 11:40:00.123: %SYS-5-X: y"},
		{Form{Facility: 0, Unnumbered: true}, "<5>*Nov 21 11:40:00.123: %SYS-5-X: y"},
	} {
		if got := string(tt.Packet(41, 5, "*Nov 21 11:40:00.123: %SYS-5-X: y")); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestService(t *testing.T) {
	s, _ := start(t, Options{})
	if s.Name() != "logging" || s.Status().State != service.Disabled {
		t.Errorf("%+v", s.Status())
	}
	c := Default()
	apply(t, s, c)
	if s.Status().State != service.Running {
		t.Errorf("%+v", s.Status())
	}
	if ch, err := s.Prepare(t.Context(), c, nil); err != nil {
		t.Error(err)
	} else if ch.Commit(); s.Status().State != service.Disabled {
		t.Errorf("%+v", s.Status())
	}
	if _, err := s.Prepare(t.Context(), nil, "x"); err == nil {
		t.Error("a spec of another kind was taken")
	}
}

func TestShow(t *testing.T) {
	c := Default()
	c.Hosts, c.SequenceNums = []Host{{Addr: netip.MustParseAddr("10.1.1.1"), Port: 514}}, true
	full := Snapshot{Config: c, Counts: Counts{Console: 26, Monitor: 1, Buffer: 27, Trap: 30, Missed: 2},
		Hosts: []HostCounts{{Host: c.Hosts[0], Sent: 29, Failed: 1, Down: true}},
		Lines: []string{"000001: *Nov 21 11:40:00.123: %SYS-5-CONFIG_I: Configured from console by console"}}
	off := Snapshot{Config: Config{Buffered: Off, Console: Off, Monitor: Off, Trap: Off}}
	for name, got := range map[string]string{"full": Show(full), "off": Show(off)} {
		golden.Check(t, filepath.Join("testdata", name+".golden"), got)
		if m := regexp.MustCompile(`(?i)[^\r\n]+ not found|ERROR:|connection timed out|% ?Error|invalid input`).FindString(got); m != "" {
			t.Errorf("banned phrase %q", m)
		}
		if slices.ContainsFunc(strings.Split(got, "\n"), func(l string) bool { return strings.HasSuffix(l, " ") }) {
			t.Error("blanks at the end of a line")
		}
	}
}

func TestLevelNames(t *testing.T) {
	if LevelName(0) != "emergencies" || LevelName(7) != "debugging" || LevelName(Off) != "disabled" || LevelName(8) != "disabled" {
		t.Error("names of levels")
	}
}

// TestShowTellsWhatWasRecorded: whoever looks right after something happened
// finds it, however far the reader is.
func TestShowTellsWhatWasRecorded(t *testing.T) {
	s, j := start(t, Options{})
	for i := range 300 {
		j.Record(by("console"))
		if n := len(s.Lines()); n == 0 {
			t.Fatalf("message %d is not in the log", i)
		}
		s.Clear()
	}
}
