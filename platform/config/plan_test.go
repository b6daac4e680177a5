package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"option150/dhcp"
	"option150/hfs"
	"option150/platform/aaa"
	"option150/platform/acl"
	"option150/platform/fileserver"
	"option150/platform/httpd"
	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/tftp"
)

func plan(c *Config, f Facts) map[string]service.Wanted {
	out := map[string]service.Wanted{}
	for _, w := range c.Plan(f) {
		out[w.Service] = w
	}
	return out
}

var user = aaa.User{Name: "admin", Privilege: 15, Secret: aaa.Secret{Type: 9, Value: "$9$x"}}

func TestPlanOfFactory(t *testing.T) {
	f := lan("10.0.0.1/24")
	for name, w := range plan(Default(f), f) {
		want := map[string]bool{Logging: true, CNF: true, FileServer: true}[name]
		if (w.Spec != nil) != want {
			t.Errorf("%s: %+v", name, w)
		}
	}
}

// TestPlanHTTP: HFS has a place on the HTTP server or a listener of its own.
func TestPlanHTTP(t *testing.T) {
	const http, own = ":80 HOME_PAGE", ":6970 HFS"
	for _, c := range []struct {
		name    string
		server  bool
		port    uint16
		enabled bool
		hfsPort uint16
		want    string // listeners
		hfs     string // of the HFS service: port, or what it waits for
	}{
		{"nothing", false, 80, false, 0, "", ""},
		{"http alone", true, 80, false, 0, http, ""},
		{"shared", true, 80, true, 0, http + ",HFS", "80"},
		{"shared on another port", true, 8080, true, 0, ":8080 HOME_PAGE,HFS", "8080"},
		{"dedicated", true, 80, true, 6970, http + " " + own, "6970"},
		{"dedicated, http off", false, 80, true, 6970, "", "ip http server is off"},
		{"shared, http off", false, 80, true, 0, "", "ip http server is off"},
		{"a port kept but not enabled", true, 80, false, 6970, http, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := lan("10.0.0.1/24")
			k := Default(f)
			k.HTTP.Server, k.HTTP.Port, k.HFS.Enabled, k.HFS.Port = c.server, c.port, c.enabled, c.hfsPort
			p := plan(k, f)
			var got []string
			if s, ok := p[HTTPD].Spec.(httpd.Spec); ok {
				for _, l := range s.Listeners {
					got = append(got, fmt.Sprintf(":%d %s", l.Endpoint.Port, strings.Join(l.Modules, ",")))
				}
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("listeners %q, want %q", g, c.want)
			}
			h := p[HFSService].Waiting
			if s, ok := p[HFSService].Spec.(hfs.Spec); ok {
				h += fmt.Sprint(s.EffectivePort())
			}
			if h != c.hfs {
				t.Errorf("hfs %q, want %q", h, c.hfs)
			}
		})
	}
}

func TestPlanBindsWhereItIsTold(t *testing.T) {
	f := lan("10.0.0.1/24")
	f.HTTPAddr = netip.MustParseAddr("127.0.0.1")
	c := Default(f)
	c.HTTP.Server, c.Telephony.Service.Present = true, true
	p := plan(c, f)
	if a := p[HTTPD].Spec.(httpd.Spec).Listeners[0].Endpoint.Addr; a != f.HTTPAddr {
		t.Error(a)
	}
	if a := p[TFTP].Spec.(tftp.Spec).Endpoints[0].Addr; a != f.HTTPAddr {
		t.Error(a)
	}
}

// TestPlanFiles: the file service is given the lists its lines name, and no
// others: a change of the rest is none of its business.
func TestPlanFiles(t *testing.T) {
	f := lan("10.0.0.1/24")
	c := Default(f)
	c.HFS.HomePath = "flash:phones"
	c.Files.Bindings = []fileserver.Binding{{File: "flash:a", ACL: "10"}, {File: "flash:b"}, {File: "flash:c", ACL: "12"}}
	c.AccessLists = []acl.List{{Name: "10"}, {Name: "11"}}
	s := plan(c, f)[FileServer].Spec.(fileserver.Spec)
	if s.HomePath != "flash:phones" || len(s.Lists) != 1 || s.Lists[0].Name != "10" {
		t.Errorf("%+v", s)
	}
	c.AccessLists[1].Entries = []acl.Entry{{Permit: true}}
	if !service.Equal(s, plan(c, f)[FileServer].Spec) {
		t.Error("a list nobody names concerns the file service")
	}
	c.AccessLists[0].Entries = []acl.Entry{{Permit: true}}
	if service.Equal(s, plan(c, f)[FileServer].Spec) {
		t.Error("a list of a binding does not concern the file service")
	}
}

