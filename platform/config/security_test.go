package config

import (
	"net/netip"
	"strings"
	"testing"

	"option150/platform/aaa"
	"option150/platform/acl"
	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/sshd"
)

func sshWanted(c *Config) service.Wanted {
	return c.planSSH(Facts{SSH: listen.Endpoint{Proto: listen.TCP, Port: 22}})
}

// TestSSHOpensForSomebody: a secret or a key opens it, and a line that takes
// SSH; a key of nobody does not.
func TestSSHOpensForSomebody(t *testing.T) {
	c := Default(Facts{})
	closed := func(why string) {
		t.Helper()
		if w := sshWanted(c); w.Spec != nil || w.Waiting != why {
			t.Errorf("%+v", w)
		}
	}
	open := func() sshd.Spec {
		t.Helper()
		s, ok := sshWanted(c).Spec.(sshd.Spec)
		if !ok {
			t.Errorf("closed: %s", sshWanted(c).Waiting)
		}
		return s
	}
	closed("no user with a secret or a key is configured")
	c.SSH.Chain = []sshd.UserKeys{{User: "mary", Keys: []sshd.Key{{Type: "ssh-rsa", Hash: "x"}}}}
	closed("no user with a secret or a key is configured")
	c.AAA.Users = []aaa.User{{Name: "mary"}}
	if s := open(); !s.PublicKey || len(s.Lines) != 5 {
		t.Errorf("%+v", s)
	}
	c.SSH.Chain = nil
	closed("no user with a secret or a key is configured")
	c.AAA.Users[0].Secret = aaa.Secret{Type: 0, Value: "x", Plain: true}
	c.SSH.Retries = 0
	if s := open(); s.PublicKey || s.Retries != 1 {
		t.Errorf("%+v", s)
	}
	v := &c.Lines[1]
	for transport, takes := range map[string]bool{"": true, "all": true, "ssh": true, "telnet ssh": true, "telnet": false, "none": false} {
		v.Transport = transport
		if v.TakesSSH() != takes {
			t.Errorf("transport input %q: %t", transport, !takes)
		}
		if takes {
			open()
		} else {
			closed("no vty line has transport input ssh")
		}
	}
	v.Transport, v.AccessIn = "ssh", "10"
	if s := open(); s.Lines[0].Access.Permits(acl.Of(netip.MustParseAddr("10.0.0.1"))) {
		t.Error("a list that does not exist lets somebody in")
	}
	c.AccessLists = []acl.List{{Name: "10", Entries: []acl.Entry{acl.Rule(true, netip.MustParseAddr("10.0.0.1"), netip.Addr{}, false)}}}
	s := open()
	c.AccessLists[0].Entries[0].Permit = false
	if s.Lines[4].Access.V4 == nil || !s.Lines[4].Access.V4.Entries[0].Permit {
		t.Error("the plan shares the list with the configuration")
	}
}

func TestSecurityFindings(t *testing.T) {
	c := Default(Facts{})
	c.Lines[0].Login, c.Lines[1].AccessIn, c.HTTP.AccessClass = LoginLine, "MGMT", "10"
	c.SSH.Chain = []sshd.UserKeys{{User: "ghost"}}
	c.AAA.Users = []aaa.User{{Name: "old", Secret: aaa.Secret{Type: 7, Value: "094F471A1A0A", Plain: true}}}
	var all []string
	for _, p := range c.security() {
		if p.Severity == Refuse || p.Fix == nil {
			t.Errorf("%+v", p)
		}
		all = append(all, p.Text)
	}
	got := strings.Join(all, "\n")
	for _, want := range []string{"access list MGMT is not defined", "access list 10 is not defined", "the console is open", "user ghost has keys", "kept as type 7"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
