package metrics

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/service"
	"option150/telephony/inventory"
)

// box is a window on a journal with one phone that got its configuration.
func box(t *testing.T) (*Server, *journal.Journal) {
	t.Helper()
	counts, inv := NewCounts(), inventory.New(inventory.Options{})
	j := journal.New(0, inv, counts)
	s := New(Sources{Version: "1.0", Commit: "abc", Started: time.Now(), Counts: counts, Hostname: func() string { return "Branch" },
		Phones: inv.Phones,
		Page:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page ", r.URL.Path) }),
		Services: func() []Service {
			return []Service{{Name: "hfs", Configured: true, Status: service.Status{State: service.Running, Listeners: []listen.Endpoint{{Proto: listen.TCP, Port: 6970}}}},
				{Name: "dhcp", Configured: true, Status: service.Status{State: service.Failed, Why: "no <right>"}}}
		},
		Pools:    func() []Pool { return []Pool{{Name: "VO\xffICE", Total: 254, Leased: 3, Offered: 1, Excluded: 9}} },
		Messages: func() []Messages { return []Messages{{"received", "discover", 4}} },
		Serving:  func() (int, int) { return 2, 200 },
		Findings: func() []Finding {
			return []Finding{{Severity: "warning", Text: "a digit may be wrong", Section: "ip dhcp pool VOICE"}}
		},
	})
	t.Cleanup(s.Close)
	client := netip.MustParseAddrPort("10.150.0.10:50000")
	j.Record(fileserver.Asked{Transport: fileserver.HTTP, Client: client, Name: "SEP001E7A000001.cnf.xml"})
	j.Record(fileserver.Served{Transport: fileserver.HTTP, Client: client, Name: "SEP001E7A000001.cnf.xml", Size: 600, Bytes: 600, Duration: 3 * time.Millisecond, Status: 200, Complete: true})
	j.Record(fileserver.Served{Transport: fileserver.TFTP, Client: client, Name: "jar41sccp.9-4-2ES26.sbn", Size: 9000, Bytes: 512, Duration: time.Second})
	j.Record(fileserver.NotFound{Transport: fileserver.HTTP, Client: client, Name: "CTLSEP001E7A000001.tlv", Expected: true})
	j.Record(fileserver.Busy{Transport: fileserver.HTTP, Client: client, Name: "SCCP41.9-4-2SR3-1S.loads", Serving: 200, Limit: 200})
	j.Record(fileserver.Denied{Transport: fileserver.HTTP, Client: client, Name: "../startup-config", Why: "name"})
	for i := range maxForeign + 3 {
		counts.ForeignOffer(netip.AddrFrom4([4]byte{10, 9, byte(i / 250), byte(i % 250)}))
	}
	return s, j
}

