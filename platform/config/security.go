package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/platform/acl"
	"option150/platform/sorted"
	"option150/platform/sshd"
	"option150/telephony/advice"
)

// Alias is one `alias MODE NAME LINE`.
type Alias struct {
	Mode string // "exec"
	Name string
	Line string
}

// Privilege is one `privilege MODE [all] level N COMMAND`: another level for a
// command. Source: facts/ios-cli.md 1.14.
type Privilege struct {
	Mode    string // of the grammar: "exec", "config", "config-if" ...
	All     bool   // and for everything that begins with it
	Level   int
	Command string // its first words, written out
}

// cloneSecurity copies the lists of this file.
func (c *Config) cloneSecurity(n *Config) {
	n.SSH = c.SSH.Clone()
	n.Aliases = slices.Clone(c.Aliases)
	n.Privileges = slices.Clone(c.Privileges)
	n.AccessLists = slices.Clone(c.AccessLists)
	for i := range n.AccessLists {
		n.AccessLists[i] = n.AccessLists[i].Clone()
	}
	n.IPv6Lists = slices.Clone(c.IPv6Lists)
	for i := range n.IPv6Lists {
		n.IPv6Lists[i] = n.IPv6Lists[i].Clone()
	}
}

// CanLogin reports whether anybody could log in over the network: a user with
// a password or with a key. Without one SSH stays closed.
func (c *Config) CanLogin() bool {
	if c.AAA.CanLogin() {
		return true
	}
	return slices.ContainsFunc(c.SSH.Chain, func(u sshd.UserKeys) bool {
		return len(u.Keys) > 0 && c.AAA.User(u.User) != nil
	})
}

// TakesSSH reports whether `transport input` of a vty line lets SSH in.
func (l *Line) TakesSSH() bool {
	switch l.Transport {
	case "", "all":
		return l.Kind == "vty"
	}
	return l.Kind == "vty" && slices.Contains(strings.Fields(l.Transport), "ssh")
}

// ChecksPassword reports whether the line asks for its own password: `login`
// does so once `password` is set. Until then the line is open, or nobody could
// ever use a console on which `login` was typed first.
func (l *Line) ChecksPassword() bool { return l.Login == LoginLine && !l.Password.IsZero() }

// The values of Line.Login beside "", which is the kind's own.
const (
	LoginLocal = "local" // a user and his secret
	LoginLine  = "line"  // the password of the line
	LoginNone  = "none"
)

// maxVTY is the number of vty lines there can be: vty 0 to 98.
const maxVTY = 99

// sshLines are the vty lines SSH may use, each with who may use it.
func (c *Config) sshLines() []sshd.Line {
	var out []sshd.Line
	for i := range c.Lines {
		l := &c.Lines[i]
		if !l.TakesSSH() {
			continue
		}
		access := c.gate(l.AccessIn, l.AccessIn6)
		for n := l.First; n <= l.Last && n < maxVTY; n++ {
			out = append(out, sshd.Line{Number: n, Access: access, Rotary: l.Rotary})
		}
	}
	sorted.By(out, func(a, b sshd.Line) int { return a.Number - b.Number })
	return out
}

// sshPorts are the further ports by which some line is reached.
func (c *Config) sshPorts() []sshd.Port {
	var out []sshd.Port
	lines := c.sshLines()
	for _, p := range c.SSH.Ports {
		if slices.ContainsFunc(lines, p.Has) {
			out = append(out, p)
		}
	}
	return out
}

// SSHClosed says why SSH lets nobody in, "" if it does.
func (c *Config) SSHClosed() string {
	switch {
	case !c.CanLogin():
		return "no user with a secret or a key is configured"
	case len(c.sshLines()) == 0:
		return "no vty line has transport input ssh"
	}
	return ""
}

