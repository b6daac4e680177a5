package browser

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/listen"
	"option150/platform/metrics"
	"option150/platform/metrics/pages"
	"option150/platform/service"
	"option150/telephony/advice"
	"option150/telephony/inventory"
)

// box is what the page looks at: a branch that tests change.
type box struct {
	mu        sync.Mutex
	seq       uint64
	phones    []inventory.Phone
	expected  []pages.Expected
	transfers []pages.Transfer
	foreign   []pages.Foreign
	lines     []string
	changes   []pages.Change
	at        string
	window    *metrics.Server
	page      *pages.Pages
}

func macOf(n int) ether.MAC { return ether.MAC{0, 0x1e, 0x7a, 0, byte(n >> 8), byte(n)} }

func addrOf(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 150, byte(n / 250), byte(n%250 + 1)})
}

var rooms = []string{"Reception", "Warehouse", "Dr. Weber", "Meeting room 2", "Kitchen", "Ward 3", "Sales", "Lobby"}

// hostile is what a station may put into a name.
const hostile = `<img src=x onerror="alert(1)">` + "\u202e\u0007gnp.exe"

// phoneOf is phone n of a branch: most are up, some are not.
func phoneOf(n int, now time.Time) inventory.Phone {
	p := inventory.Phone{MAC: macOf(n), Addr: addrOf(n), Model: []string{"7961", "7941", "7970", "7942"}[n%4], Pool: "VOICE", Load: "SCCP41.9-4-2SR3-1S", LoadBasis: inventory.Observed, Wanted: "SCCP41.9-4-2SR3-1S",
		State: inventory.Provisioned, Basis: inventory.Observed, Verdict: inventory.Verdict{Code: inventory.OK, Text: "It came up.", Basis: inventory.Observed}, Boot: 1, Started: now.Add(-time.Hour), Seen: now.Add(-time.Duration(n) * time.Second), Took: 14200 * time.Millisecond}
	switch {
	case n%40 == 7:
		p.State, p.Wanted = inventory.Stuck, "SCCP41.9-4-2SR31-S"
		p.Verdict = inventory.Verdict{Code: "R07", Text: "It is to run SCCP41.9-4-2SR31-S, which is not here; SCCP41.9-4-2SR3-1S is.", Evidence: "404 for SCCP41.9-4-2SR31-S.loads", Basis: inventory.Observed, Blocking: true,
			Fix: advice.Steps{advice.In("telephony-service", "load 7961 SCCP41.9-4-2SR3-1S"), advice.In("telephony-service", "create cnf-files")}}
	case n%50 == 9:
		p.Verdict = inventory.Verdict{Code: "R25", Text: "Files are served; its call control 10.150.0.2 does not answer.", Basis: inventory.Inferred}
	case n%33 == 4:
		p.State = inventory.Loading
		p.Verdict = inventory.Verdict{Code: inventory.Open, Text: "It is loading its firmware.", Basis: inventory.Observed}
	case n%10 == 3:
		p.Basis, p.Verdict.Basis = inventory.Inferred, inventory.Inferred
	}
	if n == 1 {
		p.Model = hostile
	}
	return p
}

