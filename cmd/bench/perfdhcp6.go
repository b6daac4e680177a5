package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"option150/platform/netns"
)

// DHCPv6 by the load generator of the field. It asks as a relay does: by its one
// Ethernet address it would be a bridge with too many stations behind it.

var (
	serverAddr6 = netip.MustParseAddr("2001:db8:150::1")
	clientAddr6 = netip.MustParseAddr("2001:db8:150::2")
)

// six gives both ends of a stand their addresses of IPv6, at once: nobody else is
// there to have them.
func (s *stand) six() error {
	for _, h := range []*netns.Host{s.server, s.client} {
		if err := h.Do(func() error { return os.WriteFile("/proc/sys/net/ipv6/conf/eth0/accept_dad", []byte("0"), 0o644) }); err != nil {
			return err
		}
	}
	if err := s.server.AddAddr("eth0", netip.PrefixFrom(serverAddr6, 64)); err != nil {
		return err
	}
	return s.client.AddAddr("eth0", netip.PrefixFrom(clientAddr6, 64))
}

// pool6 is what the box has beside its other lines.
const pool6 = `ipv6 dhcp pool SIX
 address prefix 2001:db8:150::/64
 vendor-specific 9
  suboption 1 address 2001:db8:150::1
!
interface GigabitEthernet0/0
 ipv6 address 2001:db8:150::1/64
 ipv6 dhcp server SIX
!
`

var box6 = kind{
	name: option150.name, six: true,
	command: func(b *bench, dir string) ([]string, error) {
		argv, err := option150.command(b, dir)
		if err != nil {
			return nil, err
		}
		name := filepath.Join(dir, "nvram", "startup-config")
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		return argv, os.WriteFile(name, []byte(strings.Replace(string(text), "ip http server\n", pool6+"ip http server\n", 1)), 0o644)
	},
}

var kea6 = kind{
	name: "Kea", program: "kea-dhcp6", pkg: "kea-dhcp6-server", six: true,
	command: func(_ *bench, dir string) ([]string, error) { return keaCommand("kea-dhcp6", keaConf6, dir) },
}

// As for IPv4: its leases in a file, which it does not sync, and nothing logged.
const keaConf6 = `{"Dhcp6": {
	"interfaces-config": {"interfaces": ["eth0/2001:db8:150::1"]},
	"lease-database": {"type": "memfile", "persist": true, "name": "%[1]s/leases6.csv", "lfc-interval": 0},
	"server-id": {"type": "LL", "persist": false, "htype": 1, "identifier": "020000000001"},
	"preferred-lifetime": 43200, "valid-lifetime": 86400,
	"subnet6": [{"id": 1, "subnet": "2001:db8:150::/64", "interface": "eth0", "pools": [{"pool": "2001:db8:150::1:0-2001:db8:150::ffff:ffff"}]}],
	"loggers": [{"name": "kea-dhcp6", "output_options": [{"output": "/dev/null"}], "severity": "ERROR"}]
}}
`

var perfLoads6 = []int{2000, 4000, 8000}

// measurePerf6 is DHCPv6 beside Kea, through a relay.
func measurePerf6(ctx context.Context, b *bench) error {
	target := netip.AddrPortFrom(serverAddr6, 547)
	probe := job{Kind: "perfdhcp6", Target: target, Count: 20, For: time.Second}
	box, kea := box6, kea6
	box.probe, kea.probe = probe, probe
	t, servers, err := b.field(ctx, "DHCPv6 by perfdhcp through a relay, every lease on disk", box, []kind{kea})
	defer stopAll(servers)
	if err != nil {
		return err
	}
	goodput, half, most, perReply := perSecond, p50, p99, perDone
	goodput.name, half.name, most.name, perReply.name = "REPLYs a second", "REQUEST to REPLY, half of them within", "REQUEST to REPLY, 99 % within", "processor time a REPLY"
	for _, n := range perfLoads6 {
		_, err := b.put(ctx, t, servers, contest{fmt.Sprintf("%d exchanges a second offered", n),
			job{Kind: probe.Kind, Target: target, Count: n, For: max(2*time.Second, b.longer(3*time.Second).Round(time.Second))},
			[]figure{goodput, half, most, perReply, failed}, nil})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
