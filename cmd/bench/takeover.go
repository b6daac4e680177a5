package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"option150/platform/netns"
)

// takeover is measured only where it is named: it takes minutes.
var takeover = section{"takeover", "the time without service when a box, a member or the leader of its etcd dies, beside Kea with its HA hook", measureTakeover}

// The second server of a stand, and who has the third member of etcd.
var (
	secondAddr = netip.MustParseAddr("10.150.0.3")
	thirdAddr  = netip.MustParseAddr("10.150.0.4")
)

// duo is two servers and a third host on one LAN, with the clients.
type duo struct {
	a, b, c *stand // all of one switch and one client
	dir     string
	run     map[string]*process // by what they are
}

func newDuo(b *bench, name string) (*duo, error) {
	first, err := newStand(name)
	if err != nil {
		return nil, err
	}
	d := &duo{a: first, run: map[string]*process{}}
	for _, h := range []struct {
		to   **stand
		addr netip.Addr
	}{{&d.b, secondAddr}, {&d.c, thirdAddr}} {
		host, err := netns.NewHost(name + " " + h.addr.String())
		if err == nil {
			*h.to = &stand{lan: first.lan, server: host, client: first.client}
			_, err = first.lan.Plug(host, netns.Cable{Addr: netip.PrefixFrom(h.addr, lanBits)})
		}
		if err == nil {
			err = host.SetGateway(clientAddr)
		}
		if err != nil {
			d.close()
			return nil, err
		}
	}
	if d.dir, err = b.newDir("duo"); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *duo) close() {
	for _, p := range d.run {
		p.stop()
	}
	for _, s := range []*stand{d.b, d.c} {
		if s != nil {
			_ = s.server.Close()
		}
	}
	_ = d.a.close()
}

// start starts a program on one of the hosts.
func (d *duo) start(what string, on *stand, argv ...string) error {
	p, err := start(on, exec.Command("/proc/self/exe", append([]string{asShim, plain}, argv...)...))
	if err == nil {
		d.run[what] = p
	}
	return err
}

// kill is kill -9.
func (d *duo) kill(what string) error {
	p := d.run[what]
	if p == nil {
		return fmt.Errorf("nothing is called %s", what)
	}
	return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
}

// ask runs a program on the clients' host.
func (d *duo) ask(ctx context.Context, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := d.a.client.Start(cmd); err != nil {
		return "", err
	}
	err := cmd.Wait()
	return out.String(), err
}

var trio = []netip.Addr{serverAddr, secondAddr, thirdAddr}

func memberURL(i, port int) string { return fmt.Sprintf("http://%s:%d", trio[i], port) }