// open puts the window on a port and gives its address.
func open(t *testing.T, s *Server) string {
	t.Helper()
	c, err := s.Prepare(t.Context(), nil, Spec{Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: netip.MustParseAddr("127.0.0.1"), Owner: "metrics"}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	return "http://" + s.Status().Listeners[0].AddrPort().String()
}

func ask(t *testing.T, method, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(b)
}

func TestScrape(t *testing.T) {
	s, _ := box(t)
	a, text := ask(t, "GET", open(t, s)+"/metrics")
	if a.StatusCode != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%d %s: %s", a.StatusCode, a.Header.Get("Content-Type"), text)
	}
	for _, want := range []string{
		`option150_prov_requests_total{kind="config",proto="http",result="served"} 1`,
		`option150_prov_requests_total{kind="firmware",proto="tftp",result="aborted"} 1`,
		`option150_prov_requests_total{kind="trust",proto="http",result="not_found_expected"} 1`,
		`option150_prov_requests_total{kind="load",proto="http",result="busy"} 1`,
		`option150_prov_requests_total{kind="other",proto="http",result="denied"} 1`,
		`option150_prov_bytes_total{proto="http"} 600`, `option150_prov_bytes_total{proto="tftp"} 512`,
		`option150_prov_transfer_seconds_bucket{kind="config",proto="http",le="0.005"} 1`,
		"option150_prov_inflight 2", "option150_prov_inflight_limit 200", "option150_prov_busy_total 1",
		`option150_dhcp_leases{pool="VO?ICE",state="leased"} 3`, `option150_dhcp_leases{pool="VO?ICE",state="free"} 241`,
		`option150_dhcp_messages_total{direction="received",type="discover"} 4`,
		`option150_dhcp_foreign_offers_total{server="10.9.0.0"} 1`, `option150_dhcp_foreign_offers_total{server="other"} 3`,
		`option150_phones{model="unknown",state="configured"} 1`, `option150_phone_verdict{code=`,
		`option150_service_up{service="hfs"} 1`, `option150_service_up{service="dhcp"} 0`, `option150_service_configured{service="dhcp"} 1`,
		`option150_audit_findings{severity="warning"} 1`, `option150_build_info{commit="abc"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("not there: %s\n%s", want, text)
		}
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v %v", problems, err)
	}
}

// Every answer, that of the page as well, lets a browser have files of this box
// and nothing else.
func TestPolicy(t *testing.T) {
	s, _ := box(t)
	at := open(t, s)
	for path, want := range map[string]string{"/": "page /", "/phones/SEP001E7A000001": "page /phones/", "/metrics": "# HELP", "//": "no such page", "/x/../y": "no such page"} {
		a, text := ask(t, "GET", at+path)
		if !strings.Contains(text, want) {
			t.Errorf("%s: %s", path, text)
		}
		csp := a.Header.Get("Content-Security-Policy")
		for _, rule := range strings.Split(csp, "; ") {
			name, from, _ := strings.Cut(rule, " ")
			if from != "'none'" && from != "'self'" && rule != "require-trusted-types-for 'script'" {
				t.Errorf("%s: %s is open to %s", path, name, from)
			}
		}
		if !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; style-src 'self'") || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("X-Frame-Options") != "DENY" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: no protection: %v", path, a.Header)
		}
	}
}

func TestReadOnly(t *testing.T) {
	s, _ := box(t)
	at := open(t, s)
	for _, m := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		for _, p := range []string{"/", "/metrics", "/api/v1/phones"} {
			if a, _ := ask(t, m, at+p); a.StatusCode != 405 || a.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d", m, p, a.StatusCode)
			}
		}
	}
	if a, text := ask(t, "HEAD", at+"/"); a.StatusCode != 200 || text != "" {
		t.Errorf("HEAD: %d %q", a.StatusCode, text)
	}
}

// A window of a box in which nothing has happened shows nothing and breaks
// nothing.
func TestEmpty(t *testing.T) {
	s := New(Sources{})
	t.Cleanup(s.Close)
	at := open(t, s)
	for p, want := range map[string]int{"/": 404, "/metrics": 200} {
		if a, text := ask(t, "GET", at+p); a.StatusCode != want {
			t.Errorf("%s: %d %s", p, a.StatusCode, text)
		}
	}
}

// Clients that connect and say nothing keep nobody out for longer than the
// bound of connections; when they go, those who wait are served.
func TestConnectionsAreBounded(t *testing.T) {
	s, _ := box(t)
	at := open(t, s)
	addr := strings.TrimPrefix(at, "http://")
	var silent []net.Conn
	for i := range maxConnections {
		from := &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i/maxPerHost))}
		c, err := (&net.Dialer{LocalAddr: from}).Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		silent = append(silent, c)
	}
	done := make(chan int, 1)
	go func() {
		a, err := http.Get(at + "/page.css")
		if err != nil {
			done <- 0
			return
		}
		a.Body.Close()
		done <- a.StatusCode
	}()
	for _, c := range silent {
		c.Close()
	}
	if got := <-done; got != 200 {
		t.Errorf("status %d", got)
	}
}

// One host that opens all it can leaves room for the others.
func TestHostHasAShare(t *testing.T) {
	s, _ := box(t)
	at := open(t, s)
	for range maxConnections {
		c, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	other := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}).DialContext}}
	defer other.CloseIdleConnections()
	a, err := other.Get(at + "/page.css")
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if a.StatusCode != 200 {
		t.Errorf("status %d", a.StatusCode)
	}
}

func TestLife(t *testing.T) {
	s, _ := box(t)
	if s.Name() != "metrics" || s.Status().State != service.Disabled {
		t.Fatalf("%+v", s.Status())
	}
	at := open(t, s)
	foreign, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	held := listen.Endpoint{Proto: listen.TCP, Addr: netip.MustParseAddr("127.0.0.1"), Port: foreign.Addr().(*net.TCPAddr).AddrPort().Port()}
	var taken *listen.Error
	if _, err := s.Prepare(t.Context(), nil, Spec{Endpoint: held}); err == nil || !asError(err, &taken) {
		t.Errorf("the port is taken: %v", err)
	}
	if _, err := s.Prepare(context.Background(), nil, 7); err == nil {
		t.Error("a spec of somebody else is accepted")
	}
	c, err := s.Prepare(t.Context(), nil, Spec{Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: netip.MustParseAddr("127.0.0.1")}})
	if err != nil {
		t.Fatal(err)
	}
	c.Abort()
	if a, _ := ask(t, "GET", at+"/"); a.StatusCode != 200 {
		t.Error("an aborted change broke what works")
	}
	c, _ = s.Prepare(t.Context(), nil, nil)
	c.Commit()
	s.Close()
	if s.Status().State != service.Disabled {
		t.Errorf("%+v", s.Status())
	}
	if _, err := http.Get(at + "/"); err == nil {
		t.Error("closed and still serving")
	}
}

func asError(err error, into **listen.Error) bool {
	e, ok := err.(*listen.Error)
	*into = e
	return ok
}

// What phones put into names reaches labels only through fixed sets.
func TestLabels(t *testing.T) {
	for name, want := range map[string]string{
		"SEP001E7A000001.cnf.xml": kindConfig, "sep001e7a000001.CNF.XML.sgn": kindConfig, "XMLDefault.cnf.xml": kindConfig, "OS79XX.TXT": kindConfig,
		"CTLSEP001E7A000001.tlv": kindTrust, "ITLFile.tlv": kindTrust, "SCCP41.9-4-2SR3-1S.loads": kindLoad, "x/y/apps41.sbn": kindFirmware,
		"rootfs78xx.12-1-1-12.sbn": kindFirmware, "Ringlist.xml": kindOther, "": kindOther, "\x00\xff": kindOther,
	} {
		if got := kindOf(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	for model, want := range map[string]string{"7961": "7961", "": unknown, "79 61": unknown, "\xff": unknown, strings.Repeat("7", 17): unknown} {
		if got := modelLabel(model); got != want {
			t.Errorf("%q: %s", model, got)
		}
	}
}

// A stream of events ends with the window: nobody waits for the tabs.
func TestStreamsEndWithTheWindow(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	s := New(Sources{Page: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(ended)
	})})
	t.Cleanup(s.Close)
	at := open(t, s)
	go func() {
		if a, err := http.Get(at + "/"); err == nil {
			a.Body.Close()
		}
	}()
	<-begun
	s.Close()
	<-ended
}
