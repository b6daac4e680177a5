package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// measureFleet is what it costs that a lease is at an engine before its ACK: the box
// alone, with one member of etcd and with three, beside Kea with its leases in a file
// and in PostgreSQL. Everything of one kind is on one machine and counts as its server.
func measureFleet(ctx context.Context, b *bench) error {
	probe := job{Kind: "dhcp", Target: at(67), Clients: 1, Count: 1, For: 2 * time.Second}
	box := option150
	peers := []kind{fleetOf(1), fleetOf(3), keaDHCP, keaPostgres}
	box.probe = probe
	for i := range peers {
		peers[i].probe = probe
	}
	figures := []figure{perSecond, p50, p99, perDone, resent, failed}
	return b.compare(ctx, "DHCP with leases at an engine", box, peers, []contest{
		{"exchanges of one phone at a time", job{Kind: "dhcp", Target: at(67), Clients: 1, For: b.longer(3 * time.Second)}, figures, nil},
		{"exchanges of 16 phones at a time", job{Kind: "dhcp", Target: at(67), Clients: 16, For: b.longer(3 * time.Second)}, figures, nil},
		{"exchanges of 256 phones at a time", job{Kind: "dhcp", Target: at(67), Clients: 256, For: b.longer(3 * time.Second)}, figures, nil},
	})
}

// fleetOf is the box with so many members of etcd.
func fleetOf(members int) kind {
	name := "with etcd"
	if members > 1 {
		name = "with " + strconv.Itoa(members) + " etcd"
	}
	return kind{name: name, program: "etcd", pkg: "etcd-server", several: true,
		command: func(b *bench, dir string) ([]string, error) {
			steps, urls := etcdSteps(dir, members)
			config, err := boxDirectory(b, dir)
			if err != nil {
				return nil, err
			}
			if err := appendConfig(dir, fleetSection("A", urls)); err != nil {
				return nil, err
			}
			return togetherArgs(dir, append(steps, step{Argv: []string{b.binary, "run", "--config", config}}))
		}}
}

// etcdSteps are members of an engine on the loopback interface.
func etcdSteps(dir string, members int) (steps []step, urls []string) {
	url := func(base, i int) string { return fmt.Sprintf("http://127.0.0.1:%d", base+10*i) }
	var cluster []string
	for i := range members {
		cluster = append(cluster, fmt.Sprintf("m%d=%s", i, url(2380, i)))
	}
	for i := range members {
		c, p := url(2379, i), url(2380, i)
		urls = append(urls, c)
		s := step{Argv: []string{"etcd", "--name", fmt.Sprintf("m%d", i), "--data-dir", filepath.Join(dir, fmt.Sprintf("etcd%d", i)), "--listen-client-urls", c, "--advertise-client-urls", c,
			"--listen-peer-urls", p, "--initial-advertise-peer-urls", p, "--initial-cluster", strings.Join(cluster, ","), "--log-level", "error"}}
		s.Ready = strings.TrimPrefix(p, "http://") // the client's port is open when there is a leader
		if i == members-1 {
			s.Ready = strings.TrimPrefix(c, "http://")
		}
		steps = append(steps, s)
	}
	return steps, urls
}

func fleetSection(name string, urls []string) string {
	var w strings.Builder
	fmt.Fprintf(&w, "fleet\n name %s\n domain BENCH\n", name)
	for _, u := range urls {
		fmt.Fprintf(&w, " server %s\n", u)
	}
	w.WriteString(" bindings share\n!\n")
	return w.String()
}

// appendConfig puts lines before the end of a startup configuration.
func appendConfig(dir, lines string) error {
	name := filepath.Join(dir, "nvram", "startup-config")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(strings.TrimSuffix(string(text), "end\n")+lines+"end\n"), 0o644)
}

// keaPostgres is Kea with its leases in PostgreSQL as Debian sets it up, with fsync.
var keaPostgres = kind{
	name: "Kea, PostgreSQL", program: "kea-dhcp4", pkg: "kea-dhcp4-server postgresql", several: true,
	command: func(_ *bench, dir string) ([]string, error) {
		programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
		if len(programs) == 0 {
			return nil, fmt.Errorf("it is not installed: apt-get install postgresql")
		}
		bin := filepath.Dir(programs[len(programs)-1])
		data := filepath.Join(dir, "pg")
		kea, err := keaCommand("/usr/sbin/kea-dhcp4", strings.Replace(keaConf, keaMemfile, `{"type": "postgresql", "name": "kea", "host": "127.0.0.1", "port": 5432, "user": "kea", "password": "kea"}`, 1), dir)
		if err != nil {
			return nil, err
		}
		sql := func(more ...string) step {
			return step{Argv: append([]string{filepath.Join(bin, "psql"), "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "kea"}, more...), Env: []string{"PGPASSWORD=kea"}}
		}
		return togetherArgs(dir, []step{
			{Argv: []string{filepath.Join(bin, "initdb"), "-D", data, "-U", "kea", "--auth=trust", "--locale=C.UTF-8"}, NotRoot: true},
			{Argv: []string{filepath.Join(bin, "postgres"), "-D", data, "-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1"}, NotRoot: true, Ready: "127.0.0.1:5432"},
			sql("-d", "postgres", "-c", "CREATE DATABASE kea"),
			sql("-d", "kea", "-f", "/usr/share/kea/scripts/pgsql/dhcpdb_create.pgsql"),
			{Argv: kea},
		})
	},
}