// boxes are two boxes, with a member of etcd each and the third beside them.
func (d *duo) boxes(ctx context.Context, b *bench) error {
	var cluster, clients []string
	for i := range trio {
		cluster = append(cluster, fmt.Sprintf("m%d=%s", i, memberURL(i, 2380)))
		clients = append(clients, memberURL(i, 2379))
	}
	for i, on := range []*stand{d.a, d.b, d.c} {
		c, p := memberURL(i, 2379), memberURL(i, 2380)
		if err := d.start(fmt.Sprintf("m%d", i), on, "etcd", "--name", fmt.Sprintf("m%d", i), "--data-dir", filepath.Join(d.dir, fmt.Sprintf("etcd%d", i)), "--listen-client-urls", c, "--advertise-client-urls", c,
			"--listen-peer-urls", p, "--initial-advertise-peer-urls", p, "--initial-cluster", strings.Join(cluster, ","), "--log-level", "error"); err != nil {
			return err
		}
	}
	if _, err := d.leader(ctx); err != nil {
		return err
	}
	for name, on := range map[string]*stand{"A": d.a, "B": d.b} {
		dir, err := b.newDir("box" + name)
		if err != nil {
			return err
		}
		config, err := boxDirectory(b, dir)
		if err == nil {
			err = appendConfig(dir, fleetSection(name, clients))
		}
		if err == nil {
			err = d.start(name, on, b.binary, "run", "--config", config)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leader is the member that leads, when there is one.
func (d *duo) leader(ctx context.Context) (string, error) {
	var all []string
	for i := range trio {
		all = append(all, memberURL(i, 2379))
	}
	for end := time.Now().Add(patience); ; {
		out, err := d.ask(ctx, "etcdctl", "--endpoints", strings.Join(all, ","), "endpoint", "status")
		for line := range strings.Lines(out) {
			f := strings.Split(line, ", ") // endpoint, id, version, size, whether it leads
			if len(f) < 5 || f[4] != "true" {
				continue
			}
			for i := range all {
				if f[0] == all[i] {
					return fmt.Sprintf("m%d", i), nil
				}
			}
		}
		if time.Now().After(end) {
			return "", fmt.Errorf("etcd has no leader: %w: %.300s", errors.Join(err, ctx.Err()), out)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// keas are two servers of Kea, the second a hot standby, with the times that its
// manual has in its examples.
func (d *duo) keas() error {
	for name, on := range map[string]*stand{"A": d.a, "B": d.b} {
		dir := filepath.Join(d.dir, "kea"+name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		hooks, _ := filepath.Glob("/usr/lib/*/kea/hooks/libdhcp_ha.so")
		if len(hooks) == 0 {
			return errors.New("no HA hook of Kea: apt-get install kea-common")
		}
		config := strings.Replace(keaConf, `"valid-lifetime"`, fmt.Sprintf(keaHA, filepath.Dir(hooks[0]), name)+`"valid-lifetime"`, 1)
		argv, err := keaCommand("/usr/sbin/kea-dhcp4", config, dir)
		if err == nil {
			err = d.start(name, on, argv...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keaHA is its hook. [Kea Administrator Reference Manual 2.2, 16.12 High Availability]
const keaHA = `"multi-threading": {"enable-multi-threading": true, "thread-pool-size": 2, "packet-queue-size": 64},
	"hooks-libraries": [{"library": "%[1]s/libdhcp_lease_cmds.so"}, {"library": "%[1]s/libdhcp_ha.so", "parameters": {"high-availability": [{
		"this-server-name": "%[2]s", "mode": "hot-standby", "heartbeat-delay": 10000, "max-response-delay": 60000, "max-ack-delay": 5000, "max-unacked-clients": 5,
		"multi-threading": {"enable-multi-threading": true, "http-dedicated-listener": true, "http-listener-threads": 2, "http-client-threads": 2},
		"peers": [{"name": "A", "url": "http://10.150.0.1:8000/", "role": "primary"}, {"name": "B", "url": "http://10.150.0.3:8000/", "role": "standby"}]}]}}],
	`

// death is who dies under which load.
type death struct {
	about string
	known bool
	kill  func(context.Context, *duo) error
}

func dies(what string) func(context.Context, *duo) error {
	return func(_ context.Context, d *duo) error { return d.kill(what) }
}

// measureTakeover measures one death after the other, each in a world of its own.
func measureTakeover(ctx context.Context, b *bench) error {
	t := b.report.table("Two servers on a LAN, one dies (kill -9)", []string{option150.name, keaDHCP.name}, map[string]string{})
	leads := func(ctx context.Context, d *duo) error {
		who, err := d.leader(ctx)
		if err != nil {
			return err
		}
		return d.kill(who)
	}
	box := func(ctx context.Context, d *duo) error { return d.boxes(ctx, b) }
	kea := func(_ context.Context, d *duo) error { return d.keas() }
	for _, x := range []death{
		{"nobody dies, phones that have leases", true, nil},
		{"a server dies, phones that have leases", true, dies("A")},
		{"a server dies, new phones", false, dies("A")},
		{"a member of etcd that does not lead dies, new phones", false, func(ctx context.Context, d *duo) error {
			who, err := d.leader(ctx)
			if err != nil {
				return err
			}
			for i := range trio {
				if m := fmt.Sprintf("m%d", i); m != who {
					return d.kill(m)
				}
			}
			return nil
		}},
		{"the leader of etcd dies, new phones", false, leads},
	} {
		t.heading(x.about)
		rows := []*row{t.row(longest), t.row(waited), t.row(failed)}
		for name, begin := range map[string]func(context.Context, *duo) error{option150.name: box, keaDHCP.name: kea} {
			if name == keaDHCP.name && strings.Contains(x.about, "etcd") {
				continue
			}
			s, err := b.death(ctx, name, begin, x)
			if err != nil {
				t.note(fmt.Sprintf("%s, %s: %v", x.about, name, err))
				continue
			}
			for i, f := range []figure{longest, waited, failed} {
				rows[i].set(name, f.of(s))
			}
		}
		for _, r := range rows {
			r.ratios(t.Servers[0])
		}
	}
	return ctx.Err()
}

var (
	longest = figure{"no phone gets an address for", "s", false, func(x sample) float64 { return x.Longest.Seconds() }, 2}
	waited  = figure{"the phone that waits longest", "s", false, func(x sample) float64 { return x.Waited.Seconds() }, 2}
)

// death runs one world.
func (b *bench) death(ctx context.Context, name string, begin func(context.Context, *duo) error, x death) (sample, error) {
	d, err := newDuo(b, name)
	if err != nil {
		return sample{}, err
	}
	defer d.close()
	if err := begin(ctx, d); err != nil {
		return sample{}, err
	}
	// Both have to be at work: HA of Kea is, once the two have spoken.
	probe := job{Kind: "dhcp", Target: at(67), Clients: 1, Count: 1, For: time.Second}
	const together = 90 * time.Second // Kea's two look for each other every ten seconds, some times
	for end := time.Now().Add(together); ; {
		r, err := d.a.load(ctx, probe, nil)
		if err == nil && r.Done > 0 {
			break
		}
		if time.Now().After(end) {
			return sample{}, fmt.Errorf("it does not answer: %v %s; it says: %s", err, r.Problem, d.run["A"].log)
		}
	}
	select {
	case <-ctx.Done():
		return sample{}, ctx.Err()
	case <-time.After(2 * time.Second):
	}
	j := job{Kind: "gap", Target: at(67), Others: []netip.AddrPort{netip.AddrPortFrom(secondAddr, 67)}, For: b.longer(100 * time.Second)}
	if x.known {
		j.Count = gapKnown
	}
	if name == option150.name || x.kill == nil {
		j.For = b.longer(30 * time.Second)
	}
	died := make(chan error, 1)
	r, err := d.a.load(ctx, j, func() error {
		go func() {
			var err error
			if time.Sleep(2 * time.Second); x.kill != nil {
				err = x.kill(ctx, d)
			}
			died <- err
		}()
		return nil
	})
	return sample{result: r}, errors.Join(err, <-died)
}