// sshSpec is what the SSH server runs by.
func (c *Config) sshSpec(f Facts) sshd.Spec {
	return sshd.Spec{Enabled: true, Endpoint: c.sshEndpoint(f), MaxSessions: c.VTYs(), Lines: c.sshLines(),
		LoginGrace: time.Duration(c.SSH.TimeOut) * time.Second, Retries: max(1, c.SSH.Retries),
		Algorithms: c.SSH.Algorithms, Ports: c.sshPorts(),
		PublicKey: slices.ContainsFunc(c.SSH.Chain, func(u sshd.UserKeys) bool { return len(u.Keys) > 0 })}
}

// security are the rules about who may come in.
func (c *Config) security() []Problem {
	var ps []Problem
	if k := c.SSH.Algorithms.Empty(); k != "" {
		ps = append(ps, Problem{Severity: Refuse, Kind: Rule, Code: "A28", Text: fmt.Sprintf("SSH would have no %s algorithm to offer: there are %s", k, strings.Join(sshd.Known(k), " "))})
	}
	named := func(section, list, effect string) {
		if why := c.noList(list); why != "" {
			ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A28", Section: section,
				Text: why + ": " + effect, Fix: advice.Steps{advice.Tell("Define it as a standard list, with a permit line for the networks that may come in.")}})
		}
	}
	named6 := func(section, list, effect string) {
		if list != "" && acl.Find6(c.IPv6Lists, list) == nil {
			ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A28", Section: section, Text: noList6(list) + ": " + effect,
				Fix: advice.Steps{advice.Tell("Define it with ipv6 access-list " + list + " and a permit line for the networks that may come in.")}})
		}
	}
	for _, l := range c.Lines {
		named6(strings.TrimSpace(fmt.Sprintf("line %s %d", l.Kind, l.First)), l.AccessIn6, nobodyIn)
		named(strings.TrimSpace(fmt.Sprintf("line %s %d", l.Kind, l.First)), l.AccessIn, nobodyIn)
		if l.Kind == "con" && l.Login == LoginLine && l.Password.IsZero() {
			ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A28", Section: "line con 0", Text: "login is configured but no password: the console is open",
				Fix: advice.Steps{advice.Tell("Give line con 0 a password, or let it ask for users with login local.")}})
		}
	}
	for _, p := range c.SSH.Ports {
		if !slices.ContainsFunc(c.sshLines(), p.Has) {
			ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A28", Section: "ip ssh",
				Text: fmt.Sprintf("port %d is not open: no vty line that takes SSH has rotary %d", p.Number, p.First),
				Fix:  advice.Steps{advice.In("line vty 0 4", fmt.Sprintf("rotary %d", p.First))}})
		}
	}
	named("ip http access-class", c.HTTP.AccessClass, nobodyIn)
	named("file-server access-class", c.Files.AccessClass, "no phone is given a file")
	named("file-server bind-lease trust", c.Files.Trust, "nobody is trusted")
	named("file-server listing access-class", c.Files.Listing, "nobody gets the lists")
	named6("ip http access-class ipv6", c.HTTP.AccessClass6, nobodyIn)
	named6("file-server access-class ipv6", c.Files.AccessClass6, "no phone is given a file by IPv6")
	named6("file-server bind-lease trust ipv6", c.Files.Trust6, "nobody is trusted")
	named6("file-server listing access-class ipv6", c.Files.Listing6, "nobody gets the lists by IPv6")
	for _, b := range c.Files.Bindings {
		named("tftp-server "+b.File, b.ACL, "every phone may have the file")
	}
	named("login quiet-mode", c.AAA.QuietACL, nobodyIn)
	ps = append(append(ps, c.keptOut()...), c.keptOut6()...)
	for _, u := range c.SSH.Chain {
		if c.AAA.User(u.User) == nil {
			ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A28", Section: "ip ssh pubkey-chain",
				Text: fmt.Sprintf("user %s has keys but no username line and cannot log in", u.User), Fix: advice.Steps{advice.Set("username " + u.User)}})
		}
	}
	for _, u := range c.AAA.Users {
		if s := u.Secret; !s.IsZero() && (s.Type == 0 || s.Type == 7 || s.Type == 5) {
			ps = append(ps, Problem{Severity: Note, Kind: Rule, Code: "A28", Section: "username " + u.Name,
				Text: fmt.Sprintf("the password of %s is kept as type %d, which can be read or guessed", u.Name, s.Type), Fix: advice.Steps{advice.Tell("Type the username line again with secret and a new password: it is kept as type 9.")}})
		}
	}
	return ps
}

