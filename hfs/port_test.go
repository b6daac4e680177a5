package hfs

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/platform/httpd"
	"option150/platform/listen"
	"option150/platform/service"
)

const inUse = "Invalid port number or port in use by other application"

// TestPortRules is the table of facts/cme.md 5.2, as far as it is about
// the configuration alone.
func TestPortRules(t *testing.T) {
	on := func(port uint16) Config { return Config{Enabled: true, Port: port, HomePath: "flash:/phones"} }
	www := func(port uint16) httpd.Config { return httpd.Config{Server: true, Port: port} }
	off := func(port uint16) httpd.Config { return httpd.Config{Port: port} }
	others := []listen.Endpoint{
		{Proto: listen.TCP, Port: 22, Owner: "SSH server"},
		{Proto: listen.TCP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 9100, Owner: "metrics"},
		{Proto: listen.UDP, Port: 5678, Owner: "TFTP server"},
		{Proto: listen.TCP, Port: 6970, Owner: Owner}, {Proto: listen.TCP, Port: 80, Owner: httpd.Owner},
	}
	for _, c := range []struct {
		what  string
		h     Config
		http  httpd.Config
		lines []string // nil: accepted
		note  string   // part of a warning
	}{
		{"the useful form", on(6970), www(80), nil, ""},
		{"N equals ip http port", on(6970), www(6970), []string{inUse, "%HFS: TCP port 6970 is held by IP HTTP server"}, ""},
		{"also before ip http server", on(6970), off(6970), []string{inUse, "%HFS: TCP port 6970 is held by IP HTTP server"}, ""},
		{"port of another endpoint", on(9100), www(80), []string{inUse, "%HFS: TCP port 9100 is held by metrics"}, ""},
		{"of SSH, by the HTTP server", on(6970), www(22), []string{inUse, "%HTTP: TCP port 22 is held by SSH server"}, ""},
		{"the same while the server is off", on(6970), off(22), nil, "ip http server is off"},
		{"a UDP port is another thing", on(5678), www(80), nil, "phones ask for files on port 6970 only"},
		{"Peer Firmware Sharing", on(4051), www(80), []string{inUse, "%HFS: TCP port 4051 is held by Peer Firmware Sharing"}, ""},
		{"Peer Firmware Sharing, HTTP", Config{}, www(4051), []string{inUse, "%HTTP: TCP port 4051 is held by Peer Firmware Sharing"}, ""},
		{"the SCCP port is only a value in a file", on(2000), www(80), nil, "phones ask"},
		{"shared", on(0), www(80), nil, "HFS is on port 80"},
		{"shared on the port of phones", on(0), www(6970), nil, ""},
		{"shared follows", on(0), www(1234), nil, "HFS is on port 1234"},
		{"ip http port 6970 while HFS is off", Config{}, www(6970), nil, "keeps HFS from having port 6970"},
		{"HFS before ip http server", on(6970), off(80), nil, "hfs is enabled, down: ip http server is off"},
		{"root of flash", Config{Enabled: true, Port: 6970}, www(80), nil, "home path is the root"},
		{"nothing", Config{}, off(80), nil, ""},
		{"a port kept while HFS is off", Config{Port: 6970}, www(6970), nil, ""},
	} {
		var lines []string
		if p := PortProblem(c.h, c.http, others); p != nil {
			lines = p.Lines()
			if p.Error() != inUse {
				t.Errorf("%s: %v", c.what, p)
			}
		}
		if d := cmp.Diff(c.lines, lines); d != "" {
			t.Errorf("%s: %s", c.what, d)
		}
		notes := ""
		for _, n := range PortNotes(c.h, c.http) {
			notes += n.Text + "\n"
			if len(n.Code) != 3 {
				t.Errorf("%s: %+v has no code", c.what, n)
			}
		}
		if c.lines == nil && (c.note == "" && notes != "" && c.what != "a port kept while HFS is off" || !strings.Contains(notes, c.note)) {
			t.Errorf("%s: notes %q", c.what, notes)
		}
	}
}

// TestForeignProcess: the port is held by another process while someone is
// typing: the documented text, and who it is.
func TestForeignProcess(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, _, _ := box(t)
	h := httpd.New(map[string]httpd.Module{NameModule: s.Module()}, nil)
	e := listen.Endpoint{Proto: listen.TCP, Port: l.Addr().(*net.TCPAddr).AddrPort().Port(), Owner: Owner}
	_, err = h.Prepare(t.Context(), nil, httpd.Spec{Listeners: []httpd.Listener{{Endpoint: e, Modules: []string{NameModule}}}})
	c := Held(err)
	if c == nil {
		t.Fatal(err)
	}
	if lines := c.Lines(); lines[0] != inUse || len(lines) != 2 || !strings.Contains(lines[1], "(pid ") {
		t.Errorf("%q", lines)
	}
	if Held(net.ErrClosed) != nil {
		t.Error("another error is no clash")
	}
}

