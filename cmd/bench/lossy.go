package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"option150/platform/netns"
	"option150/platform/tftp/client"
)

// lossy is measured only where it is named: `make lossy`. Programs that others
// wrote fetch a file over a line that loses and reorders frames, from the box and
// from its peers.
var lossy = section{"lossy", "foreign clients on a line that loses frames, beside tftpd-hpa, dnsmasq and atftpd", measureLossy}

// lossyMost bounds one transfer: who takes longer has failed.
const lossyMost = 4 * time.Minute

// foreign is a program that fetches FILE of SERVER into OUT.
type foreign struct {
	name    string
	program string // of the path, "" = this program
	pkg     string // Debian package
	windows bool   // needs a server that grants windowsize
	web     bool   // asks by HTTP, which the box alone of these speaks
	args    []string
}

var foreignClients = []foreign{
	{name: "tftp of tftp-hpa", program: "tftp", pkg: "tftp-hpa", args: []string{"-m", "binary", "SERVER", "-c", "get", "FILE", "OUT"}},
	{name: "atftp", program: "atftp", pkg: "atftp", args: []string{"--get", "--remote-file", "FILE", "--local-file", "OUT", "SERVER"}},
	{name: "busybox tftp", program: "busybox", pkg: "busybox", args: []string{"tftp", "-g", "-r", "FILE", "-l", "OUT", "SERVER"}},
	{name: "curl", program: "curl", pkg: "curl", args: []string{"-s", "-S", "-f", "-o", "OUT", "tftp://SERVER/FILE"}},
	{name: "pin/tftp, blksize 1428", args: []string{asPin, "SERVER", "FILE", "OUT"}},
	{name: "curl over HTTP", program: "curl", pkg: "curl", web: true, args: []string{"-s", "-S", "-f", "-o", "OUT", "http://SERVER:6970/FILE"}},
}

// windowed is atftp with a window. [RFC 7440]
func windowed(n int) foreign {
	return foreign{name: fmt.Sprintf("atftp, windowsize %d", n), program: "atftp", pkg: "atftp", windows: true,
		args: []string{"--option", fmt.Sprintf("windowsize %d", n), "--get", "--remote-file", "FILE", "--local-file", "OUT", "SERVER"}}
}

// course is a kind of line with what is fetched over it.
type course struct {
	about   string
	rtt     time.Duration
	loss    float64 // of the frames, each way
	reorder float64
	file    string
	clients []foreign
}

func courses(quick bool) []course {
	c := []course{
		{"100 kB, 20 ms, nothing lost", 20 * time.Millisecond, 0, 0, "bench100k.bin", foreignClients},
		{"100 kB, 20 ms, 2 % lost each way", 20 * time.Millisecond, 0.02, 0, "bench100k.bin", foreignClients},
		{"2 MB, 20 ms, 2 % lost each way, 5 % out of order", 20 * time.Millisecond, 0.02, 0.05, "bench2m.bin", []foreign{windowed(8), windowed(16), windowed(64)}},
	}
	if quick {
		c = c[1:2]
	}
	return c
}

// granting says which servers grant windowsize.
var granting = map[string]bool{"option150": true, "atftpd": true}

var atftpd = kind{
	name: "atftpd", program: "atftpd", pkg: "atftpd",
	command: func(b *bench, dir string) ([]string, error) {
		return []string{"atftpd", "--daemon", "--no-fork", "--user", "root.root", "--logfile", "/dev/null", dir}, b.filesTo(dir)
	},
}

// asPin is this program as a client by the library pin/tftp.
const asPin = "pin"

