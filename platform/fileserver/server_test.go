package fileserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"option150/platform/flash"
	"option150/platform/journal"
	"option150/platform/service"
)

// notes keeps what was recorded.
type notes struct {
	mu  sync.Mutex
	all []journal.Event
}

func (n *notes) Record(e journal.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, e)
}

func (n *notes) names() (out []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.all {
		out = append(out, e.EventName())
	}
	return out
}

func (n *notes) last() journal.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[len(n.all)-1]
}

var built = map[string]string{
	"SEP001E7A000001.cnf.xml": "<device/>",
	"XMLDefault.cnf.xml":      "<Default/>",
	"empty.xml":               "",
}

func lookup(name string) ([]byte, time.Time, string, bool) {
	for n, c := range built {
		if strings.EqualFold(n, name) {
			return []byte(c), time.Unix(1e9, 0), `"1"`, true
		}
	}
	return nil, time.Time{}, "", false
}

func flashWith(t *testing.T, files map[string]string) (*flash.Flash, string) {
	t.Helper()
	dir := t.TempDir()
	for p, c := range files {
		full := filepath.Join(dir, p)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(c), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, dir
}

func apply(t *testing.T, s *Server, c Spec) {
	t.Helper()
	ch, err := s.Prepare(t.Context(), nil, c)
	if err != nil {
		t.Fatal(err)
	}
	ch.Commit()
}

func ask(t Transport, name string) Request {
	return Request{Transport: t, Name: name, Client: netip.MustParseAddrPort("10.1.1.5:49152")}
}

// get reads a file whole.
func get(s *Server, r Request) (content, name, route string, err error) {
	f, err := s.Open(context.Background(), r)
	if err != nil {
		return "", "", "", err
	}
	b, err := io.ReadAll(f.Content)
	f.Finish(Result{Bytes: int64(len(b)), Complete: true, Status: 200})
	return string(b), f.Name, f.Route, err
}

// signed wraps a payload in the TLV envelope of a signed file.
func signed(payload string) string {
	head := []byte{1, 0, 2, 1, 1, 2, 0, 2, 0, 16, 0x0d, 0x0d, 0x0d, 0x0d, 0x0d, 0x0d}
	return string(head) + payload
}

func TestChain(t *testing.T) {
	rec := &notes{}
	fl, dir := flashWith(t, map[string]string{
		"phones/SCCP41.9-4-2SR3-1S.loads": "loads", "phones/jar41sccp.9-4-2ES26.sbn": "jar", "images/P00308.bin": "p003",
		"SEP001E7A000001.cnf.xml": "from flash", "phones/SEP001E7A000001.cnf.xml": "from flash", "phones/empty.tlv": "",
		"phones/startup-config": "secret", "phones/c2800nm-ipvoice-mz.124-24.T.bin": "image", "phones/router-confg": "secret",
		"phones/Ringlist.xml.sgn": signed("<rings/>"), "phones/odd.xml.sgn": "no envelope", "phones/only.xml": "unsigned",
		"phones/AppDialRules.xml": "operator's", "outside.loads": "outside", "phones/German_Germany/7960-tones.xml": "tones",
	})
	if err := unix.Mkfifo(filepath.Join(dir, "phones/fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "phones/link")); err != nil {
		t.Fatal(err)
	}
	fallback := func(name string) ([]byte, time.Time, string, bool) {
		if name == "AppDialRules.xml" || name == "dialplan.xml" {
			return []byte("empty rules"), time.Time{}, "", true
		}
		return nil, time.Time{}, "", false
	}
	s := New(Options{Flash: fl, Generated: lookup, Fallback: fallback, Recorder: rec, Names: func() []string {
		return []string{"SEP001E7A000001.cnf.xml", "XMLDefault.cnf.xml"}
	}, Routes: []Route{upstream{}}})
	apply(t, s, Spec{HomePath: "flash:/phones/", Config: Config{MaximumServingCount: 5, Bindings: []Binding{
		{File: "flash:images/P00308.bin", Alias: "OS79XX.BIN"}, {File: `flash:images\P00308.bin`},
		{File: "flash:gone.bin", Alias: "gone"}, {File: "system:/its/XMLDefault.cnf.xml", Alias: "SEPDEFAULT.cnf"}}}})

	for _, c := range []struct {
		name, content, route string
		err                  error
	}{
		{"/SEP001E7A000001.cnf.xml", "<device/>", RouteGenerated, nil},
		{`Communicator\SEP001E7A000001.cnf.xml`, "<device/>", RouteGenerated, nil},
		{"XmlDefault.cnf.xml", "<Default/>", RouteGenerated, nil},
		{"SCCP41.9-4-2SR3-1S.loads", "loads", RouteFlash, nil},
		{"sccp41.9-4-2SR3-1s.LOADS", "loads", RouteFlash, nil},
		{"Communicator/jar41sccp.9-4-2ES26.sbn", "jar", RouteFlash, nil},
		{"German_Germany/7960-tones.xml", "tones", RouteFlash, nil},
		{"OS79XX.BIN", "p003", RouteBinding, nil},
		{"os79xx.bin", "p003", RouteBinding, nil},
		{"P00308.bin", "p003", RouteBinding, nil},
		{"images/P00308.bin", "p003", RouteBinding, nil},
		{"SEPDEFAULT.cnf", "<Default/>", RouteBinding, nil},
		{"AppDialRules.xml", "operator's", RouteFlash, nil},
		{"dialplan.xml", "empty rules", RouteGenerated, nil},
		{"Ringlist.xml", "<rings/>", RouteFlash, nil},             // out of its envelope
		{"Ringlist.xml.sgn", signed("<rings/>"), RouteFlash, nil}, // with it
		{"odd.xml", "", "", ErrNotFound},                          // no envelope to take off
		{"only.xml.sgn", "", "", ErrNotFound},                     // never unsigned content
		{"SEP001E7A000001.cnf.xml.sgn", "", "", ErrNotFound},      // nor a generated one
		{"far.loads", "from afar", "upstream", nil},
		{"busy.loads", "", "", ErrBusy},
		{"broken.loads", "", "", ErrBusy},
		{"outside.loads", "", "", ErrNotFound}, // beside the home path
		{"gone", "", "", ErrNotFound},
		{"empty.tlv", "", "", ErrNotFound}, // an empty file is absent
		{"empty.xml", "", "", ErrNotFound}, // an empty file is absent
		{"CTLSEP001E7A000001.tlv", "", "", ErrNotFound},
		{"startup-config", "", "", ErrDenied},
		{"router-confg", "", "", ErrDenied},
		{"c2800nm-ipvoice-mz.124-24.T.bin", "", "", ErrDenied},
		{"../../nvram/startup-config", "", "", ErrDenied},
		{`..\..\x`, "", "", ErrDenied},
		{"a\x00b", "", "", ErrDenied},
		{"fifo", "", "", ErrDenied},
		{"link", "", "", ErrDenied},
		{"/", "", "", ErrNotFound},
		{strings.Repeat("x", 5000), "", "", ErrNotFound},
	} {
		for _, tr := range []Transport{TFTP, HTTP} {
			content, _, route, err := get(s, ask(tr, c.name))
			if content != c.content || route != c.route || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Errorf("%s %.40q: %q by %q, %v", tr, c.name, content, route, err)
			}
		}
	}
	// One Asked and one end for every request, on both transports.
	got := rec.names()
	for i := 0; i < len(got); i += 2 {
		if got[i] != "file.Asked" || got[i+1] == "file.Asked" {
			t.Fatalf("events %d: %v", i, got[i:i+2])
		}
	}
	c := s.Counters()
	if c.Requests != c.HttpRequests || c.Requests != c.RequestsProcessed+c.RequestsNotFound+c.RequestsOverflow+c.RequestsAborted {
		t.Errorf("counters %+v", c)
	}
	if c.SEPFoundCount != 4 || c.SEPNotFoundCount != 2 || c.Denied != 16 || c.ZeroLength != 4 || c.Expected != 2 || c.MaxServingCount != 5 {
		t.Errorf("counters %+v", c)
	}
	if n, max := s.Serving(); n != 0 || max != 5 {
		t.Errorf("serving %d of %d", n, max)
	}
	if d := cmp.Diff("OS79XX.BIN", s.Bindings()[0].Alias); d != "" || s.HomePath() != "flash:/phones" {
		t.Error(d, s.HomePath())
	}
}

type upstream struct{}

func (upstream) Name() string { return "upstream" }

func (upstream) Open(_ context.Context, _ Request, name string) (*Hit, error) {
	switch name {
	case "far.loads":
		return &Hit{Name: name, Size: 9, Content: strings.NewReader("from afar")}, nil
	case "busy.loads":
		return nil, ErrBusy
	case "broken.loads":
		return nil, unix.EIO
	case "panic.loads":
		panic("defect")
	}
	return nil, ErrNotFound
}

func TestDefectGivesThePlaceBack(t *testing.T) {
	s := New(Options{Routes: []Route{upstream{}}})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the defect was hidden")
			}
		}()
		_, _ = s.Open(t.Context(), ask(HTTP, "panic.loads"))
	}()
	if n, _ := s.Serving(); n != 0 {
		t.Errorf("%d places lost", n)
	}
	if c := s.Counters(); c.HttpRequestsAborted != 1 || c.HttpConnectRequests != 0 {
		t.Errorf("%+v", c)
	}
}

