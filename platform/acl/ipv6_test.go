package acl

import (
	"net/netip"
	"strings"
	"testing"
)

func end(prefix string, more ...any) (e End) {
	if prefix != "" {
		e.Prefix = netip.MustParsePrefix(prefix)
	}
	if len(more) > 0 {
		e.Op, e.Low = more[0].(string), uint16(more[1].(int))
	}
	if len(more) > 2 {
		e.High = uint16(more[2].(int))
	}
	return e
}

func rule6(permit bool, proto string, from, to End) Entry6 {
	return Entry6{Permit: permit, Proto: proto, From: from, To: to}
}

// TestPermits6: the first rule that fits decides; what cannot be judged decides
// against who comes.
func TestPermits6(t *testing.T) {
	some, host := end("2001:db8:1::/48"), end("2001:db8:1::66/128")
	ssh := Flow{Proto: "tcp", From: netip.MustParseAddrPort("[2001:db8:1::5]:5000"), To: netip.MustParseAddrPort("[2001:db8:1::1]:22")}
	with := func(from string) Flow {
		f := ssh
		f.From = netip.AddrPortFrom(netip.MustParseAddr(from), 5000)
		return f
	}
	unknown := Of(ssh.From.Addr())
	est := rule6(true, "tcp", some, End{})
	est.More = "established"
	no := est
	no.Permit = false
	for name, c := range map[string]struct {
		rules []Entry6
		f     Flow
		want  bool
	}{
		"no rule":                             {nil, ssh, true},
		"a remark alone":                      {[]Entry6{{Remark: "x"}}, ssh, true},
		"its network":                         {[]Entry6{rule6(true, "ipv6", some, End{})}, ssh, true},
		"another network":                     {[]Entry6{rule6(true, "ipv6", some, End{})}, with("2001:db8:2::5"), false},
		"a host before":                       {[]Entry6{rule6(false, "ipv6", host, End{}), rule6(true, "ipv6", some, End{})}, with("2001:db8:1::66"), false},
		"link-local, with its interface":      {[]Entry6{rule6(true, "ipv6", end("fe80::/10"), End{})}, with("fe80::1%eth0"), true},
		"the protocol":                        {[]Entry6{rule6(true, "tcp", some, End{})}, ssh, true},
		"another protocol":                    {[]Entry6{rule6(true, "udp", some, End{})}, ssh, false},
		"icmp":                                {[]Entry6{rule6(true, "icmp", End{}, End{})}, ssh, false},
		"a protocol that is not known":        {[]Entry6{rule6(true, "tcp", some, End{})}, unknown, false},
		"a protocol that is not known denied": {[]Entry6{rule6(false, "tcp", some, End{}), rule6(true, "ipv6", End{}, End{})}, unknown, false},
		"the port":                            {[]Entry6{rule6(true, "tcp", some, end("", "eq", 22))}, ssh, true},
		"another port":                        {[]Entry6{rule6(true, "tcp", some, end("", "eq", 23))}, ssh, false},
		"not that port":                       {[]Entry6{rule6(true, "tcp", some, end("", "neq", 23))}, ssh, true},
		"a range":                             {[]Entry6{rule6(true, "tcp", some, end("", "range", 20, 30))}, ssh, true},
		"above":                               {[]Entry6{rule6(true, "tcp", some, end("", "gt", 22))}, ssh, false},
		"below":                               {[]Entry6{rule6(true, "tcp", some, end("", "lt", 23))}, ssh, true},
		"the port it comes from":              {[]Entry6{rule6(true, "tcp", end("", "eq", 5000), End{})}, ssh, true},
		"a port that is not known":            {[]Entry6{rule6(true, "ipv6", some, end("", "eq", 22))}, unknown, false},
		"the address asked":                   {[]Entry6{rule6(true, "ipv6", some, end("2001:db8:1::1/128"))}, ssh, true},
		"another address asked":               {[]Entry6{rule6(true, "ipv6", some, end("2001:db8:1::2/128"))}, ssh, false},
		"an address asked that is not known":  {[]Entry6{rule6(true, "ipv6", some, end("2001:db8:1::1/128"))}, unknown, false},
		"permitted on a condition":            {[]Entry6{est}, ssh, false},
		"denied on a condition":               {[]Entry6{no, rule6(true, "ipv6", End{}, End{})}, ssh, false},
		"everybody":                           {[]Entry6{rule6(true, "ipv6", End{}, End{})}, ssh, true},
		"a host of IPv4":                      {[]Entry6{rule6(true, "ipv6", End{}, End{})}, with("::ffff:10.0.0.1"), false},
	} {
		l := &List6{Entries: c.rules}
		if got := l.Permits(c.f); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestGate: each family has its list. One of IPv4 alone keeps IPv6 out, one of
// IPv6 alone is not asked about IPv4.
func TestGate(t *testing.T) {
	four, six := Of(ip("10.0.0.1")), Of(ip("2001:db8::1"))
	v4 := &List{Name: "10", Entries: []Entry{rule(true, "10.0.0.1", "")}}
	v6 := &List6{Name: "OUR", Entries: []Entry6{rule6(true, "ipv6", end("2001:db8::/32"), End{})}}
	shut := &List6{Name: "SHUT", Entries: []Entry6{{Proto: "ipv6", Log: true}}}
	for name, c := range map[string]struct {
		g          Gate
		four, six  bool
		by4, by6   string
		log4, log6 bool
	}{
		"open":      {Gate{}, true, true, "", "", false, false},
		"IPv4":      {Gate{V4: v4}, true, false, "10", "10", false, false},
		"any IPv4":  {Gate{V4: &List{Name: "11", Entries: []Entry{rule(true, "", "")}}}, true, false, "11", "11", false, false},
		"IPv6":      {Gate{V6: v6}, true, true, "", "OUR", false, false},
		"both":      {Gate{V4: v4, V6: shut}, true, false, "10", "SHUT", false, true},
		"both open": {Gate{V4: v4, V6: v6}, true, true, "10", "OUR", false, false},
	} {
		if a, b := c.g.Permits(four), c.g.Permits(six); a != c.four || b != c.six {
			t.Errorf("%s: IPv4 %v, IPv6 %v", name, a, b)
		}
		if n, log := c.g.Refuser(four); n != c.by4 || log != c.log4 {
			t.Errorf("%s: IPv4 by %q %v", name, n, log)
		}
		if n, log := c.g.Refuser(six); n != c.by6 || log != c.log6 {
			t.Errorf("%s: IPv6 by %q %v", name, n, log)
		}
	}
}

func TestNumbers(t *testing.T) {
	l := &List6{Name: "OUR"}
	a, b, c := rule6(true, "ipv6", end("2001:db8:a::/48"), End{}), rule6(true, "tcp", end("2001:db8:b::1/128"), end("", "eq", 22)), rule6(false, "ipv6", End{}, End{})
	c.Log = true
	l.Add(Entry6{Remark: "ours"})
	l.Add(a)
	l.Add(c)
	l.Add(a) // again: nothing
	b.Seq = 15
	l.Add(b)
	want := "IPv6 access list OUR\n    permit ipv6 2001:DB8:A::/48 any sequence 10\n    permit tcp host 2001:DB8:B::1 any eq 22 sequence 15\n    deny ipv6 any any log sequence 20"
	if got := strings.Join(Show6([]List6{*l}), "\n"); got != want {
		t.Errorf("%s", got)
	}
	b.Seq = 10 // in the place of another, and no longer at 15
	l.Add(b)
	l.Drop(c)
	l.Drop(Entry6{Remark: "ours"})
	if len(l.Entries) != 1 || l.Entries[0] != b {
		t.Errorf("%+v", l.Entries)
	}
	l.Drop(Entry6{Seq: 10})
	for n := range MaxEntries + 1 {
		e := rule6(true, "ipv6", end("", "eq", n), End{})
		if ok := l.Add(e); ok != (n < MaxEntries) {
			t.Fatalf("rule %d: %v", n, ok)
		}
	}
}

func TestPermitsSome(t *testing.T) {
	net := netip.MustParsePrefix("2001:db8:1::/64")
	for name, c := range map[string]struct {
		rules []Entry6
		want  bool
	}{
		"a wider network":      {[]Entry6{rule6(true, "ipv6", end("2001:db8::/32"), End{})}, true},
		"a host of it":         {[]Entry6{rule6(true, "udp", end("2001:db8:1::77/128"), End{})}, true},
		"part of it":           {[]Entry6{rule6(false, "ipv6", end("2001:db8:1::/96"), End{}), rule6(true, "ipv6", end("2001:db8:1:0:8000::/65"), End{})}, true},
		"elsewhere":            {[]Entry6{rule6(true, "ipv6", end("2001:db8:2::/64"), End{})}, false},
		"of another protocol":  {[]Entry6{rule6(true, "icmp", End{}, End{})}, false},
		"denied before":        {[]Entry6{rule6(false, "ipv6", end("2001:db8::/32"), End{}), rule6(true, "ipv6", End{}, End{})}, false},
		"no rule at all":       {nil, true},
		"its first host alone": {[]Entry6{rule6(true, "ipv6", end("2001:db8:1::1/128"), End{})}, true},
	} {
		if got := (&List6{Entries: c.rules}).PermitsSome(net, "udp", "tcp"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