// keptOut finds the access lists by which the phones of a pool get no file.
func (c *Config) keptOut() []Problem {
	var ps []Problem
	out := map[string][]string{} // the pools each list keeps out: many lines name one list
	look := func(section, name string) {
		pools, known := out[name]
		if list := acl.Find(c.AccessLists, name); !known && list != nil {
			for i := range c.DHCP.Pools {
				if p := &c.DHCP.Pools[i]; p.Option150() != nil && p.Network.IsValid() && !permitsAny(list, p.Network) {
					pools = append(pools, p.Name)
				}
			}
			out[name] = pools
		}
		for _, p := range pools {
			ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A28", Section: section,
				Text: fmt.Sprintf("access list %s lets no phone of pool %s have its files", name, p)})
		}
	}
	if c.HFS.Enabled && c.HTTP.Server {
		look("ip http access-class", c.HTTP.AccessClass)
	}
	look("file-server access-class", c.Files.AccessClass)
	for _, b := range c.Files.Bindings {
		if b.ACL != "" {
			look("tftp-server "+b.File, b.ACL)
		}
	}
	return ps
}

// permitsAny looks at as many addresses of a network as a pool of phones has.
func permitsAny(list *acl.List, network netip.Prefix) bool {
	const enough = 254
	a := network.Addr().Next()
	for range enough {
		if !network.Contains(a) {
			return false
		}
		if list.Permits(a) {
			return true
		}
		a = a.Next()
	}
	return false
}

// httpAccess is who may use the HTTP server: the lists of `ip http
// access-class`. HFS is a session on that server, on its port or on one of its
// own, and the list is how access to it is restricted. [facts/files.md 1.5]
func (c *Config) httpAccess() acl.Gate { return c.gate(c.HTTP.AccessClass, c.HTTP.AccessClass6) }

// gate are the lists that access classes of both families name. A list that is
// not here, or that is kept and not acted on (an extended one), lets nobody in:
// who asked for a filter must not get none.
func (c *Config) gate(name, name6 string) (g acl.Gate) {
	if name != "" {
		if k := acl.Find(c.AccessLists, name); k != nil {
			g.V4 = new(k.Clone())
		} else {
			g.V4 = &acl.List{Name: name, Entries: []acl.Entry{acl.Rule(false, netip.Addr{}, netip.Addr{}, false)}}
		}
	}
	if name6 != "" {
		if k := acl.Find6(c.IPv6Lists, name6); k != nil {
			g.V6 = new(k.Clone())
		} else {
			g.V6 = &acl.List6{Name: name6, Entries: []acl.Entry6{{Proto: "ipv6"}}}
		}
	}
	return g
}

const nobodyIn = "nobody is let in"

// AccessNote is what is to be said of an access-class that names this list, ""
// if the list is here.
func (c *Config) AccessNote(list string, six bool) string {
	if six && list != "" && acl.Find6(c.IPv6Lists, list) == nil {
		return noList6(list) + ": " + nobodyIn
	}
	if six {
		return ""
	}
	if why := c.noList(list); why != "" {
		return why + ": " + nobodyIn
	}
	return ""
}

// noList says why no list of that name decides here, "" if one does or none is
// named.
func (c *Config) noList(list string) string {
	switch {
	case list == "" || acl.Find(c.AccessLists, list) != nil:
		return ""
	case slices.ContainsFunc(c.Carried, func(k Carried) bool {
		return k.In == "" && (begins(k.Line, "access-list "+list) || begins(k.Line, "ip access-list extended "+list))
	}):
		return "access list " + list + " is kept and not acted on"
	}
	return "access list " + list + " is not defined"
}
