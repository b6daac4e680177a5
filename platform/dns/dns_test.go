package dns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	codec "github.com/miekg/dns"

	"option150/platform/acl"
	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/testkit"
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// start serves on loopback at a port that both kinds have.
func start(t *testing.T, o Options, spec Spec) (*Server, netip.AddrPort) {
	t.Helper()
	s := New(o)
	t.Cleanup(s.Close)
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		at := l.Addr().(*net.TCPAddr).AddrPort()
		l.Close()
		spec.Endpoints = nil
		for _, p := range []listen.Proto{listen.UDP, listen.TCP} {
			spec.Endpoints = append(spec.Endpoints, listen.Endpoint{Proto: p, Addr: at.Addr(), Port: at.Port(), Owner: Owner})
		}
		c, err := s.Prepare(t.Context(), nil, spec)
		if err != nil {
			continue
		}
		c.Commit()
		return s, at
	}
	t.Fatal("no port")
	return nil, netip.AddrPort{}
}

// upstream is another name server on 127.0.0.2 and the like, at the port.
func upstream(t *testing.T, addr string, port int, handle codec.HandlerFunc) {
	t.Helper()
	for _, n := range []string{"udp", "tcp"} {
		s := &codec.Server{Addr: fmt.Sprintf("%s:%d", addr, port), Net: n, Handler: handle}
		up := make(chan struct{})
		s.NotifyStartedFunc = func() { close(up) }
		go func() { _ = s.ListenAndServe() }()
		select {
		case <-up:
		case <-time.After(5 * time.Second):
			t.Fatalf("%s %s does not start", addr, n)
		}
		t.Cleanup(func() { _ = s.Shutdown() })
	}
}

