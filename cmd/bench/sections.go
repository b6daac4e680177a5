package main

import (
	"context"
	"slices"
	"strings"
	"time"
)

// section is a part of the run that can be asked for alone.
type section struct {
	name    string
	about   string
	measure func(context.Context, *bench) error
}

var sections = []section{
	{"box", "start, memory and size of the box", measureBox},
	{"verdicts", "events folded, memory of a phone, forged phones", measureVerdicts},
	{"http", "HTTP file service beside nginx", measureHTTP},
	{"tftp", "TFTP beside tftpd-hpa and dnsmasq", measureTFTP},
	{"leases", "DHCP beside dnsmasq", measureDHCP},
	{"dhcp", "DHCP by perfdhcp beside Kea: avalanche, 4,000 to 16,000 exchanges a second, twice the peak", measurePerf},
	{"fleet", "DHCP with leases at one and three members of etcd, beside Kea with a file and with PostgreSQL", measureFleet},
	{"dhcp6", "DHCPv6 by perfdhcp beside Kea: 2,000 to 8,000 exchanges a second through a relay", measurePerf6},
	{"paste", "10,000 configuration lines pasted over SSH", measurePaste},
	{"pfs", "firmware sharing: a capture read beside tcpdump and tshark; frames on a veth; a flood of forged ones", measureSharing},
	{"files", "files of 10,000 phones built, changed and built again while they are served", measureFiles},
	{"firmware", "loads verified and an upgrade planned", measureFirmware},
}

// planner is measured only where it is named: it takes minutes.
var planner = section{"planner", "the upgrade planner beside lines of a round trip and a loss", measurePlanner}

func sectionNames() string {
	var names []string
	for _, s := range append(slices.Clone(sections), planner, lossy, takeover) {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}

func (s section) wanted(only string) bool {
	return only == "" && s.name != planner.name && s.name != lossy.name && s.name != takeover.name || slices.Contains(strings.Split(only, ","), s.name)
}

// longer is a duration that a quick run cuts.
func (b *bench) longer(d time.Duration) time.Duration {
	if b.quick {
		return d / 5
	}
	return d
}

func measureHTTP(ctx context.Context, b *bench) error {
	probe := b.job(job{Kind: "cold", Target: at(6970), Clients: 1}, "bench3k.bin")
	box, peer := option150, nginx
	box.probe, peer.probe = probe, probe
	return b.compare(ctx, "HTTP file service, port 6970", box, []kind{peer}, []contest{
		{"a 3 kB file, 50 phones that keep their connection",
			b.job(job{Kind: "http", Target: at(6970), Clients: 50, For: b.longer(1500 * time.Millisecond)}, "bench3k.bin"),
			[]figure{perSecond, p99, perDone, failed},
			[]wish{{perDone, peer.name, 0.8}, {perSecond, peer.name, 1}}},
		{"a 3 kB file, 1000 phones that connect at the same moment",
			b.job(job{Kind: "cold", Target: at(6970), Clients: 1000}, "bench3k.bin"),
			[]figure{perSecond, p50, p99, cpuTime, memory, failed},
			[]wish{{cpuTime, peer.name, 1}, {perSecond, peer.name, 1}}},
		{"a 40 MB file, one phone, five times",
			b.job(job{Kind: "http", Target: at(6970), Clients: 1, Count: 5}, "bench40m.bin"),
			[]figure{megabytes, cpuTime, failed},
			[]wish{{cpuTime, peer.name, 1}, {megabytes, peer.name, 1}}},
	})
}

// far is the round trip between a phone and the box in a campus, the time a
// phone takes to answer included.
const far = 5 * time.Millisecond

func measureTFTP(ctx context.Context, b *bench) error {
	probe := b.job(job{Kind: "tftp", Target: at(69), Clients: 1}, "bench3k.bin")
	box, hpa, dns := option150, tftpdHPA, dnsmasqTFTP
	box.probe, hpa.probe, dns.probe = probe, probe, probe
	if err := b.compare(ctx, "TFTP, blocks of 512 bytes, one at a time", box, []kind{hpa, dns}, []contest{
		{"a 10 MB file, one phone",
			b.job(job{Kind: "tftp", Target: at(69), Clients: 1}, "bench10m.bin"),
			[]figure{megabytes, perPacket, failed}, nil},
		{"a 100 kB file, 200 phones at the same time, 5 ms away",
			b.job(job{Kind: "tftp", Target: at(69), Clients: 200, RTT: far}, "bench100k.bin"),
			[]figure{packets, perPacket, p99, resent, memory, failed},
			[]wish{{perPacket, dns.name, 0.8}}},
		{"boot storm: a 3 kB file, 1000 phones at the same moment, 5 ms away",
			b.job(job{Kind: "tftp", Target: at(69), Clients: 1000, RTT: far}, "bench3k.bin"),
			[]figure{p50, p99, resent, cpuTime, memory, failed},
			[]wish{{p99, "", 150}, {resent, "", none}, {memory, "", 45}}},
	}); err != nil {
		return err
	}
	// The peers lose requests of so many, or give up: the box alone.
	if err := b.compare(ctx, "TFTP, 2,000 phones", box, nil, []contest{
		{"boot storm: a 3 kB file, 2000 phones at the same moment, 5 ms away",
			b.job(job{Kind: "tftp", Target: at(69), Clients: 2000, RTT: far}, "bench3k.bin"),
			[]figure{p50, p99, resent, cpuTime, memory, failed},
			[]wish{{resent, "", none}, {failed, "", none}}},
	}); err != nil {
		return err
	}
	large := atftpd
	large.probe = probe
	return b.compare(ctx, "TFTP, blocks of 1428 bytes, 32 for each acknowledgement", box, []kind{large}, []contest{
		{"a 40 MB file, one client, three times",
			b.job(job{Kind: "window", Target: at(69), Clients: 1, Count: 3, Block: 1428, Window: 32}, "bench40m.bin"),
			[]figure{megabytes, cpuTime, resent, failed},
			[]wish{{megabytes, large.name, 2.5}}},
	})
}

// lastDHCP bounds the phones of one round, so that all rounds together fit into
// the pool.
const lastDHCP = 12_000

func measureDHCP(ctx context.Context, b *bench) error {
	probe := job{Kind: "dhcp", Target: at(67), Clients: 1, Count: 1, For: 2 * time.Second}
	box, dns := option150, dnsmasqDHCP
	box.probe, dns.probe = probe, probe
	perSecond := perSecond
	perSecond.name = "addresses given a second"
	perDone := perDone
	perDone.name = "processor time an address"
	return b.compare(ctx, "DHCP, DISCOVER to ACK, every phone a new one, behind a relay", box, []kind{dns}, []contest{
		{"64 exchanges under way",
			job{Kind: "dhcp", Target: at(67), Clients: 64, For: b.longer(2 * time.Second), Count: min(lastDHCP, 40_000/b.rounds)},
			[]figure{perSecond, p50, p99, perDone, resent, failed}, nil},
		{"one exchange at a time",
			job{Kind: "dhcp", Target: at(67), Clients: 1, For: b.longer(time.Second), Count: min(lastDHCP, 10_000/b.rounds)},
			[]figure{perSecond, p50, p99, failed}, nil},
	})
}
