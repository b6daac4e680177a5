package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
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

// death is who dies under which load.
type death struct {
	about  string
	known  bool // phones have leases
	rebind bool // and are at T2
	engine bool // it is of the engine, which only the box has
	kill   func(context.Context, *duo) error
}

func dies(what string) func(context.Context, *duo) error {
	return func(_ context.Context, d *duo) error { return d.kill(what) }
}

// leads kills the member that leads.
func leads(ctx context.Context, d *duo) error {
	who, err := d.leader(ctx)
	if err != nil {
		return err
	}
	return d.kill(who)
}

// follows kills a member that does not lead.
func follows(ctx context.Context, d *duo) error {
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
}

// machine kills a box with the member of its machine, the one that leads if it is
// one of the two.
func machine(ctx context.Context, d *duo) error {
	who, err := d.leader(ctx)
	if err != nil {
		return err
	}
	if who == "m1" {
		return errors.Join(d.kill("B"), d.kill("m1"))
	}
	return errors.Join(d.kill("A"), d.kill("m0"))
}

var deaths = []death{
	{about: "nobody dies, phones that have leases restart", known: true},
	{about: "a server dies, phones that have leases restart", known: true, kill: dies("A")},
	{about: "a server dies, phones that have leases are at T2", known: true, rebind: true, kill: dies("A")},
	{about: "a server dies, new phones", kill: dies("A")},
	{about: "a machine dies with the box and a member of etcd, new phones", engine: true, kill: machine},
	{about: "a machine dies with the box and a member of etcd, phones that have leases restart", known: true, engine: true, kill: machine},
	{about: "a member of etcd that does not lead dies, new phones", engine: true, kill: follows},
	{about: "the leader of etcd dies, new phones", engine: true, kill: leads},
	{about: "the leader of etcd dies, phones that have leases restart", known: true, engine: true, kill: leads},
}

// world is one of what is compared.
type world struct {
	name   string
	begin  func(context.Context, *duo) error
	engine bool
	lasts  time.Duration // of the load when somebody dies
}

// measureTakeover measures one death after the other, each in a world of its own.
func measureTakeover(ctx context.Context, b *bench) error {
	worlds := []world{{option150.name, func(ctx context.Context, d *duo) error { return d.boxes(ctx, b) }, true, 20 * time.Second}}
	for _, k := range haModes {
		worlds = append(worlds, world{k.name, func(_ context.Context, d *duo) error { return d.keas(k) }, false, k.lasts})
	}
	var names []string
	for _, w := range worlds {
		names = append(names, w.name)
	}
	t := b.report.table("Two servers on a LAN, one dies (kill -9)", names, map[string]string{})
	for _, m := range haModes {
		t.note(m.name + ": " + m.about)
	}
	for _, x := range deaths {
		t.heading(x.about)
		figures := []figure{longest, waited, failed}
		var rows []*row
		for _, f := range figures {
			rows = append(rows, t.row(f))
		}
		for _, w := range worlds {
			if x.engine && !w.engine {
				continue
			}
			s, err := b.death(ctx, w, x)
			if err != nil {
				t.note(fmt.Sprintf("%s, %s: %v", x.about, w.name, err))
				continue
			}
			for i, f := range figures {
				rows[i].set(w.name, f.of(s))
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
func (b *bench) death(ctx context.Context, w world, x death) (sample, error) {
	d, err := newDuo(b, w.name)
	if err != nil {
		return sample{}, err
	}
	defer d.close()
	if err := w.begin(ctx, d); err != nil {
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
	j := job{Kind: "gap", Target: at(67), Others: []netip.AddrPort{netip.AddrPortFrom(secondAddr, 67)}, For: b.longer(w.lasts), Rebind: x.rebind}
	if x.known {
		j.Count = gapKnown
	}
	if x.kill == nil {
		j.For = b.longer(20 * time.Second)
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
