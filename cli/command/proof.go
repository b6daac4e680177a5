package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"option150/cli/language"
	"option150/dhcp"
	"option150/hfs"
	"option150/platform/acl"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/host"
	"option150/platform/httpd"
	"option150/platform/journal"
	"option150/platform/service"
	"option150/telephony/advice"
	"option150/telephony/cnf"
	"option150/telephony/cnf/cnfstore"
	"option150/telephony/custom"
	"option150/telephony/firmware"
	"option150/telephony/inventory"
	"option150/telephony/proof"
)

// proofLine is `provisioning proof required`, a line of this box.
func proofLine() language.Declaration {
	return flag(language.Global, `provisioning("Provisioning of phones") proof("Boots of all configured phones on paper") required("write memory and configure replace ask for it")`,
		"", "docs/provisioning.md 9", false, func(c *language.Context) *bool { return &c.Config.ProofRequired })
}

// showProof is `show provisioning proof [FILE]`.
func showProof(b *Box) language.Declaration {
	return tabled(action(showHead+`provisioning("Provisioning of phones") proof("Boots of all configured phones on paper") [ <file:FILEURL>("Configuration to prove in place of what runs") ]`, 0, "docs/provisioning.md", func(in *language.Invocation) error {
		c, title := in.Config, ""
		if in.Args.Has("file") {
			l := fileArg(in, in.Args.String("file"))
			if in.Op.Privilege() < privileged {
				return language.Answer("% A file can be proved by who may read it: enable first")
			}
			rep, err := b.whole(in.Ctx, in.Out, l)
			if err != nil {
				return err
			}
			complain(in.Out, l, rep.Rejected)
			if n := len(rep.Rejected); n > 0 {
				title = fmt.Sprintf("Without %s of %s that configure replace would refuse:\n", count(n, "line"), l.short())
			}
			c = rep.Config
		}
		r, err := b.Prove(in.Ctx, c)
		if err != nil {
			return language.Answer("% No proof: " + cause(err))
		}
		p := columns.Text(title)
		p.Add(r.Text())
		return columns.Print(in.Out, p)
	}), proof.Table)
}

// unproven refuses what a proof is required for, if one of the configurations
// requires it and a phone would not come up. What cannot be said refuses
// nothing: it is told.
func (b *Box) unproven(ctx context.Context, out io.Writer, what string, c *config.Config) error {
	if !c.ProofRequired && !b.Store.Current().ProofRequired {
		return nil
	}
	r, err := b.Prove(ctx, c)
	if err != nil {
		return language.Answer("% " + what + ": provisioning proof required, and there is none: " + cause(err))
	}
	if n := r.Count(proof.Not); n > 0 {
		return language.Answer(r.Text().String() + "% " + what + ": provisioning proof required, and " + count(n, "phone") + " would not come up")
	}
	_, err = fmt.Fprintln(out, r.Summary())
	return err
}

// unprovenText is unproven for a text that becomes the startup-config.
func (b *Box) unprovenText(in *language.Invocation, text string) error {
	if !in.Config.ProofRequired {
		return nil
	}
	facts := b.Store.Facts()
	rep, err := b.Language.Candidate(text, config.Default(facts), func(c *config.Config) error { return config.Refusal(c.Validate(facts)) })
	if err != nil {
		return err
	}
	return b.unproven(in.Ctx, in.Out, "startup-config is as it was", rep.Config)
}

// Prove walks every phone of a configuration through its boot on paper.
func (b *Box) Prove(ctx context.Context, c *config.Config) (*proof.Report, error) {
	if b.CNF == nil || b.DHCP == nil || b.Flash == nil {
		return nil, errors.New("this box has no services")
	}
	p := &paper{b: b, c: c, facts: b.Store.Facts(), running: c == b.Store.Current(), held: map[netip.Addr]ether.MAC{}}
	w, err := p.box(ctx)
	if err != nil {
		return nil, err
	}
	return proof.Walk(ctx, w), nil
}

// paper is what a configuration would make of this box.
type paper struct {
	b       *Box
	c       *config.Config
	facts   config.Facts
	running bool // it is in force
	set     *cnf.Set
	whole   func(string) firmware.State
	held    map[netip.Addr]ether.MAC
}

func (p *paper) box(ctx context.Context) (*proof.Box, error) {
	w := &proof.Box{Telephony: p.c.Telephony, Own: p.c.OwnAddresses(p.facts), Holds: func(m ether.MAC, a netip.Addr) { p.held[a] = m }}
	if err := p.files(ctx, w); err != nil {
		return nil, err
	}
	if err := p.addresses(w); err != nil {
		return nil, err
	}
	w.Whole, w.Firmware, w.Absent = p.whole, p.set.Firmware(), p.set.Options().Absent
	w.HTTP, w.TFTP = p.http(), p.tftp()
	searching := p.b.Files.Searching()
	w.Guard = func(a netip.Addr) bool { return !p.c.Files.Scan.Off && slices.Contains(searching, a) }
	w.Away = func(server string) bool {
		a, err := netip.ParseAddr(server)
		return err != nil || !slices.Contains(w.Own, a.Unmap())
	}
	answers := p.b.Control.Answers()
	w.Calls = func(a netip.AddrPort) (string, bool) {
		x, ok := answers[a]
		if !ok || x.Asking || x.OK {
			return "", ok && !x.Asking
		}
		return x.Why, true
	}
	w.Seen = p.seen()
	return w, nil
}

