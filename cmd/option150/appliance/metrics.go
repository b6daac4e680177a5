package appliance

import (
	"time"

	"option150/dhcp"
	"option150/dhcp/engine"
	"option150/dhcp/v6"
	"option150/platform/journal"
	"option150/platform/metrics"
	"option150/platform/sshd"
	"option150/telephony/inventory"
)

// sources are the snapshots the metrics listener looks at. They are asked for
// only while somebody looks, when the box is whole.
func (a *Appliance) sources() metrics.Sources {
	b, m := a.box, &a.opt.Settings.Metrics
	secret, _ := m.Secret() // checked with the settings
	return metrics.Sources{
		Access:  metrics.Access{User: m.User, Secret: secret, Anyone: m.Anyone, TLS: m.TLS},
		Version: b.Version, Commit: b.Commit, Started: b.Started, Recorder: b.Journal, Counts: a.counts,
		Hostname: func() string { return b.Store.Current().Hostname },
		Phones:   func(now time.Time) []inventory.Phone { return b.Inventory.Phones(now) },
		Services: a.serviceRows,
		Pools: func() []metrics.Pool {
			var out []metrics.Pool
			for _, p := range b.DHCP.PoolStats() {
				out = append(out, metrics.Pool{Name: p.Name, Total: p.Total, Leased: p.Leased, Offered: p.Offered, Excluded: p.Excluded})
			}
			return out
		},
		Messages: func() []metrics.Messages { return messages(b.DHCP.Statistics()) },
		Serving:  b.Files.Serving,
		Fleet:    func() (metrics.Fleet, bool) { return FleetFigures(b.Fleet.View()) },
		Disk:     b.Flash.Usage,
		Findings: func() []metrics.Finding {
			var out []metrics.Finding
			for _, p := range b.Findings() {
				out = append(out, metrics.Finding{Severity: p.Severity.String(), Section: p.Section, Text: p.Code + " " + p.Text, Fix: p.Fix.String()})
			}
			return out
		},
	}
}

func (a *Appliance) serviceRows() []metrics.Service {
	b := a.box
	configured := map[string]bool{}
	for _, w := range b.Store.Current().Plan(b.Store.Facts()) {
		configured[w.Service] = w.Spec != nil || w.Waiting != ""
	}
	var out []metrics.Service
	for _, n := range b.Supervisor.Names() {
		out = append(out, metrics.Service{Name: n, Configured: configured[n], Status: b.Supervisor.Status(n)})
	}
	return out
}

func messages(s dhcp.Statistics) []metrics.Messages {
	r, t := s.Received, s.Sent
	in := func(kind string, n uint64) metrics.Messages {
		return metrics.Messages{Direction: "received", Type: kind, N: n}
	}
	out := func(kind string, n uint64) metrics.Messages {
		return metrics.Messages{Direction: "sent", Type: kind, N: n}
	}
	return []metrics.Messages{in("bootrequest", r.BootRequest), in("discover", r.Discover), in("request", r.Request), in("decline", r.Decline),
		in("release", r.Release), in("inform", r.Inform), in("leasequery", r.LeaseQuery),
		out("bootreply", t.BootReply), out("offer", t.Offer), out("ack", t.Ack), out("nak", t.Nak), out("leasereply", t.LeaseReply)}
}

// counted hands the counts what services tell in events of their own.
type counted struct{ counts *metrics.Counts }

// Fold implements journal.Fold.
func (f counted) Fold(e journal.Entry) {
	switch v := e.Event.(type) {
	case dhcp.ForeignServer:
		f.counts.ForeignOffer(v.Server)
	case engine.Ack:
		f.counts.Leased(v.Lease, v.Lease >= engine.Infinite)
	case v6.Sent:
		if v.Type == "REPLY" && v.Addr.IsValid() && v.Valid > 0 { // one address, or none: 0 takes it back
			f.counts.Leased(v.Valid, v.Valid >= v6.Infinite)
		}
	case sshd.LoginFailed:
		f.counts.SSHLoginFailed()
	}
}