// bootsOf is a boot with a lane of everything, and one before it.
func bootsOf(now time.Time) []inventory.Boot {
	boot := func(n int, start time.Time) inventory.Boot {
		at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
		return inventory.Boot{Number: n, Start: start, Lines: []inventory.Line{
			{At: at(0), Transport: "DHCP", What: "DISCOVER", Name: "Cisco Systems, Inc. IP Phone CP-7961G", Bytes: -1},
			{At: at(0.012), Transport: "DHCP", What: "OFFER", Name: "10.150.0.8", Bytes: -1},
			{At: at(0.4), Transport: "DHCP", What: "REQUEST", Name: "10.150.0.8", Bytes: -1},
			{At: at(0.42), Transport: "DHCP", What: "ACK", Name: "10.150.0.8", Result: "option 150 10.150.0.1", Bytes: -1},
			{At: at(2.1), Transport: "HTTP", What: "GET", Name: "CTLSEP001E7A000007.tlv", Result: "404", Bytes: 0, Duration: time.Millisecond, Remark: "normal: no security"},
			{At: at(2.4), Transport: "HTTP", What: "GET", Name: "SEP001E7A000007.cnf.xml", Result: "200", Bytes: 4200, Duration: 40 * time.Millisecond},
			{At: at(3.0), Transport: "HTTP", What: "GET", Name: "jar41sccp.9-4-2ES26.sbn", Result: "200", Bytes: 2400000, Duration: 3400 * time.Millisecond},
			{At: at(6.6), Transport: "HTTP", What: "GET", Name: "cvm41sccp.9-4-2ES26.sbn", Result: "200", Bytes: 4100000, Duration: 5100 * time.Millisecond},
			{At: at(12), Transport: "TFTP", What: "RRQ", Name: "dictionary.xml", Result: "error 1", Bytes: -1},
			{At: at(12.5), Transport: "TFTP", What: "RRQ", Name: "Ringlist.xml", Result: "sent", Bytes: 900, Duration: 200 * time.Millisecond},
			{At: at(1840), Transport: "HTTP", What: "GET", Name: "SCCP41.9-4-2SR31-S.loads", Result: "404", Bytes: 0, Duration: time.Millisecond},
			{At: at(1841), Transport: "HTTP", What: "GET", Name: hostile, Bytes: -1},
		}}
	}
	return []inventory.Boot{boot(1, now.Add(-3*time.Hour)), boot(2, now.Add(-time.Hour))}
}

