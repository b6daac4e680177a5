package sshd

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"

	"option150/platform/acl"
	"option150/platform/listen"
)

// free is a port nobody listens on.
func free(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return addrPort(l.Addr()).Port()
}

// TestHeldPort: a port that another SSH server holds keeps nobody out whose line
// has another port; without one it is an error that says what helps.
func TestHeldPort(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	b := start(t, Spec{}, nil)
	held, more := addrPort(other.Addr()).Port(), free(t)
	spec := Spec{Enabled: true, Lines: []Line{{Number: 0, Rotary: 2}}, Endpoint: listen.Endpoint{Addr: loopback, Port: held}}
	_, err = b.Prepare(t.Context(), nil, spec)
	var le *listen.Error
	if !errors.As(err, &le) || !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(le.Cure, "`line vty 0`") {
		t.Fatalf("%v", err)
	}
	spec.Ports = []Port{{Number: more, First: 1, Last: 3}}
	b.apply(t, spec)
	if at := b.Status().Listeners; len(at) != 1 || at[0].Port != more {
		t.Fatalf("%+v", b.Status())
	}
	c, err := ssh.Dial("tcp", netip.AddrPortFrom(loopback, more).String(), &ssh.ClientConfig{User: "admin", Auth: []ssh.AuthMethod{ssh.Password("lab")},
		HostKeyCallback: ssh.InsecureIgnoreHostKey()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if x, err := c.NewSession(); err != nil {
		t.Fatal(err)
	} else if out, err := x.Output("hello"); !strings.Contains(string(out), "ran hello") {
		t.Fatalf("%q %v", out, err)
	}
}

// TestRotary: a port leads to the lines of its groups, with their access lists.
func TestRotary(t *testing.T) {
	none := acl.Gate{V4: &acl.List{}}
	s := &Spec{Lines: []Line{{Number: 0}, {Number: 1, Rotary: 4, Access: none}, {Number: 2, Rotary: 5}, {Number: 3, Rotary: 6}},
		Ports: []Port{{Number: 2222, First: 4, Last: 5}, {Number: 2223, First: 9, Last: 9}}}
	for port, want := range map[uint16]int{22: 4, 2222: 2, 2223: 0} {
		if got := s.lines(port); len(got) != want {
			t.Errorf("port %d: %v", port, got)
		}
	}
}

// TestGreeting: who holds the port says so himself where the machine does not
// tell; what is no server of SSH is nobody.
func TestGreeting(t *testing.T) {
	for says, want := range map[string]string{
		"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n": "an SSH server that calls itself OpenSSH_9.2p1",
		"SSH-2.0-a\x1b[31mb\r\n":             "an SSH server that calls itself a\\x1b.31mb",
		"220 mail ready\r\n":                 "", "SSH-2.0-\r\n": "", "": "", strings.Repeat("S", 4096): "",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if c, err := l.Accept(); err == nil {
				_, _ = c.Write([]byte(says))
				c.Close()
			}
		}()
		if got := greeting(listen.Endpoint{Proto: listen.TCP, Addr: loopback, Port: addrPort(l.Addr()).Port()}); got != want {
			t.Errorf("%.20q: %q, want %q", says, got, want)
		}
		l.Close()
	}
}

// TestFamilies: a line asks the list of the family a connection comes by. Where
// only one of IPv4 stands nobody of IPv6 is greeted.
func TestFamilies(t *testing.T) {
	at := func(from string) acl.Flow {
		return acl.Flow{Proto: "tcp", From: netip.AddrPortFrom(netip.MustParseAddr(from), 5000), To: netip.MustParseAddrPort("[2001:db8::1]:22")}
	}
	four := &acl.List{Name: "10", Entries: []acl.Entry{acl.Rule(true, netip.MustParseAddr("10.0.0.1"), netip.Addr{}, false), acl.Rule(false, netip.Addr{}, netip.Addr{}, true)}}
	six := &acl.List6{Name: "OUR", Entries: []acl.Entry6{{Permit: true, Proto: "tcp", From: acl.End{Prefix: netip.MustParsePrefix("2001:db8::/64")}}, {Proto: "ipv6", Log: true}}}
	for name, c := range map[string]struct {
		access acl.Gate
		from   string
		why    string
		list   string
	}{
		"IPv4":                      {acl.Gate{V4: four}, "10.0.0.1", "", ""},
		"IPv6 past a list of IPv4":  {acl.Gate{V4: four}, "2001:db8::5", "access-class", ""},
		"link-local past it":        {acl.Gate{V4: four}, "fe80::5%eth0", "access-class", ""},
		"IPv6 by its list":          {acl.Gate{V4: four, V6: six}, "2001:db8::5", "", ""},
		"IPv6 that is denied":       {acl.Gate{V4: four, V6: six}, "2001:db8:1::5", "access-class", "OUR"},
		"IPv4 beside a list of six": {acl.Gate{V6: six}, "192.0.2.1", "", ""},
		"no list":                   {acl.Gate{}, "2001:db8:1::5", "", ""},
	} {
		s := New(Options{HostKeys: &HostKeys{}})
		s.spec.Store(&Spec{Lines: []Line{{Number: 0, Access: c.access}}})
		why, list := s.closedTo(at(c.from))
		if why == "no host keys" {
			why = ""
		}
		if why != c.why || list != c.list {
			t.Errorf("%s: %q by %q", name, why, list)
		}
		if _, ok := s.takeLine(at(c.from)); ok != (c.why == "") {
			t.Errorf("%s: a line %v", name, ok)
		}
	}
}