func TestNearest(t *testing.T) {
	rec := &notes{}
	fl, _ := flashWith(t, map[string]string{"SCCP41.9-4-2SR3-1S.loads": "x", "P00308.sbn": "x", "a/Jar.SBN": "x", "b/JAR.sbn": "another", "startup-confix": "x"})
	s := New(Options{Flash: fl, Recorder: rec, Generated: lookup, Names: func() []string { return []string{"XMLDefault.cnf.xml"} }})
	apply(t, s, Spec{Config: Config{Bindings: []Binding{{File: "flash:none", Alias: "Analog1.raw"}}}})
	for name, want := range map[string]string{
		"SCCP41.9-4-2SR3-1S":          "SCCP41.9-4-2SR3-1S.loads",
		"SCCP41.9-4-2SR2-1S.loads":    "SCCP41.9-4-2SR3-1S.loads",
		"SCCP41.9-4-2SR3-1S.sbn":      "SCCP41.9-4-2SR3-1S.loads",
		"SCCP41.8-5-2.loads":          "",
		"jar.sbn":                     "a/Jar.SBN",
		"P0308.sbn":                   "P00308.sbn",
		"Analgo1.raw":                 "Analog1.raw",
		"SEP001E7A000002.cnf.xml":     "", // another phone's
		"SEP001E7A000001.cnf":         "SEP001E7A000001.cnf.xml",
		"XMLDefault.cnf":              "XMLDefault.cnf.xml",
		"SEP001E7A000001.cnf.xml.sgn": "SEP001E7A000001.cnf.xml",
		"CTLSEP001E7A000001.tlv":      "",
		"unlike.bin":                  "",
	} {
		_, _ = s.Open(t.Context(), ask(HTTP, name))
		e, ok := rec.last().(NotFound)
		if !ok || e.Nearest != want {
			t.Errorf("%s: %+v", name, rec.last())
		}
		if _, log := e.LogMessage(); log != (e.Nearest != "") {
			t.Errorf("%s: logged %v", name, log)
		}
	}
}