// newBox serves a branch of so many phones on loopback.
func newBox(t *testing.T, phones int) *box {
	t.Helper()
	now := time.Now()
	b := &box{seq: 1}
	for n := range phones {
		b.phones = append(b.phones, phoneOf(n, now))
		if n%5 != 4 {
			b.expected = append(b.expected, pages.Expected{MAC: macOf(n), Section: fmt.Sprintf("ephone %d", n+1), Name: fmt.Sprintf("%s %d", rooms[n%len(rooms)], n), Type: "7961"})
		}
	}
	b.expected = append(b.expected, pages.Expected{MAC: macOf(phones + 1), Section: "pool 7", Name: "Spare in the cellar", Type: "8841"})
	for n := range 4 {
		b.transfers = append(b.transfers, pages.Transfer{Transport: "HTTP", Client: netip.AddrPortFrom(addrOf(4+33*n), 40000), File: "cvm41sccp.9-4-2ES26.sbn", Size: 4100000, Sent: int64(700000 * (n + 1)), Since: now})
	}
	for n := range 60 {
		b.lines = append(b.lines, fmt.Sprintf("Nov 29 08:%02d:00.123: %%SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.%d)", n, n))
	}
	b.lines = append(b.lines, "Nov 29 09:01:00.000: %DHCPD-2-FOREIGN: Another DHCP server answers", "Nov 29 09:02:00.000: %TFTP-4-BUSY: "+hostile)
	b.changes = []pages.Change{{Number: 9, Who: "admin on vty0 (10.0.0.5)", From: now.Add(-4 * time.Minute), To: now.Add(-3 * time.Minute), Lines: []string{" telephony-service", "- load 7961 SCCP41.9-4-2SR31-S", "+ load 7961 SCCP41.9-4-2SR3-1S", "-enable secret 9 *****", "+enable secret 9 *****"}},
		{Number: 1, Who: "startup-config", From: now.Add(-time.Hour), To: now.Add(-time.Hour)}}
	s := pages.Sources{Sources: metrics.Sources{Version: "1.0", Started: now.Add(-time.Hour), Hostname: func() string { return "Branch" },
		Phones: func(time.Time) []inventory.Phone { return locked(b, &b.phones) },
		Services: func() []metrics.Service {
			return []metrics.Service{{Name: "dhcp", Configured: true, Status: service.Status{State: service.Running}}, {Name: "hfs", Configured: true, Status: service.Status{State: service.Running}},
				{Name: "tftp", Configured: true, Status: service.Status{State: service.Failed, Why: "port 69 is held by another program"}}, {Name: "sshd", Configured: true, Status: service.Status{State: service.Running}}}
		},
		Pools: func() []metrics.Pool {
			return []metrics.Pool{{Name: "VOICE", Total: 1022, Leased: phones, Excluded: 10}, {Name: "LAB", Total: 14, Leased: 13, Excluded: 1}}
		},
		Serving: func() (int, int) { b.mu.Lock(); defer b.mu.Unlock(); return len(b.transfers), 200 },
		Findings: func() []metrics.Finding {
			return []metrics.Finding{{Severity: "error", Section: "telephony-service", Text: "A07 load SCCP41.9-4-2SR31-S is not in flash:", Fix: "load 7961 SCCP41.9-4-2SR3-1S"}, {Severity: "warning", Text: "A31 no time server answers"}}
		}},
		Last: func() uint64 { b.mu.Lock(); defer b.mu.Unlock(); return b.seq },
		Phone: func(name string, _ time.Time) (inventory.Phone, bool) {
			for _, p := range locked(b, &b.phones) {
				if p.Device() == name {
					p.Boots = bootsOf(now)
					return p, true
				}
			}
			return inventory.Phone{}, false
		},
		Expected:  func() []pages.Expected { return locked(b, &b.expected) },
		Transfers: func() []pages.Transfer { return locked(b, &b.transfers) },
		Foreign:   func() []pages.Foreign { return locked(b, &b.foreign) },
		Log:       func(n int) []string { l := locked(b, &b.lines); return l[max(0, len(l)-n):] },
		Changes:   func() []pages.Change { return locked(b, &b.changes) },
		Firmware: func([]string) []pages.Load {
			return []pages.Load{{Name: "SCCP41.9-4-2SR3-1S", Types: []string{"7961", "7941"}, Present: 6, Total: 6, Whole: true}, {Name: "SCCP70.9-4-2SR3-1S", Types: []string{"7970"}, Present: 4, Total: 6, Missing: []string{"jvm70sccp.9-4-2ES26.sbn is absent", "dsp70.9-4-2ES26.sbn is damaged"}}}
		},
		Upgrades: func() []pages.Upgrade {
			return []pages.Upgrade{{Name: "spring", State: "running", Type: "7961", Load: "SCCP41.9-4-2SR3-1S", Wave: 2, Started: now.Add(-time.Hour), Waves: []pages.Wave{
				{Number: 1, Total: 10, States: []pages.Count{{What: "done", N: 10}}}, {Number: 2, Total: 50, States: []pages.Count{{What: "done", N: 21}, {What: "running", N: 20}, {What: "stuck", N: 2}, {What: "not reset", N: 7}}}, {Number: 3, Total: 140, States: []pages.Count{{What: "waiting", N: 140}}}}}}
		},
		Sharing: func() []pages.Tree { return []pages.Tree{treeOf(now)} },
	}
	var err error
	if b.page, err = pages.New(s); err != nil {
		t.Fatal(err)
	}
	s.Page = b.page
	b.window = metrics.New(s.Sources)
	t.Cleanup(b.window.Close)
	c, err := b.window.Prepare(context.Background(), nil, metrics.Spec{Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: netip.MustParseAddr("127.0.0.1"), Owner: "metrics"}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	b.at = "http://" + b.window.Status().Listeners[0].AddrPort().String()
	return b
}

func treeOf(now time.Time) pages.Tree {
	t := pages.Tree{Subnet: "10.150.0.0/24", Family: "7941/7961", Load: "SCCP41.9-4-2SR3-1S", Files: "cvm41sccp.9-4-2ES26.sbn, jar41sccp.9-4-2ES26.sbn", Start: now.Add(-30 * time.Minute), End: now, Findings: []string{"2 phones waited for a parent that had ended"}}
	t.Nodes = append(t.Nodes, pages.Node{MAC: macOf(2), Role: "root", Basis: "observed", Bytes: 6500000, Took: 9 * time.Second})
	for n := 3; n < 12; n++ {
		basis := "observed"
		if n%3 == 0 {
			basis = "inferred"
		}
		t.Nodes = append(t.Nodes, pages.Node{MAC: macOf(n), Parent: macOf(n/2 + n%2), Role: "child", Basis: basis, Bytes: 6500000, Took: 11 * time.Second})
	}
	return t
}

// do changes the branch and says that something happened.
func (b *box) do(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
	b.seq++
}

func locked[T any](b *box, list *[]T) []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(*list)
}
