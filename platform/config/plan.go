package config

import (
	"net/netip"
	"slices"

	"option150/dhcp"
	"option150/dhcp/share"
	v6 "option150/dhcp/v6"
	"option150/hfs"
	"option150/hfs/upstream"
	"option150/platform/archive"
	"option150/platform/dns"
	"option150/platform/fileserver"
	"option150/platform/fleet"
	"option150/platform/fleet/follow"
	"option150/platform/fleet/leader"
	"option150/platform/fleet/pair"
	"option150/platform/httpd"
	"option150/platform/listen"
	"option150/platform/metrics"
	"option150/platform/netif"
	"option150/platform/service"
	"option150/platform/sshd"
	"option150/platform/tftp"
	"option150/telephony/mobility"
	"option150/telephony/phonepage"
)

// The names of the services a plan speaks of.
const (
	Netif      = "netif"
	Logging    = "logging"
	CNF        = "cnf"
	FileServer = "fileserver"
	Upstream   = upstream.Name
	HTTPD      = httpd.Name
	HFSService = hfs.Name
	TFTP       = tftp.Name
	DHCP       = "dhcp"
	DNS        = dns.Name
	SSHD       = sshd.Name
	Archive    = "archive"
	Fleet      = fleet.Name
	NTP        = "ntp"
	Metrics    = metrics.Name
	PhonePoll  = phonepage.Name
	Follow     = follow.Name
	FlashPair  = pair.Name
)

// Plan is the complete set of services the configuration wants, in the order
// they are prepared: what gives addresses first, what serves last. A service
// that is not wanted is there with a nil Spec.
func (c *Config) Plan(f Facts) []service.Wanted {
	return []service.Wanted{
		{Service: Netif, Spec: c.planNetif(f)},
		{Service: Logging, Spec: c.Logging},
		{Service: Archive, Spec: c.planArchive()},
		{Service: NTP, Spec: c.planNTP()},
		{Service: CNF, Spec: c.planCNF(f)},
		{Service: FileServer, Spec: c.planFiles(f)},
		{Service: Upstream, Spec: c.planUpstream(f)},
		c.planHFS(),
		{Service: HTTPD, Spec: c.planHTTP(f)},
		{Service: TFTP, Spec: c.planTFTP(f)},
		c.planDHCP(f),
		c.planDHCPv6(f),
		c.planDNS(f),
		{Service: PFS, Spec: c.planPFS(f)},
		c.planSSH(f),
		{Service: Metrics, Spec: planMetrics(f)},
		{Service: PhonePoll, Spec: c.planPhonePoll()},
		c.planFollow(Follow, leader.Spec{Leader: c.Leader}),
		c.planFollow(FlashPair, leader.Spec{Leader: c.Leader}),
		c.planFleet(),
	}
}

// Endpoints is everything the plan would listen on over TCP and on the well
// known UDP ports, for the overlap rule and for show.
func (c *Config) Endpoints(f Facts) []listen.Endpoint {
	var all []listen.Endpoint
	if c.SSHClosed() == "" && f.SSH.Port != 0 {
		all = append(all, c.sshEndpoint(f))
	}
	if s, ok := planMetrics(f).(metrics.Spec); ok {
		all = append(all, s.Endpoint)
	}
	if s, ok := c.planHTTP(f).(httpd.Spec); ok {
		for _, l := range s.Listeners {
			all = append(all, l.Endpoint)
		}
	}
	if s, ok := c.planTFTP(f).(tftp.Spec); ok {
		all = append(all, s.Endpoints...)
	}
	if s, ok := c.planDHCP(f).Spec.(dhcp.Spec); ok {
		for _, i := range s.Interfaces {
			all = append(all, listen.Endpoint{Proto: listen.UDP, Port: 67, Device: i.Device, Owner: dhcp.Owner})
		}
	}
	if s, ok := c.planDHCPv6(f).Spec.(v6.Spec); ok {
		for _, i := range s.Interfaces {
			all = append(all, v6.Endpoint(i.Device))
		}
	}
	if s, ok := c.planDNS(f).Spec.(dns.Spec); ok {
		all = append(all, s.Endpoints...)
	}
	if e, ok := c.logEndpoint(f); ok {
		all = append(all, e)
	}
	return all
}

