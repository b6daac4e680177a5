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
	// All exchanges together fit into the pool.
	figures := []figure{perSecond, p50, p99, perDone, resent, failed}
	phones := func(n, most int) contest {
		about := fmt.Sprintf("exchanges of %d phones at a time", n)
		if n == 1 {
			about = "exchanges of one phone at a time"
		}
		return contest{about, job{Kind: "dhcp", Target: at(67), Clients: n, For: b.longer(3 * time.Second), Count: most / b.rounds}, figures, nil}
	}
	if err := b.compare(ctx, "DHCP with leases at an engine", box, peers, []contest{phones(1, 8_000), phones(16, 12_000), phones(256, 27_000)}); err != nil {
		return err
	}
	return b.leases(ctx, box, peers[0])
}

// leases is the memory of the box itself, once it has given out so many: alone, and
// where it has them from an engine too.
func (b *bench) leases(ctx context.Context, box, shared kind) error {
	const many = 10_000
	t := b.report.table("Memory of the box, without what is beside it", []string{box.name, shared.name}, map[string]string{})
	t.heading(fmt.Sprintf("%d leases", many))
	begun, full := t.row(memoryAt("without a lease")), t.row(memoryAt("with all"))
	for _, k := range []kind{box, shared} {
		s, err := k.start(ctx, b)
		if err != nil {
			t.note(err.Error())
			continue
		}
		before, err := s.restingBox(ctx, b.binary)
		if err == nil {
			var r result
			r, err = s.stand.load(ctx, job{Kind: "dhcp", Target: at(67), Clients: 64, Count: many, For: 2 * time.Minute}, nil)
			if err == nil && r.Done < many {
				err = fmt.Errorf("%d exchanges only: %s", r.Done, r.Problem)
			}
		}
		var after float64
		if err == nil {
			after, err = s.restingBox(ctx, b.binary)
		}
		s.stop()
		if err != nil {
			t.note(k.name + ": " + err.Error())
			continue
		}
		begun.set(k.name, before/1e6)
		full.set(k.name, after/1e6)
	}
	begun.ratios(box.name)
	full.ratios(box.name)
	return ctx.Err()
}

func memoryAt(when string) figure {
	return figure{name: "memory, idle, " + when, unit: "MB", digits: 1}
}

// restingBox is the resident set of the one process of a server that is the box, when
// nobody has asked anything for two seconds.
func (s *server) restingBox(ctx context.Context, binary string) (float64, error) {
	if _, err := s.resting(ctx); err != nil {
		return 0, err
	}
	for _, pid := range family(s.p.cmd.Process.Pid) {
		if exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); exe == binary {
			resident, _ := statm(pid)
			return float64(resident), nil
		}
	}
	return 0, fmt.Errorf("%s: no process is %s", s.name, binary)
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