func TestSettingsChangeInPlace(t *testing.T) {
	fl, _ := flashWith(t, map[string]string{"a/x.loads": "a", "b/x.loads": "b", "x.raw": "r"})
	s := New(Options{Flash: fl})
	if st := s.Status(); st.State != service.Disabled {
		t.Error(st)
	}
	apply(t, s, Spec{HomePath: "flash:/a", Config: Config{MaximumServingCount: 2}})
	f, err := s.Open(t.Context(), ask(TFTP, "x.loads"))
	if err != nil {
		t.Fatal(err)
	}
	ch, err := s.Prepare(t.Context(), nil, Spec{HomePath: "b", Config: Config{MaximumServingCount: 1, Bindings: []Binding{{File: "flash:x.raw"}}}})
	if err != nil {
		t.Fatal(err)
	}
	ch.Abort()
	if _, max := s.Serving(); max != 2 {
		t.Error("an aborted change took effect")
	}
	apply(t, s, Spec{HomePath: "b", Config: Config{MaximumServingCount: 3, Bindings: []Binding{{File: "flash:x.raw"}}}})
	if b, _, _, _ := get(s, ask(TFTP, "x.loads")); b != "b" {
		t.Errorf("new home serves %q", b)
	}
	if b, _, _, _ := get(s, ask(TFTP, "x.raw")); b != "r" {
		t.Errorf("binding serves %q", b)
	}
	if b, _ := io.ReadAll(f.Content); string(b) != "a" {
		t.Errorf("the file being served became %q", b)
	}
	f.Finish(Result{Complete: true})
	f.Finish(Result{Complete: true})
	if n, max := s.Serving(); n != 0 || max != 3 {
		t.Errorf("%d of %d", n, max)
	}
	if st := s.Status(); st.State != service.Running {
		t.Error(st)
	}
	apply(t, s, Spec{HomePath: "flash:/nowhere"})
	if st := s.Status(); st.State != service.Degraded {
		t.Error(st)
	}
	for _, bad := range []service.Spec{Spec{HomePath: "tftp://x"}, "text"} {
		if _, err := s.Prepare(t.Context(), nil, bad); err == nil {
			t.Errorf("%v accepted", bad)
		}
	}
}

