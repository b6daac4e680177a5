package command

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/cli/language"
	"option150/dhcp"
	v6 "option150/dhcp/v6"
	"option150/hfs"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/host"
	"option150/platform/httpd"
	"option150/platform/probe"
	"option150/platform/service"
	"option150/platform/tftp"
	"option150/telephony/audit"
	"option150/telephony/callcontrol"
	"option150/telephony/inventory"
)

// showAudit is `show provisioning audit`: the findings, and what was not looked
// at.
func showAudit(b *Box) language.Declaration {
	return tabled(action(showHead+`provisioning("Provisioning of phones") audit("Findings about the configuration, flash: and the network")`, 0, "facts/diagnosis.md 4", func(in *language.Invocation) error {
		p := AuditText(b.Audit(in.Ctx, in.Config, true))
		p.WriteString(keptText(b.Language.Idle(in.Config)))
		return columns.Print(in.Out, p)
	}), auditTable)
}

// auditTable is the findings.
var auditTable = columns.Form("", "%-3s  %-8s %s\n", "code severity text seen fix")

// AuditText is a report as an operator reads it.
func AuditText(r audit.Report) *columns.Page {
	w := &columns.Page{}
	t := w.Table(auditTable)
	for i := range r.Findings {
		f := &r.Findings[i]
		t.Object([]any{f.Code, f.Severity, f, f.Evidence, f.Fix}, f.Code, f.Severity, f)
		if f.Evidence != "" {
			t.Note("     SEEN     " + f.Evidence + "\n")
		}
		if len(f.Fix) > 0 {
			t.Note(fmt.Sprintf("     FIX      %s\n", f.Fix))
		}
	}
	if len(r.Unseen) > 0 {
		fmt.Fprintf(w, "Not looked at: %s\n", strings.Join(r.Unseen, "; "))
	}
	fmt.Fprintln(w, count(len(r.Findings), "finding"))
	return w
}

// auditLife is how long Findings are good for: who reads metrics looks often.
const auditLife = 30 * time.Second

// auditMemo is the last Findings.
type auditMemo struct {
	mu  sync.Mutex
	at  time.Time
	of  *config.Config
	was []audit.Finding
}

// Findings are those of an audit that asks no other host, looked for at most
// once in auditLife and after every change.
func (b *Box) Findings() []audit.Finding {
	c := b.Store.Current()
	m := &b.audited
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of != c || time.Since(m.at) >= auditLife {
		m.was, m.of, m.at = b.Audit(context.Background(), c, false).Findings, c, time.Now()
	}
	return m.was
}

// Audit looks at everything at hand; ask says whether other hosts may be asked,
// which takes up to probe.Wait.
func (b *Box) Audit(ctx context.Context, c *config.Config, ask bool) audit.Report {
	f := b.Store.Facts()
	w := b.world(c, f)
	if ask {
		w.Answers = answers(ctx, allowed(c, audit.Questions(c, f)))
		if dropped, ok := host.Firewall(ctx, phonePorts(c)); ok {
			w.Firewall = &audit.Firewall{Detail: "nft list ruleset"}
			for _, d := range dropped {
				w.Firewall.Dropped = append(w.Firewall.Dropped, audit.Dropped{Proto: d.Proto, Port: d.Port.Port, Rule: d.Rule})
			}
		}
		w.Self = b.selfTest(ctx)
	}
	return audit.Run(c, f, w)
}

// machine is what the machine has left, or what the world of a test says.
func (b *Box) machine() *audit.Machine {
	if b.Machine != nil {
		return b.Machine
	}
	m := host.ReadMemory()
	left := &audit.Machine{MemoryTotal: m.Total, MemoryFree: m.Available}
	if b.Flash != nil {
		left.DiskTotal, left.DiskFree, _ = b.Flash.Usage()
	}
	return left
}

// world is what a look at the box itself shows.
func (b *Box) world(c *config.Config, f config.Facts) audit.World {
	w := audit.World{Clock: &audit.Clock{Now: time.Now()}}
	w.Machine = b.machine()
	if b.Flash != nil {
		w.Flash = &audit.Flash{Home: b.homePath(), Find: b.Find, Kept: b.findKept, Open: func(p string) (io.ReadCloser, error) { return b.Flash.Open(p) }}
		for _, e := range b.Flash.Files("") {
			w.Flash.Files = append(w.Flash.Files, audit.File{Path: e.Path, Size: e.Size})
		}
	}
	if b.CNF != nil {
		w.Set = b.CNF.Current()
	}
	if b.Supervisor != nil {
		w.Services = b.sockets(c, f)
	}
	if b.DHCP != nil {
		w.Others = &audit.Others{}
		for _, s := range b.DHCP.ForeignServers() {
			w.Others.Servers = append(w.Others.Servers, audit.DHCPServer{Addr: s.Server, Interface: s.Interface, Option150: s.Option150, Ago: time.Since(s.Last)})
		}
		for _, l := range b.DHCP.Bindings() {
			w.Others.Heard = append(w.Others.Heard, l.Addr)
		}
		w.Leases = []audit.Leases{}
		for _, p := range b.DHCP.PoolStats() {
			w.Leases = append(w.Leases, audit.Leases{Pool: p.Name, Total: p.Total, Leased: p.Leased, Offered: p.Offered, Free: max(0, p.Total-p.Leased-p.Offered-p.Excluded)})
		}
	}
	if b.Inventory != nil {
		w.Phones = &audit.Phones{}
		waiting := b.notReset(c)
		for _, p := range b.phones() {
			x := audit.Phone{Device: p.Device(), MAC: p.MAC.CME()}
			if !p.Typed { // else it is the configured type, which nobody confirmed
				x.Model = p.Model
			}
			if p.LoadBasis == inventory.Observed {
				x.Runs = p.Load
			}
			if b.Told != nil {
				k, _ := b.Told.Of(p.MAC)
				x.Switch, x.Port = k.Switch, k.Port
				if k.Load != "" {
					x.Runs = k.Load
				}
			}
			if r, ok := waiting[p.MAC]; ok {
				x.Unread, x.From, x.To = "upgrade "+r.Name+" waits for it to boot", r.Window.From, r.Window.To
			}
			for _, v := range slices.Concat(p.Others, []inventory.Verdict{p.Verdict}) {
				if v.Code == "R32" && x.Unread == "" {
					x.Unread = v.Evidence
				}
			}
			x.Stone, x.Kept = b.stoneOf(c, p.MAC)
			w.Phones.Seen = append(w.Phones.Seen, x)
		}
	}
	if b.Upstream != nil && c.Upstream.Abroad() {
		w.Alternates = b.alternatesSeen()
	}
	if b.NTP != nil {
		a, ok := b.NTP.Best()
		w.Clock.Synced = ok && a.Synchronised()
	}
	if b.HostKeys != nil {
		some := len(b.HostKeys.Public()) > 0
		w.HostKeys = &some
	}
	return w
}