func (c *Config) planNetif(f Facts) service.Spec {
	var s netif.Spec
	for _, i := range f.Interfaces {
		if k := c.Interface(i.Name); i.Managed && k != nil {
			s.Interfaces = append(s.Interfaces, netif.ManagedInterface{Mapping: i.Mapping, Config: k.Clone()})
		}
	}
	if s.Interfaces == nil {
		return nil
	}
	s.Routes, _ = c.routes(f)
	return s
}

// planArchive: the archive runs when anything below `archive` is configured.
func (c *Config) planArchive() service.Spec {
	a := c.Archive
	if !archive.Local(a.Path) {
		a.Path = "" // the line is kept, and the audit says that it has no effect
	}
	if a == archive.Default() {
		return nil
	}
	return a
}

func (c *Config) planPhonePoll() service.Spec {
	if c.PhonePoll.Minutes == 0 {
		return nil
	}
	return c.PhonePoll
}

// planFollow: there is a leader only in a fleet.
func (c *Config) planFollow(name string, spec service.Spec) service.Wanted {
	w := service.Wanted{Service: name}
	switch line := c.Member().Missing(); {
	case c.Leader == "":
	case line != "":
		w.Waiting = "the section fleet has no " + line
	default:
		w.Spec = spec
	}
	return w
}

func (c *Config) planNTP() service.Spec {
	if len(c.NTP.Servers) == 0 {
		return nil
	}
	return c.NTP
}

// planFleet: a section that lacks a line waits for it.
func (c *Config) planFleet() service.Wanted {
	w := service.Wanted{Service: Fleet}
	f := c.Member()
	switch line := f.Missing(); {
	case c.Fleet.IsDefault():
	case line != "":
		w.Waiting = "the section fleet has no " + line
	default:
		w.Spec = f
	}
	return w
}

func (c *Config) planFiles(f Facts) service.Spec {
	s := fileserver.Spec{Config: c.Files, HomePath: c.HFS.HomePath}
	for _, f := range c.Telephony.Service.Files {
		s.Bindings = append(s.Bindings[:len(s.Bindings):len(s.Bindings)], fileserver.Binding{File: f.URL, Alias: f.Alias})
	}
	for _, l := range c.AccessLists {
		if slices.Contains([]string{s.AccessClass, s.Trust, s.Listing}, l.Name) || slices.ContainsFunc(s.Bindings, func(b fileserver.Binding) bool { return b.ACL == l.Name }) {
			s.Lists = append(s.Lists, l)
		}
	}
	for _, l := range c.IPv6Lists {
		if slices.Contains([]string{s.AccessClass6, s.Trust6, s.Listing6}, l.Name) {
			s.Lists6 = append(s.Lists6, l)
		}
	}
	s.Networks = c.networks(f)
	for _, p := range c.DHCP.Pools { // what relays for a network is its router, as a rule
		s.Relays = append(s.Relays, p.DefaultRouters...)
	}
	return s.Clone()
}

// networks are those that lines are about: of managed interfaces, pools, and
// static routes but the default one. What is connected the kernel knows.
func (c *Config) networks(f Facts) (out []netip.Prefix) {
	add := func(p netip.Prefix) {
		if p.IsValid() && p.Bits() > 0 {
			out = append(out, p.Masked())
		}
	}
	for _, i := range f.Interfaces {
		if i.Managed {
			for _, p := range c.Addresses(i) {
				add(p)
			}
		}
	}
	for i := range c.DHCP.Pools {
		p := &c.DHCP.Pools[i]
		add(p.Network)
		add(p.Host)
		for _, s := range p.Secondary {
			add(s)
		}
	}
	for _, p := range c.networks6(f) {
		add(p)
	}
	for _, r := range c.Routing.Routes {
		add(r.Dst)
	}
	return out
}

// planUpstream: nobody is asked before a file-server alternate line.
func (c *Config) planUpstream(f Facts) service.Spec {
	if !c.Upstream.Abroad() {
		return nil
	}
	return upstream.Spec{Config: c.Upstream.Clone(), Own: c.OwnAddresses(f),
		Port: hfs.Spec{Config: c.HFS, HTTPPort: c.HTTP.Port}.EffectivePort()}
}