func pinMain(args []string) int {
	if len(args) != 3 {
		return 2
	}
	f, err := os.Create(args[2])
	if err == nil {
		_, err = client.Get(context.Background(), args[0], args[1], f, 1<<30)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func measureLossy(ctx context.Context, b *bench) error {
	if err := b.makeFile(file{name: "bench2m.bin", size: 2_000_000}); err != nil {
		return err
	}
	probe := b.job(job{Kind: "tftp", Target: at(69), Clients: 1}, "bench3k.bin")
	box, peers := option150, []kind{tftpdHPA, dnsmasqTFTP, atftpd}
	absent := map[string]string{}
	names := []string{box.name}
	var stands []*lossyStand
	defer func() {
		for _, s := range stands {
			s.close()
		}
	}()
	for i, k := range append([]kind{box}, peers...) {
		k.probe = probe
		if k.name != box.name {
			names = append(names, k.name)
		}
		s, err := newLossyStand(ctx, b, k)
		switch {
		case err == nil:
			stands = append(stands, s)
		case i == 0:
			return err
		default:
			absent[k.name] = err.Error()
		}
	}
	t := b.report.table("A line that loses frames: seconds to fetch a file", names, absent)
	for _, c := range courses(b.quick) {
		t.heading(c.about)
		for _, p := range c.clients {
			r := t.row(figure{name: p.name, unit: "s", digits: 2})
			if p.program != "" {
				if _, err := exec.LookPath(p.program); err != nil {
					t.note(p.name + " is not installed: apt-get install " + p.pkg)
					continue
				}
			}
			for _, s := range stands {
				if p.web && s.name != box.name || p.windows && !granting[s.name] {
					continue
				}
				s.line.set(c.rtt, c.loss)
				s.line.reorder.Store(uint64(c.reorder * 1e9))
				took, failed, why := s.fetch(ctx, b, p, c.file)
				if len(took) > 0 {
					r.set(s.name, median(took).Seconds())
				}
				if failed > 0 {
					t.note(fmt.Sprintf("%s, %s, %s: %d of %d failed: %s", s.name, c.about, p.name, failed, b.rounds, why))
				}
				if err := ctx.Err(); err != nil {
					return err
				}
			}
			r.ratios(box.name)
		}
	}
	return nil
}

// lossyStand is a server with a phone behind a line of its own.
type lossyStand struct {
	*server
	there *netns.LAN
	phone *netns.Host
	line  *line
}

func newLossyStand(ctx context.Context, b *bench, k kind) (_ *lossyStand, err error) {
	s := &lossyStand{}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.server, err = k.start(ctx, b); err != nil {
		return s, err
	}
	if err = s.stand.server.OneFrameEach("eth0"); err != nil {
		return s, err
	}
	if s.there, err = netns.NewLAN(); err != nil {
		return s, err
	}
	if s.phone, err = netns.NewHost("phone far from " + k.name); err != nil {
		return s, err
	}
	if _, err = s.there.Plug(s.phone, netns.Cable{Addr: netip.MustParsePrefix("10.150.0.9/16"), Frames: true}); err != nil {
		return s, err
	}
	s.line, err = newLine(s.stand.lan, s.there)
	return s, err
}

func (s *lossyStand) close() {
	if s.line != nil {
		s.line.close()
	}
	if s.phone != nil {
		_ = s.phone.Close()
	}
	if s.there != nil {
		_ = s.there.Close()
	}
	if s.server != nil {
		s.server.stop()
	}
}

// fetch has a program fetch a file, rounds times.
func (s *lossyStand) fetch(ctx context.Context, b *bench, p foreign, name string) (took []time.Duration, failed int, why string) {
	want := b.job(job{}, name)
	for range b.rounds {
		d, err := s.once(ctx, b, p, want)
		if err != nil {
			failed++
			why = err.Error()
			continue
		}
		took = append(took, d)
	}
	return took, failed, why
}

func (s *lossyStand) once(ctx context.Context, b *bench, p foreign, want job) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, lossyMost)
	defer cancel()
	out := filepath.Join(b.dir, "fetched")
	_ = os.Remove(out)
	args := make([]string, len(p.args))
	for i, a := range p.args {
		args[i] = strings.NewReplacer("SERVER", serverAddr.String(), "FILE", want.File, "OUT", out).Replace(a)
	}
	program := p.program
	if program == "" {
		program = "/proc/self/exe"
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.WaitDelay = b.dir, time.Second
	begun := time.Now()
	said, err := s.phone.Output(cmd)
	took := time.Since(begun)
	if ctx.Err() != nil {
		return took, fmt.Errorf("no end after %s", lossyMost)
	}
	got, e := os.ReadFile(out)
	switch {
	case e == nil && crc32.ChecksumIEEE(got) == want.Sum:
		return took, nil // whatever the program says of itself
	case err != nil:
		return took, fmt.Errorf("%w: %.80s", err, bytes.TrimSpace(said))
	}
	return took, fmt.Errorf("%d bytes received, not those %d of the file: %.80s", len(got), want.Size, bytes.TrimSpace(said))
}