// serving are the services whose sockets phones need, by the owner the plan
// names.
var serving = map[string]string{httpd.Owner: config.HTTPD, hfs.Owner: config.HTTPD, tftp.Owner: config.TFTP, dhcp.Owner: config.DHCP, v6.Owner: v6.ServiceName}

// sockets tells how the sockets of the plan stand, and who else has one.
func (b *Box) sockets(c *config.Config, f config.Facts) []audit.Service {
	out := []audit.Service{}
	for _, e := range c.Endpoints(f) {
		name, ok := serving[e.Owner]
		if !ok {
			continue
		}
		st := b.Supervisor.Status(name)
		s := audit.Service{Name: "the " + strings.TrimPrefix(e.Owner, "the "), Port: e.Port, Proto: string(e.Proto), Why: st.Why}
		switch st.State {
		case service.Running, service.Starting, service.Degraded, "":
			s.Up = true
		default:
			s.Holder = host.Holder(string(e.Proto), e.Port)
		}
		if s.Why == "" {
			s.Why = "it is " + string(st.State)
		}
		out = append(out, s)
	}
	return out
}

// phonePorts are the ports phones have to reach.
func phonePorts(c *config.Config) (out []host.Port) {
	if c.DHCP.Service && len(c.DHCP.Pools) > 0 {
		out = append(out, host.Port{Proto: "udp", Port: 67})
	}
	if t := &c.Telephony; t.Service.Present || t.Global.Present || len(c.Files.Bindings) > 0 {
		out = append(out, host.Port{Proto: "udp", Port: 69})
	}
	if c.HFS.Enabled && c.HTTP.Server {
		port := c.HFS.Port
		if port == 0 {
			port = c.HTTP.Port
		}
		out = append(out, host.Port{Proto: "tcp", Port: port})
	}
	return out
}

// selfTest connects to every TCP listener for phones, and asks for a file the
// box serves over both transports, as a phone does.
func (b *Box) selfTest(ctx context.Context) (out []audit.SelfTest) {
	if b.HTTPD == nil {
		return nil
	}
	for _, l := range b.HTTPD.Listeners() {
		if !l.Up {
			continue // said of its service
		}
		at := netip.AddrPortFrom(l.Endpoint.Addr, l.Endpoint.Port)
		if !at.Addr().IsValid() || at.Addr().IsUnspecified() {
			at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
		}
		t := audit.SelfTest{Name: fmt.Sprintf("a connection to port %d", at.Port())}
		d := net.Dialer{Timeout: probe.Wait}
		if conn, err := d.DialContext(ctx, "tcp", at.String()); err != nil {
			t.Fault = "it is not taken"
		} else {
			conn.Close()
		}
		out = append(out, t)
	}
	return append(out, b.selfFetch(ctx)...)
}

// allowed are the questions that may be asked: with `no phone-probe
// call-control` no call control is.
func allowed(c *config.Config, qs []audit.Question) []audit.Question {
	return slices.DeleteFunc(qs, func(q audit.Question) bool { return q.Kind == audit.AskControl && !c.Control.Probe })
}

// answers asks the questions, all at once.
func answers(ctx context.Context, qs []audit.Question) map[audit.Question]audit.Answer {
	out := make(map[audit.Question]audit.Answer, len(qs))
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, q := range qs {
		all.Go(func() {
			a := answer(ctx, q)
			mu.Lock()
			defer mu.Unlock()
			out[q] = a
		})
	}
	all.Wait()
	return out
}

func answer(ctx context.Context, q audit.Question) audit.Answer {
	var p probe.Prober
	var a probe.Answer
	switch q.Kind {
	case audit.AskFiles:
		a = p.Files(ctx, q.Addr)
	case audit.AskFile:
		a = p.File(ctx, q.Addr, q.Name)
	case audit.AskControl:
		x := callcontrol.Ask(ctx, callcontrol.Target{Addr: netip.AddrPortFrom(q.Addr, q.Port), SIP: q.SIP})
		if a.OK, a.Detail = x.OK, x.Why; x.OK {
			a.Detail = "it answers"
		}
		a.Detail += " (" + string(x.Basis) + ")"
	}
	return audit.Answer{OK: a.OK, Silent: a.Silent, TFTP: a.TFTP, HTTP: a.HTTP, Detail: q.Addr.String() + ": " + a.Detail}
}