func free(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func ask(t *testing.T, at netip.AddrPort, transport, name string, typ uint16) *codec.Msg {
	t.Helper()
	m := new(codec.Msg)
	m.SetQuestion(codec.Fqdn(name), typ)
	c := codec.Client{Net: transport, Timeout: 5 * time.Second}
	r, _, err := c.Exchange(m, at.String())
	if err != nil {
		t.Fatalf("%s %s: %v", transport, name, err)
	}
	return r
}

func addrs(m *codec.Msg) string {
	var out []string
	for _, rr := range m.Answer {
		if a, ok := rr.(*codec.A); ok {
			out = append(out, a.A.String())
		}
	}
	return strings.Join(out, " ")
}

var hosts = []Host{{Name: "CiscoCM1", Addrs: []netip.Addr{ip("10.150.0.1"), ip("10.150.0.2")}}, {Name: "pbx.branch.example", Addrs: []netip.Addr{ip("10.150.0.5")}}}

// The hosts are answered over both transports, by their bare name and in the
// domains; what they have no record of is answered with none.
func TestHosts(t *testing.T) {
	_, at := start(t, Options{}, Spec{Hosts: hosts, Domains: []string{"branch.example"}})
	for _, n := range []string{"udp", "tcp"} {
		for name, want := range map[string]string{
			"CiscoCM1": "10.150.0.1 10.150.0.2", "ciscocm1.Branch.Example": "10.150.0.1 10.150.0.2", "PBX.branch.example": "10.150.0.5",
		} {
			r := ask(t, at, n, name, codec.TypeA)
			if addrs(r) != want || !r.Authoritative || r.Question[0].Name != codec.Fqdn(name) || r.Answer[0].Header().Name != codec.Fqdn(name) {
				t.Errorf("%s %s: %v", n, name, r)
			}
		}
		if r := ask(t, at, n, "CiscoCM1", codec.TypeAAAA); r.Rcode != codec.RcodeSuccess || len(r.Answer) != 0 {
			t.Errorf("AAAA: %v", r)
		}
		if r := ask(t, at, n, "1.0.150.10.in-addr.arpa", codec.TypePTR); len(r.Answer) != 1 || r.Answer[0].(*codec.PTR).Ptr != "CiscoCM1." {
			t.Errorf("PTR: %v", r)
		}
		for _, name := range []string{"other", "pbx", "www.example.org"} {
			if r := ask(t, at, n, name, codec.TypeA); r.Rcode != codec.RcodeRefused { // no server: the client asks its next one
				t.Errorf("%s: %v", name, r)
			}
		}
	}
}

// What is not of the hosts is asked of the servers in their order, over the
// transport it came by, and comes back as they said it.
func TestForward(t *testing.T) {
	port := free(t)
	var mu sync.Mutex
	seen := map[string]int{}
	upstream(t, "127.0.0.2", port, func(w codec.ResponseWriter, r *codec.Msg) {
		mu.Lock()
		seen[w.LocalAddr().Network()+" "+r.Question[0].Name]++
		mu.Unlock()
		m := new(codec.Msg)
		m.SetReply(r)
		switch r.Question[0].Name {
		case "silent.example.":
			return
		case "broken.example.":
			m.Rcode = codec.RcodeServerFailure
		case "forged.example.":
			m.Question[0].Name = "other.example."
			m.Answer = append(m.Answer, &codec.A{Hdr: codec.RR_Header{Name: "other.example.", Rrtype: codec.TypeA, Class: codec.ClassINET}, A: net.IPv4(6, 6, 6, 6)})
		case "none.example.":
			m.Rcode = codec.RcodeNameError
		case "large.example.":
			for i := range 100 {
				m.Answer = append(m.Answer, &codec.A{Hdr: codec.RR_Header{Name: r.Question[0].Name, Rrtype: codec.TypeA, Class: codec.ClassINET, Ttl: 60}, A: net.IPv4(10, 9, 0, byte(i))})
			}
			if w.LocalAddr().Network() == "udp" {
				m.Truncate(512)
			}
		default:
			m.Answer = append(m.Answer, &codec.A{Hdr: codec.RR_Header{Name: r.Question[0].Name, Rrtype: codec.TypeA, Class: codec.ClassINET, Ttl: 60}, A: net.IPv4(10, 9, 9, 1)})
		}
		_ = w.WriteMsg(m)
	})
	upstream(t, "127.0.0.3", port, func(w codec.ResponseWriter, r *codec.Msg) {
		m := new(codec.Msg)
		m.SetReply(r)
		m.Answer = append(m.Answer, &codec.A{Hdr: codec.RR_Header{Name: r.Question[0].Name, Rrtype: codec.TypeA, Class: codec.ClassINET, Ttl: 60}, A: net.IPv4(10, 9, 9, 3)})
		_ = w.WriteMsg(m)
	})
	s, at := start(t, Options{Port: fmt.Sprint(port)}, Spec{Hosts: hosts, Servers: []netip.Addr{ip("127.0.0.2"), ip("127.0.0.3")}})
	for _, n := range []string{"udp", "tcp"} {
		for name, want := range map[string]string{"www.example.": "10.9.9.1", "broken.example.": "10.9.9.3", "silent.example.": "10.9.9.3", "forged.example.": "10.9.9.3", "none.example.": ""} {
			if r := ask(t, at, n, name, codec.TypeA); addrs(r) != want || (name == "none.example.") != (r.Rcode == codec.RcodeNameError) {
				t.Errorf("%s %s: %v", n, name, r)
			}
		}
		r := ask(t, at, n, "large.example.", codec.TypeA)
		if r.Truncated != (n == "udp") || n == "tcp" && len(r.Answer) != 100 {
			t.Errorf("%s: truncated %v, %d answers", n, r.Truncated, len(r.Answer))
		}
		if addrs(ask(t, at, n, "CiscoCM1", codec.TypeA)) == "" {
			t.Error("the hosts are not asked of others")
		}
	}
	mu.Lock()
	for name := range seen {
		if strings.HasSuffix(strings.ToLower(name), " ciscocm1.") {
			t.Error(name)
		}
	}
	mu.Unlock()
	change(t, s, Spec{Servers: []netip.Addr{ip("127.0.0.9")}}, at)
	if r := ask(t, at, "udp", "www.example", codec.TypeA); r.Rcode != codec.RcodeServerFailure {
		t.Errorf("no server answers: %v", r)
	}
	if st := s.Statistics(); st.Unanswered != 1 || st.Asked == 0 {
		t.Errorf("%+v", st)
	}
}

func change(t *testing.T, s *Server, spec Spec, at netip.AddrPort) {
	t.Helper()
	for _, p := range []listen.Proto{listen.UDP, listen.TCP} {
		spec.Endpoints = append(spec.Endpoints, listen.Endpoint{Proto: p, Addr: at.Addr(), Port: at.Port(), Owner: Owner})
	}
	c, err := s.Prepare(t.Context(), nil, spec)
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
}

// Who is not of the networks, or not permitted by the list, gets nothing; so
// does who asks too often. [no open resolver]
func TestWhoIsAnswered(t *testing.T) {
	d := &data{networks: []netip.Prefix{netip.MustParsePrefix("10.150.0.0/24")}}
	for a, want := range map[string]bool{"10.150.0.77": true, "10.151.0.1": false, "192.0.2.1": false, "127.0.0.1": true} {
		if d.answers(ip(a)) != want {
			t.Errorf("%s: %v", a, !want)
		}
	}
	deny := []acl.List{{Name: "1", Entries: []acl.Entry{acl.Rule(true, ip("10.0.0.0"), ip("0.255.255.255"), false)}}}
	s, at := start(t, Options{}, Spec{Hosts: hosts, List: deny})
	m := new(codec.Msg)
	m.SetQuestion("CiscoCM1.", codec.TypeA)
	for _, n := range []string{"udp", "tcp"} {
		c := codec.Client{Net: n, Timeout: 200 * time.Millisecond}
		if r, _, err := c.Exchange(m, at.String()); err == nil {
			t.Errorf("%s: answered %v", n, r)
		}
	}
	if st := s.Statistics(); st.Refused < 2 {
		t.Errorf("%+v", st)
	}
	var l limiter
	now := time.Now()
	n := 0
	for range 1000 {
		if l.allow(ip("10.0.0.1"), now) {
			n++
		}
	}
	if n != 2*perSource || !l.allow(ip("10.0.0.2"), now) || !l.allow(ip("10.0.0.1"), now.Add(time.Second)) {
		t.Errorf("%d allowed", n)
	}
	for i := range 2 * maxSources {
		l.allow(netip.AddrFrom4([4]byte{11, 0, byte(i >> 8), byte(i)}), now)
	}
	if len(l.seen) > maxSources {
		t.Errorf("%d remembered", len(l.seen))
	}
}

// What makes no sense is refused or dropped; the server lives.
func TestBadRequests(t *testing.T) {
	s, at := start(t, Options{}, Spec{Hosts: hosts})
	ok := func(why string, m *codec.Msg, rcode int) {
		t.Helper()
		c := codec.Client{Timeout: 3 * time.Second}
		r, _, err := c.Exchange(m, at.String())
		if err != nil || r.Rcode != rcode {
			t.Errorf("%s: %v %v", why, err, r)
		}
	}
	q := func(name string, typ, class uint16, f func(*codec.Msg)) *codec.Msg {
		m := new(codec.Msg)
		m.SetQuestion(name, typ)
		m.Question[0].Qclass = class
		f(m)
		return m
	}
	none := func(*codec.Msg) {}
	ok("chaos", q("version.bind.", codec.TypeTXT, codec.ClassCHAOS, none), codec.RcodeRefused)
	ok("update", q("x.", codec.TypeA, codec.ClassINET, func(m *codec.Msg) { m.Opcode = codec.OpcodeUpdate }), codec.RcodeNotImplemented)
	ok("no recursion", q("x.", codec.TypeA, codec.ClassINET, func(m *codec.Msg) { m.RecursionDesired = false }), codec.RcodeRefused)
	ok("transfer", q("x.", codec.TypeAXFR, codec.ClassINET, none), codec.RcodeRefused)
	ok("any", q("x.", codec.TypeANY, codec.ClassINET, none), codec.RcodeSuccess)
	ok("version", q("CiscoCM1.", codec.TypeA, codec.ClassINET, func(m *codec.Msg) { m.SetEdns0(1232, false); m.IsEdns0().SetVersion(1) }), codec.RcodeBadVers)
	c, err := net.Dial("udp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answer := q("CiscoCM1.", codec.TypeA, codec.ClassINET, func(m *codec.Msg) { m.Response = true })
	packed, _ := answer.Pack()
	for _, b := range [][]byte{{}, {1}, make([]byte, 12), packed, packed[:20], []byte(strings.Repeat("\xc0", 500))} {
		_, _ = c.Write(b)
	}
	tcp, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = tcp.Write([]byte{0xff, 0xff, 1, 2, 3})
	tcp.Close()
	if got := addrs(ask(t, at, "udp", "CiscoCM1", codec.TypeA)); got == "" {
		t.Error("dead")
	}
	if st := s.Status(); st.State != service.Running {
		t.Errorf("%+v", st)
	}
}

// One station has a few connections at most, and an idle one is no reason for
// another to wait.
func TestConnections(t *testing.T) {
	_, at := start(t, Options{}, Spec{Hosts: hosts})
	for range 3 * perHost {
		c, err := net.Dial("tcp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if addrs(ask(t, at, "udp", "CiscoCM1", codec.TypeA)) == "" {
		t.Error("no answer")
	}
}

// The programs of BIND are the judges.
func TestForeignResolvers(t *testing.T) {
	dig := testkit.NeedProgram(t, "dig", "bind9-dnsutils")
	_, at := start(t, Options{}, Spec{Hosts: hosts, Domains: []string{"branch.example"}})
	for _, args := range [][]string{{"CiscoCM1"}, {"+tcp", "CiscoCM1.branch.example"}, {"+noedns", "ciscocm1"}, {"+bufsize=4096", "+dnssec", "CiscoCM1"}} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		out, err := exec.CommandContext(ctx, dig, append([]string{"@127.0.0.1", "-p", fmt.Sprint(at.Port()), "+short", "+tries=1"}, args...)...).CombinedOutput()
		cancel()
		if err != nil || string(out) != "10.150.0.1\n10.150.0.2\n" {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
}

// The box looks names up by the same: hosts first, then the servers.
func TestOwnNames(t *testing.T) {
	port := free(t)
	upstream(t, "127.0.0.2", port, func(w codec.ResponseWriter, r *codec.Msg) {
		m := new(codec.Msg)
		m.SetReply(r)
		if r.Question[0].Qtype == codec.TypeA && strings.HasPrefix(r.Question[0].Name, "www.example.") {
			m.Answer = append(m.Answer, &codec.A{Hdr: codec.RR_Header{Name: r.Question[0].Name, Rrtype: codec.TypeA, Class: codec.ClassINET, Ttl: 60}, A: net.IPv4(10, 9, 9, 1)})
		} else if !strings.HasPrefix(r.Question[0].Name, "www.example.") {
			m.Rcode = codec.RcodeNameError
		}
		_ = w.WriteMsg(m)
	})
	s := New(Options{Port: fmt.Sprint(port)})
	t.Cleanup(s.Close)
	s.Resolve()
	t.Cleanup(func() { inUse.Store(nil) })
	c, err := s.Prepare(t.Context(), nil, Spec{Hosts: hosts, Servers: []netip.Addr{ip("127.0.0.2")}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	for name, want := range map[string]string{"CiscoCM1": "[10.150.0.1 10.150.0.2]", "pbx.branch.example": "[10.150.0.5]", "www.example": "[10.9.9.1]"} {
		got, err := net.DefaultResolver.LookupHost(t.Context(), name)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	if got, err := net.DefaultResolver.LookupHost(t.Context(), "no.such.example"); err == nil {
		t.Errorf("%v", got)
	}
}

func FuzzAccept(f *testing.F) {
	m := new(codec.Msg)
	m.SetQuestion("CiscoCM1.", codec.TypeA)
	b, _ := m.Pack()
	f.Add(b)
	m.SetEdns0(4096, true)
	b, _ = m.Pack()
	f.Add(b)
	s := New(Options{})
	s.data.Store(&data{zone: newZone(hosts, []string{"branch.example"})})
	f.Fuzz(func(t *testing.T, b []byte) {
		s.limit = limiter{}
		r, d := s.accept(b, ip("127.0.0.1"))
		if r == nil {
			return
		}
		if m := d.zone.immediate(r); m != nil {
			m.Truncate(udpSize(r))
			out, err := m.Pack()
			if err == nil && (len(out) > maxUDP || out[0] != b[0] || out[1] != b[1] || out[2]&0x80 == 0) {
				t.Fatalf("%d bytes %x of %x", len(out), out, b)
			}
		}
	})
}