// planHTTP gives the IP HTTP server its listener and HFS either a place on it
// or a listener of its own. Without `ip http server` there is no HFS either:
// it is a session on that server. [sources/000]
func (c *Config) planHTTP(f Facts) service.Spec {
	if !c.HTTP.Server {
		return nil
	}
	ep := func(port uint16, owner string) listen.Endpoint {
		return listen.Endpoint{Proto: listen.TCP, Addr: f.HTTPAddr, Port: port, Owner: owner}
	}
	s := httpd.Spec{Listeners: []httpd.Listener{{Endpoint: ep(c.HTTP.Port, httpd.Owner), Modules: c.pages(), Access: c.httpAccess()}}}
	switch {
	case !c.HFS.Enabled:
	case c.HFS.Port == 0:
		s.Listeners[0].Modules = append(s.Listeners[0].Modules, hfs.NameModule) // last: it knows every name
	default:
		s.Listeners = append(s.Listeners, httpd.Listener{Endpoint: ep(c.HFS.Port, hfs.Owner), Modules: []string{hfs.NameModule}, Access: c.httpAccess()})
	}
	return s
}

// pages are the modules on the HTTP port beside HFS: the services of phones where
// phones are told of them.
func (c *Config) pages() []string {
	if c.Telephony.Serves() {
		return []string{httpd.NameHome, mobility.Name}
	}
	return []string{httpd.NameHome}
}

func (c *Config) planHFS() service.Wanted {
	w := service.Wanted{Service: HFSService}
	if !c.HFS.Enabled {
		return w
	}
	if !c.HTTP.Server {
		w.Waiting = "ip http server is off"
		return w
	}
	w.Spec = hfs.Spec{Config: c.HFS, HTTPPort: c.HTTP.Port}
	return w
}

// planTFTP: the server runs as soon as there is something to serve, as on IOS,
// where the first tftp-server line or telephony-service starts it.
func (c *Config) planTFTP(f Facts) service.Spec {
	if !c.Telephony.Service.Present && !c.Telephony.Global.Present && len(c.Files.Bindings) == 0 {
		return nil
	}
	return tftp.Spec{Endpoints: []listen.Endpoint{{Proto: listen.UDP, Addr: f.HTTPAddr, Port: 69, Owner: tftp.Owner}}, Config: c.TFTP}
}

func (c *Config) planDHCP(f Facts) service.Wanted {
	w := service.Wanted{Service: DHCP}
	if !c.DHCP.Service || len(c.DHCP.Pools) == 0 {
		return w
	}
	s := dhcp.Spec{Config: c.DHCP, Interfaces: c.dhcpInterfaces(f)}
	if len(s.Interfaces) == 0 {
		w.Waiting = "no interface has an address"
		return w
	}
	s.Share = c.shareSpec()
	w.Spec = s
	return w
}

// shareSpec is with whom the pools are shared. A section that lacks a line does not make
// a server of its own of the box: others may give out the same addresses.
func (c *Config) shareSpec() share.Config {
	f := c.Member()
	switch {
	case !f.Share:
		return share.Config{}
	case f.Missing() != "":
		return share.Config{Waits: "the section fleet has no " + f.Missing()}
	}
	return share.Config{Box: f.Name, Domain: f.Domain, Servers: f.Servers, User: f.User, Password: f.Password,
		CA: f.CA, Certificate: f.Certificate, Key: f.Key, Lead: int64(f.LeadTime()), OwnShare: f.OwnShare, ByHost: c.Fleet.Name == ""}
}

// planMetrics is where the settings want the metrics; no line of the
// configuration has to do with it.
func planMetrics(f Facts) service.Spec {
	if f.Metrics.Port == 0 {
		return nil
	}
	e := f.Metrics
	e.Proto, e.Owner = listen.TCP, metrics.Name
	return metrics.Spec{Endpoint: e}
}

func (c *Config) sshEndpoint(f Facts) listen.Endpoint {
	e := f.SSH
	e.Proto, e.Owner = listen.TCP, sshd.Owner
	return e
}

func (c *Config) planSSH(f Facts) service.Wanted {
	w := service.Wanted{Service: SSHD}
	if f.SSH.Port == 0 {
		return w
	}
	if why := c.SSHClosed(); why != "" {
		w.Waiting = why
		return w
	}
	w.Spec = c.sshSpec(f)
	return w
}

// OwnAddresses is every address the box has or is about to have.
func (c *Config) OwnAddresses(f Facts) []netip.Addr {
	var all []netip.Addr
	for _, i := range f.Interfaces {
		for _, p := range c.Addresses(i) {
			all = append(all, p.Addr())
		}
	}
	return all
}