// TestInvariant: after and during a random torture the sums hold.
func TestInvariant(t *testing.T) {
	fl, _ := flashWith(t, map[string]string{"x.loads": "x"})
	s := New(Options{Flash: fl, Generated: lookup, Routes: []Route{upstream{}}})
	apply(t, s, Spec{Config: Config{MaximumServingCount: 4}})
	check := func() Counters {
		c := s.Counters()
		if c.Requests != c.RequestsInProgress+c.RequestsProcessed+c.RequestsNotFound+c.RequestsOverflow+c.RequestsAborted ||
			c.HttpRequests != c.HttpConnectRequests+c.HttpRequestsProcessed+c.HttpRequestsNotFound+c.HttpRequestsOverflow+c.HttpRequestsAborted {
			t.Errorf("sums: %+v", c)
		}
		return c
	}
	names := []string{"x.loads", "XMLDefault.cnf.xml", "none", "../x", "busy.loads", "broken.loads", "empty.xml", "startup-config"}
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for range 100 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(3000))*time.Microsecond)
				tr := []Transport{TFTP, HTTP}[r.IntN(2)]
				if r.IntN(20) == 0 {
					_ = s.Deny(ask(tr, "x"), "method")
				} else if f, err := s.Open(ctx, ask(tr, names[r.IntN(len(names))])); err == nil {
					if r.IntN(10) == 0 {
						time.Sleep(time.Millisecond)
					}
					f.Finish(Result{Bytes: 1, Complete: r.IntN(2) == 0})
				}
				cancel()
				check()
			}
		})
	}
	wg.Wait()
	if c := check(); c.RequestsInProgress != 0 || c.HttpConnectRequests != 0 || c.Requests+c.HttpRequests != 1600 {
		t.Errorf("%+v", c)
	}
	if n, _ := s.Serving(); n != 0 || s.Waiting() != 0 {
		t.Errorf("%d places lost, %d wait", n, s.Waiting())
	}
}

func TestMessagesAndDebug(t *testing.T) {
	rec := &notes{}
	s := New(Options{Generated: lookup, Recorder: rec})
	_, _, _, _ = get(s, ask(HTTP, "/XMLDefault.cnf.xml"))
	_, _, _, _ = get(s, ask(HTTP, "/CTLSEP001E7A000001.tlv"))
	_, _, _, _ = get(s, ask(HTTP, "/../x"))
	_, _, _, _ = get(s, ask(TFTP, "XMLDefault.cnf.xml"))
	var lines []string
	for _, e := range rec.all {
		if d, ok := e.(journal.Debugged); ok {
			for _, l := range d.DebugLines() {
				lines = append(lines, l.Topic+"| "+l.Text)
			}
		}
	}
	want := []string{
		"cme-hfs| HFS: Looking for /XMLDefault.cnf.xml, host 10.1.1.5(49152): 200, opened XMLDefault.cnf.xml, finished 10 bytes, time 00:00:00",
		"cme-hfs| HFS: Looking for /CTLSEP001E7A000001.tlv, host 10.1.1.5(49152): sending 404 No such file",
		"cme-hfs| HFS: Looking for /../x, host 10.1.1.5(49152): refused, file name leaves its directory",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
	denied := rec.all[5].(Denied)
	m, ok := denied.LogMessage()
	if got := m.String(); !ok || got != "%HFS-4-DENIED: Request of 10.1.1.5 for /../x was refused: file name leaves its directory" {
		t.Errorf("%v %q", ok, got)
	}
	logged := 0
	for range 100 { // a scanner does not fill the log
		_, _ = s.Open(t.Context(), ask(HTTP, "../x"))
		if _, ok := rec.last().(Denied).LogMessage(); ok {
			logged++
		}
	}
	if logged > messagesPerMinute {
		t.Errorf("%d messages", logged)
	}
}

func FuzzOpen(f *testing.F) {
	for _, n := range []string{"/a.loads", "..\\x", "startup-config", "Communicator/a.loads", "a.loads.sgn", "\xff", "SEP001E7A000001.cnf.xml"} {
		f.Add(n)
	}
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.loads"), []byte("a"), 0o644); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "secret"), []byte("secret"), 0o644); err != nil {
		f.Fatal(err)
	}
	fl, err := flash.Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	s := New(Options{Flash: fl, Generated: lookup})
	f.Fuzz(func(t *testing.T, name string) {
		a, _, _, errA := get(s, ask(TFTP, name))
		b, _, _, errB := get(s, ask(HTTP, name))
		if a != b || fmt.Sprint(errA) != fmt.Sprint(errB) {
			t.Fatalf("%q: TFTP %q %v, HTTP %q %v", name, a, errA, b, errB)
		}
		if a == "secret" {
			t.Fatalf("%q leaves flash", name)
		}
		if n, _ := s.Serving(); n != 0 {
			t.Fatalf("%q keeps a place", name)
		}
	})
}