// spec is what the plan says of a service.
func (p *paper) spec(name string) service.Wanted {
	for _, w := range p.c.Plan(p.facts) {
		if w.Service == name {
			return w
		}
	}
	return service.Wanted{}
}

// finder looks a file of firmware up as the file server of a configuration
// would.
func (b *Box) finder(home string, lines []fileserver.Binding) firmware.Lookup {
	return func(name string) (firmware.Found, bool) {
		f, err := b.Flash.Find(home, name)
		if strings.HasPrefix(name, "/") {
			f, err = b.Flash.Open(name) // a path of flash:
		} else if at, ok := bindingOf(lines, name); ok {
			if f != nil {
				f.Close()
			}
			f, err = b.Flash.Open(at)
		}
		if err != nil {
			return firmware.Found{}, false
		}
		defer f.Close()
		path := f.Path
		return firmware.Found{Name: f.Name(), Size: f.Size, ID: f.ID, Open: func() (io.ReadCloser, error) { return b.Flash.Open(path) }}, true
	}
}

// files makes the phone files and the file server of the configuration.
func (p *paper) files(ctx context.Context, w *proof.Box) error {
	b := p.b
	home, err := flash.CleanPath(p.c.HFS.HomePath)
	if err != nil {
		return err
	}
	if err := p.phoneFiles(home); err != nil {
		return err
	}
	o := fileserver.Options{Flash: b.Flash, Generated: p.lookup(false), Fallback: p.lookup(true), Recorder: journal.Discard, Holder: p.holder, Reach: b.Reach}
	o.Routes = []fileserver.Route{&custom.Lists{Flash: b.Flash, Home: func() string { return home }}}
	if w.Abroad = p.c.Upstream.Abroad(); w.Abroad {
		o.Routes = append(o.Routes, alternateOnPaper{})
	}
	files := fileserver.New(o)
	change, err := files.Prepare(ctx, nil, p.spec(config.FileServer).Spec)
	if err != nil {
		return err
	}
	change.Commit()
	w.Files = files
	return nil
}

// phoneFiles are those in force, or are made as the store makes them, of what the
// configuration would find.
func (p *paper) phoneFiles(home string) (err error) {
	b := p.b
	if p.running {
		b.Policy.Refresh(b.CNF.Refresh) // as before each file that is given
		p.set, p.whole = b.CNF.Current(), b.Policy.Whole
		return nil
	}
	find := b.finder(home, p.c.Files.Bindings)
	policy := b.Policy.OnPaper(find, func() (out []string) {
		for _, e := range b.Flash.Files(home) {
			out = append(out, e.Path)
		}
		return out
	})
	from := cnfstore.Sources{Policy: policy.Firmware, Logins: b.CNF.Logins,
		Served: func(name string) bool { return p.c.Upstream.Abroad() || b.serves(home, find, name) }}
	p.whole = policy.Whole
	p.set, err = cnf.Rebuild(nil, p.c.Telephony, from.Options(&p.c.Telephony, p.c.CNFOptions(p.facts)))
	return err
}

// lookup finds phone files, or those that files of flash: replace.
func (p *paper) lookup(fallback bool) fileserver.Lookup {
	return func(name string) ([]byte, time.Time, string, bool) {
		f, ok := p.set.Lookup(name)
		if !ok || f.Fallback != fallback {
			return nil, time.Time{}, "", false
		}
		return f.Content, time.Time{}, f.ETag, true
	}
}

// holder knows the leases on paper, and what is seen on the wire.
func (p *paper) holder(_ context.Context, mac ether.MAC, a netip.Addr, _ bool) fileserver.Holding {
	if m, ok := p.held[a]; ok {
		if m == mac {
			return fileserver.Held
		}
		return fileserver.Foreign
	}
	for _, n := range host.Neighbours() {
		if n.Addr == a && n.MAC == mac && !n.Incomplete {
			return fileserver.Held
		}
	}
	return fileserver.Unknown
}

// alternateOnPaper stands for other file servers, which are not asked: what they
// have is not known.
type alternateOnPaper struct{}

func (alternateOnPaper) Name() string { return "upstream" }

func (alternateOnPaper) Open(_ context.Context, _ fileserver.Request, name string) (*fileserver.Hit, error) {
	return nil, errors.New("an alternate file server may have " + path.Base(name))
}