func TestService(t *testing.T) {
	s, _, _ := box(t)
	step := func(old, new service.Spec, abort bool) {
		t.Helper()
		c, err := s.Prepare(t.Context(), old, new)
		if err != nil {
			t.Fatal(err)
		}
		if abort {
			c.Abort()
			return
		}
		c.Commit()
	}
	a, b := Spec{Config: Config{Enabled: true, Port: 6970}, HTTPPort: 80}, Spec{Config: Config{Enabled: true}, HTTPPort: 80}
	if st := s.Status(); st.State != service.Disabled || s.Session() != 0 {
		t.Error(st)
	}
	step(nil, a, true)
	if s.Session() != 0 {
		t.Error("an aborted step took effect")
	}
	step(nil, a, false)
	if st := s.Status(); st.State != service.Running || s.Session() != 1 {
		t.Error(st, s.Session())
	}
	c := a
	c.HomePath = "flash:/x"
	step(a, c, false)
	if s.Session() != 1 {
		t.Error("a new home path is no new session")
	}
	step(c, b, false)
	if s.Session() != 2 {
		t.Error("a new port is a new session")
	}
	step(b, nil, false)
	if st := s.Status(); st.State != service.Disabled {
		t.Error(st)
	}
	if _, err := s.Prepare(t.Context(), nil, 5); err == nil {
		t.Error("a number is no specification")
	}
}

func TestRender(t *testing.T) {
	now := time.Date(2024, 3, 28, 8, 44, 31, 0, time.UTC)
	v := View{Config: Config{Enabled: true, Port: 6970, HomePath: "flash:/phones"}, HTTP: httpd.Config{Server: true, Port: 80},
		HomePath: "flash:/phones", Session: 19, Fetches: 2, Serving: 3, Limit: 200, Now: now,
		Bindings: []Binding{{"SIPDefault.cnf", "system:/cme/sipphone/SIPDefault.cnf"}, {"syncinfo.xml", "system:/cme/sipphone/syncinfo.xml"}},
		Listener: &httpd.ListenerStatus{State: listen.State{Up: true, Bound: netip.MustParseAddrPort("0.0.0.0:6970")}}}
	want := `Fetch Service Enabled = Y
App enabled port = 6970
Use default port = N
Registered session-id = 19
Default home path = flash:/phones
Ongoing fetches from home = 2
HTTP File Server Bindings
No. of bindings = 2
No. of url table entries = 2
No. of alias table entries = 2
SIPDefault.cnf url system:/cme/sipphone/SIPDefault.cnf
syncinfo.xml url system:/cme/sipphone/syncinfo.xml

                   Configured               Working
HFS                port 6970                up on 0.0.0.0:6970
IP HTTP server     port 80
Serving count      200                      3 being served`
	if d := cmp.Diff(want, strings.TrimSuffix(Render(v).String(), "\n")); d != "" {
		t.Error(d)
	}
	for _, c := range []struct {
		change func(*View)
		want   string
	}{
		{func(v *View) { v.Config.Enabled = false }, "down: not enabled"},
		{func(v *View) { v.Listener, v.HTTP.Server = nil, false }, "down: ip http server is off"},
		{func(v *View) { v.Listener = nil; v.Status.Why = "address already in use" }, "down: address already in use"},
		{func(v *View) {
			v.Listener = &httpd.ListenerStatus{State: listen.State{Why: "address already in use, held by nginx (pid 812)", NextRetry: now.Add(time.Second)}}
		}, "down: address already in use, held by nginx (pid 812), next try in 2 s"},
	} {
		w := v
		c.change(&w)
		if got := w.Working(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	s, _, _ := box(t)
	got := s.View(Config{Enabled: true}, httpd.Config{Server: true, Port: 80}, []httpd.ListenerStatus{{Modules: []string{httpd.NameHome, NameModule}, State: listen.State{Up: true}}})
	if got.Listener == nil || got.HomePath != "flash:/" {
		t.Errorf("%+v", got)
	}
	if lines := strings.Split(Render(got).String(), "\n"); lines[1] != "App enabled port = 80" || lines[2] != "Use default port = Y" {
		t.Error(lines)
	}
}

// TestStatusIsThatOfThePort: HFS is told to run at a boot at which a foreign
// process has its port. It is failed until the port is free, then it runs.
func TestStatusIsThatOfThePort(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, _, _ := box(t)
	h := httpd.New(map[string]httpd.Module{NameModule: s.Module(), "HOME_PAGE": httpd.HomePage()}, nil)
	s.AnsweredBy(h)
	if st := s.Status(); st.State != service.Disabled {
		t.Errorf("before anything: %+v", st)
	}
	local := netip.MustParseAddr("127.0.0.1")
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	own, err := s.Prepare(t.Context(), nil, Spec{Config: Config{Enabled: true, Port: port}, HTTPPort: 80})
	if err != nil {
		t.Fatal(err)
	}
	own.Commit()
	if st := s.Status(); st.State != service.Starting {
		t.Errorf("no listener: %+v", st)
	}
	c, err := h.PrepareDegraded(t.Context(), nil, httpd.Spec{Listeners: []httpd.Listener{
		{Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: local, Owner: httpd.Owner}, Modules: []string{"HOME_PAGE"}},
		{Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: local, Port: port, Owner: Owner}, Modules: []string{NameModule}}}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	defer h.Close(t.Context())
	if st := s.Status(); st.State != service.Failed || !strings.Contains(st.Why, "address already in use, held by ") || st.NextRetry.IsZero() {
		t.Errorf("held by another: %+v", st)
	}
	if st := h.Status(); st.State != service.Degraded {
		t.Errorf("the HTTP server: %+v", st)
	}
	_ = l.Close()
	for end := time.Now().Add(10 * time.Second); s.Status().State != service.Running; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", s.Status())
		}
	}
	if st := s.Status(); st.Why != "" || !st.NextRetry.IsZero() {
		t.Errorf("%+v", st)
	}
}