// TestPlanTFTP: the server runs as soon as there is something to serve.
func TestPlanTFTP(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*Config)
		want bool
	}{
		{"nothing to serve", func(*Config) {}, false},
		{"telephony-service", func(c *Config) { c.Telephony.Service.Present = true }, true},
		{"voice register global", func(c *Config) { c.Telephony.Global.Present = true }, true},
		{"a binding", func(c *Config) { c.Files.Bindings = []fileserver.Binding{{File: "flash:a"}} }, true},
	} {
		f := lan()
		k := Default(f)
		c.edit(k)
		if got := plan(k, f)[TFTP].Spec != nil; got != c.want {
			t.Errorf("%s: wanted %v", c.name, got)
		}
	}
}

func TestPlanDHCP(t *testing.T) {
	pool := dhcp.Pool{Name: "VOICE", Network: netip.MustParsePrefix("10.0.0.0/24")}
	managed := lan()
	managed.Interfaces[0].Managed = true
	for _, c := range []struct {
		name  string
		facts Facts
		edit  func(*Config)
		want  string
	}{
		{"no pool", lan("10.0.0.1/24"), func(c *Config) { c.DHCP.Pools = nil }, ""},
		{"no service dhcp", lan("10.0.0.1/24"), func(c *Config) { c.DHCP.Service = false }, ""},
		{"addresses of the host", lan("10.0.0.1/24", "10.9.0.1/24"), func(*Config) {}, "eth0 [10.0.0.1/24 10.9.0.1/24]"},
		{"no address", lan(), func(*Config) {}, "waits: no interface has an address"},
		{"a line that is not in force", lan(), func(c *Config) { c.Interfaces[0].Address = netip.MustParsePrefix("10.0.0.1/24") }, "waits: no interface has an address"},
		{"managed, no address", managed, func(*Config) {}, "waits: no interface has an address"},
		{"managed", managed, func(c *Config) {
			c.Interfaces[0].Address = netip.MustParsePrefix("10.0.0.1/24")
			c.Interfaces[0].Secondary = []netip.Prefix{netip.MustParsePrefix("10.9.0.1/24")}
		}, "eth0 [10.0.0.1/24 10.9.0.1/24]"},
		{"managed, shut down", managed, func(c *Config) {
			c.Interfaces[0].Address, c.Interfaces[0].Shutdown = netip.MustParsePrefix("10.0.0.1/24"), true
		}, "waits: no interface has an address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := Default(c.facts)
			k.DHCP.Pools = []dhcp.Pool{pool}
			c.edit(k)
			w := plan(k, c.facts)[DHCP]
			got := ""
			if w.Waiting != "" {
				got = "waits: " + w.Waiting
			}
			if s, ok := w.Spec.(dhcp.Spec); ok {
				for _, i := range s.Interfaces {
					got += fmt.Sprint(i.Device, " ", i.Addrs)
				}
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPlanNetif(t *testing.T) {
	f := lan("10.0.0.1/24")
	c := Default(f)
	if plan(c, f)[Netif].Spec != nil {
		t.Error("interfaces that are not managed are set")
	}
	f.Interfaces[1].Managed = true
	if plan(c, f)[Netif].Spec == nil {
		t.Error("a managed interface is not set")
	}
}

// TestPlanSSH: SSH stays closed until somebody could log in.
func TestPlanSSH(t *testing.T) {
	f := lan("10.0.0.1/24")
	c := Default(f)
	if w := plan(c, f)[SSHD]; w.Spec != nil || w.Waiting == "" {
		t.Errorf("without users: %+v", w)
	}
	c.AAA.Users = []aaa.User{{Name: "x"}}
	if w := plan(c, f)[SSHD]; w.Spec != nil || w.Waiting == "" {
		t.Errorf("with a user without a secret: %+v", w)
	}
	c.AAA.Users = []aaa.User{user}
	if w := plan(c, f)[SSHD]; w.Spec == nil || w.Waiting != "" {
		t.Errorf("with a user: %+v", w)
	}
	f.SSH = listen.Endpoint{}
	if w := plan(c, f)[SSHD]; w.Spec != nil || w.Waiting != "" {
		t.Errorf("switched off in the settings: %+v", w)
	}
}

// TestPlanIsStable: the same configuration and facts give equal specs, or
// services would be prepared again by every line typed.
func TestPlanIsStable(t *testing.T) {
	f := lan("10.0.0.1/24")
	f.Interfaces[1].Managed = true
	c := Default(f)
	c.HTTP.Server, c.HFS.Enabled, c.Telephony.Service.Present = true, true, true
	c.AAA.Users = []aaa.User{user}
	c.DHCP.Pools = []dhcp.Pool{{Name: "P", Network: netip.MustParsePrefix("10.0.0.0/24")}}
	a, b := plan(c, f), plan(c.Clone(), f)
	for name := range a {
		if !service.Equal(a[name].Spec, b[name].Spec) {
			t.Errorf("%s: %+v\n%+v", name, a[name].Spec, b[name].Spec)
		}
	}
}

// TestPortRules is the table of facts/cme.md 5.2 as far as the
// configuration alone decides it. Every case holds whatever was typed first.
func TestPortRules(t *testing.T) {
	const taken = "Invalid port number or port in use by other application"
	f := lan("10.0.0.1/24")
	f.Metrics = listen.Endpoint{Port: 9150}
	withSSH := func(c *Config) { c.AAA.Users = []aaa.User{user} }
	for _, c := range []struct {
		name   string
		edit   func(*Config)
		refuse string // the answer, "" = accepted
		warn   string // part of a warning
	}{
		{"hfs on the port of http", func(c *Config) {
			c.HTTP = httpd.Config{Server: true, Port: 6970}
			c.HFS = hfs.Config{Enabled: true, Port: 6970}
		}, taken + "\n%HFS: TCP port 6970 is held by IP HTTP server", ""},
		{"the same while http is off", func(c *Config) { c.HTTP.Port = 6970; c.HFS = hfs.Config{Enabled: true, Port: 6970} }, taken + "\n%HFS: TCP port 6970 is held by IP HTTP server", ""},
		{"hfs on the port of SSH", func(c *Config) {
			withSSH(c)
			f.SSH.Port = 2222
			c.HTTP.Server = true
			c.HFS = hfs.Config{Enabled: true, Port: 2222}
		}, taken + "\n%HFS: TCP port 2222 is held by SSH server", ""},
		{"http on the port of SSH", func(c *Config) { withSSH(c); c.HTTP = httpd.Config{Server: true, Port: 2222} }, taken + "\n%HTTP: TCP port 2222 is held by SSH server", ""},
		{"hfs on the port of the metrics", func(c *Config) { c.HTTP.Server = true; c.HFS = hfs.Config{Enabled: true, Port: 9150} }, taken + "\n%HFS: TCP port 9150 is held by metrics", ""},
		{"hfs on 4051", func(c *Config) { c.HTTP.Server = true; c.HFS = hfs.Config{Enabled: true, Port: 4051} }, taken + "\n%HFS: TCP port 4051 is held by Peer Firmware Sharing", ""},
		{"http on 4051", func(c *Config) { c.HTTP = httpd.Config{Server: true, Port: 4051} }, taken + "\n%HTTP: TCP port 4051 is held by Peer Firmware Sharing", ""},
		{"hfs on 69 would be TFTP's over UDP", func(c *Config) { c.HTTP.Server = true; c.HTTP.Port = 69; c.Telephony.Service.Present = true }, "", ""},
		{"hfs shared", func(c *Config) { c.HTTP.Server = true; c.HFS.Enabled = true }, "", "port 80; phones ask for files on port 6970 only"},
		{"hfs shared on 6970", func(c *Config) {
			c.HTTP = httpd.Config{Server: true, Port: 6970}
			c.HFS = hfs.Config{Enabled: true, HomePath: "flash:phones"}
		}, "", ""},
		{"http on 6970, hfs off", func(c *Config) { c.HTTP = httpd.Config{Server: true, Port: 6970} }, "", "6970"},
		{"hfs while http is off", func(c *Config) { c.HFS = hfs.Config{Enabled: true, Port: 6970} }, "", "hfs is enabled, down: ip http server is off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := Default(f)
			c.edit(k)
			ps := k.Validate(f)
			if got := Explain(Refusal(ps)); got != c.refuse {
				t.Errorf("answer %q, want %q", got, c.refuse)
			}
			warned := ""
			for _, n := range hfs.PortNotes(k.HFS, k.HTTP) {
				warned += n.Text + "\n"
			}
			if c.warn != "" && !strings.Contains(warned, c.warn) {
				t.Errorf("warned %q, want %q", warned, c.warn)
			}
		})
	}
}

// TestDHCPRules: what the server's own rules refuse is refused here.
func TestDHCPRules(t *testing.T) {
	f := lan("10.0.0.1/24")
	c := Default(f)
	c.DHCP.Pools = []dhcp.Pool{{Name: "A", Network: netip.MustParsePrefix("10.0.0.0/24"), Lease: -1}}
	err := Refusal(c.Validate(f))
	if got := Explain(err); got != "% Lease of -1ns is longer than a year" {
		t.Errorf("got %q", got)
	}
	c.DHCP.Pools[0].Lease = 0
	c.DHCP.Pools[0].Options = []dhcp.Option{{Code: 150, Kind: dhcp.OptionASCII, Text: "10.0.0.1"}}
	ps := c.Validate(f)
	if err := Refusal(ps); err != nil {
		t.Error(err)
	}
	section := ""
	for _, p := range ps {
		if strings.HasPrefix(p.Section, "ip dhcp") {
			section = p.Section
		}
	}
	if section != "ip dhcp pool A" {
		t.Errorf("advice is said of %q: %+v", section, ps)
	}
}

// TestKeptAddress: an address of an interface that is not ours to set is kept.
func TestKeptAddress(t *testing.T) {
	f := lan("10.1.225.1/24")
	k := Default(f)
	k.Interfaces[0].Address = netip.MustParsePrefix("10.9.9.9/24")
	if ps := k.interfaces(f); len(ps) != 1 || ps[0].Section != "interface GigabitEthernet0/0" {
		t.Errorf("an address the host does not have: %+v", ps)
	}
}

func TestExplain(t *testing.T) {
	ep := listen.Endpoint{Proto: listen.TCP, Port: 6970, Owner: hfs.Owner}
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"foreign process", &listen.Error{Endpoint: ep, Err: syscall.EADDRINUSE}, "Invalid port number or port in use by other application"},
		{"foreign process by name", &listen.Error{Endpoint: ep, Err: syscall.EADDRINUSE, Owner: "nginx (pid 7)"}, "Invalid port number or port in use by other application\n%HFS: TCP port 6970 is held by nginx (pid 7)"},
		{"another server's", &listen.Error{Endpoint: listen.Endpoint{Proto: listen.UDP, Port: 69, Owner: tftp.Owner}, Err: syscall.EADDRINUSE}, "Invalid port number or port in use by other application\n%TFTP server: UDP port 69 is held by another process"},
		{"no right", &listen.Error{Endpoint: ep, Err: syscall.EACCES}, "% Port 6970 needs the right to bind ports below 1024 (CAP_NET_BIND_SERVICE)"},
		{"a rule", &Refused{[]Problem{{Severity: Refuse, Text: "pools overlap"}, {Severity: Refuse, Text: "twice"}}}, "% Pools overlap; twice"},
		{"a fixed answer", &Refused{[]Problem{{Severity: Refuse, Text: "% A binding for this client already exists."}}}, "% A binding for this client already exists."},
		{"something else", errors.New("disk full"), ""},
	} {
		if got := Explain(fmt.Errorf("prepare: %w", c.err)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if Refusal([]Problem{{Severity: Warning}, {Severity: Note}}) != nil {
		t.Error("a warning refuses")
	}
}