// addresses makes the DHCP server of the configuration.
func (p *paper) addresses(w *proof.Box) error {
	want := p.spec(config.DHCP)
	sp, ok := want.Spec.(dhcp.Spec)
	switch st := p.b.Supervisor.Status(config.DHCP); {
	case !ok && want.Waiting != "":
		w.NoDHCP, w.Down = want.Waiting, true
		return nil
	case !ok && !p.c.DHCP.Service && len(p.c.DHCP.Pools) > 0:
		w.NoDHCP, w.Start = "no service dhcp", advice.Steps{advice.Set("service dhcp")}
		return nil
	case !ok:
		w.NoDHCP = "it has no pool"
		return nil
	case st.State == service.Failed || st.State == service.Waiting && p.running:
		w.NoDHCP, w.Down = "the DHCP server does not run: "+st.Why, true
		return nil
	}
	sp.RateLimit = 0 // about how fast phones may come
	e, now, err := p.b.DHCP.Paper(sp)
	if err != nil {
		return err
	}
	w.DHCP, w.Now = e, now
	for i := range sp.Pools {
		pool := &sp.Pools[i]
		for _, n := range append([]netip.Prefix{pool.Network}, pool.Secondary...) {
			if n.IsValid() {
				w.Places = append(w.Places, placeOf(sp, pool, n))
			}
		}
	}
	return nil
}

// placeOf is where the clients of a network stand: on the interface with an
// address of it, else behind a relay, which is their router.
func placeOf(sp dhcp.Spec, pool *dhcp.Pool, n netip.Prefix) proof.Place {
	pl := proof.Place{Network: n, Pool: pool.Name, Voice: len(pool.NextServers) > 0}
	for _, o := range pool.Options {
		pl.Voice = pl.Voice || o.Code == 150 || o.Code == 66
	}
	for _, i := range sp.Interfaces {
		for _, a := range i.Addrs {
			if n.Contains(a.Addr()) {
				pl.Interface = i.Name
				return pl
			}
		}
	}
	pl.Interface, pl.Relay = sp.Interfaces[0].Name, n.Masked().Addr().Next()
	routers := pool.DefaultRouters
	for _, o := range pool.Overrides {
		if o.Network == n {
			routers = o.DefaultRouters
		}
	}
	for _, r := range routers {
		if n.Contains(r) {
			pl.Relay = r
			break
		}
	}
	return pl
}

// http is port 6970 of the configuration.
func (p *paper) http() func(netip.Addr) proof.Door {
	closed := func(why string) func(netip.Addr) proof.Door {
		return func(netip.Addr) proof.Door { return proof.Door{Closed: why} }
	}
	sp, ok := p.spec(config.HTTPD).Spec.(httpd.Spec)
	if !ok || !p.c.HFS.Enabled || p.spec(config.HFSService).Spec == nil {
		return closed("HFS is off")
	}
	if port := (hfs.Spec{Config: p.c.HFS, HTTPPort: p.c.HTTP.Port}).EffectivePort(); port != phoneHTTP {
		return closed(fmt.Sprintf("HFS has port %d, and phones ask %d", port, phoneHTTP))
	}
	for _, l := range p.b.HTTPD.Listeners() {
		if l.Endpoint.Port == phoneHTTP && !l.Up {
			return closed(l.Why)
		}
	}
	for _, l := range sp.Listeners {
		if l.Endpoint.Port == phoneHTTP {
			return func(a netip.Addr) proof.Door {
				return proof.Door{Denied: !l.Access.Permits(acl.Flow{Proto: "tcp", From: netip.AddrPortFrom(a, 0), To: netip.AddrPortFrom(netip.Addr{}, phoneHTTP)})}
			}
		}
	}
	return closed("nothing listens on it")
}

// tftp is port 69.
func (p *paper) tftp() func(netip.Addr) proof.Door {
	var d proof.Door
	switch st := p.b.Supervisor.Status(config.TFTP); {
	case p.spec(config.TFTP).Spec == nil:
		d.Closed = "nothing is to be served"
	case st.State == service.Failed:
		d.Closed = st.Why
	}
	return func(netip.Addr) proof.Door { return d }
}

// seen is what is known of phones: their leases, and what they did.
func (p *paper) seen() func(ether.MAC) proof.Seen {
	known := map[ether.MAC]proof.Seen{}
	for _, l := range p.b.DHCP.Bindings() {
		if l.Active && !l.MAC.IsZero() {
			s := known[l.MAC]
			s.ClientID, s.Vendor, s.Interface, s.Relay = l.ClientID, l.Vendor, l.Interface, l.Relay
			known[l.MAC] = s
		}
	}
	for _, x := range p.b.phones() {
		if x.MAC.IsZero() {
			continue
		}
		s := known[x.MAC]
		if s.Interface == "" && !s.Relay.IsValid() && x.State != inventory.Seen && !x.Elsewhere {
			s.Addr = x.Addr
		}
		if x.LoadBasis == inventory.Observed {
			s.Runs = x.Load
		}
		if p.b.Told != nil {
			if k, ok := p.b.Told.Of(x.MAC); ok && k.Load != "" {
				s.Runs = k.Load
			}
		}
		if x.State == inventory.Stuck || x.Against {
			s.Stuck, s.StuckText = x.Verdict.Code, x.Verdict.Text
		}
		known[x.MAC] = s
	}
	return func(m ether.MAC) proof.Seen { return known[m] }
}
