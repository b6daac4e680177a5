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
	"time"
)

// server is one of what is compared, running on a stand of its own.
type server struct {
	name  string
	kind  kind
	stand *stand
	p     *process
	argv  []string
}

// kind is how to run one of what is compared.
type kind struct {
	name    string
	program string // "" = the box itself
	pkg     string // Debian package
	six     bool   // it is asked over IPv6
	several bool   // its command is the steps of several programs
	forks   bool   // has a process for each transfer and forgets them
	says    string // what `--version` of it says, where others have a program of the name
	// command prepares the directory and gives the command line.
	command func(b *bench, dir string) ([]string, error)
	// probe is a small job that tells whether it answers.
	probe job
}

// sample is one round.
type sample struct {
	result
	cpu  time.Duration // of the server
	peak int64         // its memory while the load was on, bytes
}

// find is where the program is, in PATH or where Debian puts servers, or why
// the peer cannot be measured here: it is not there, or what is there is
// another of the same name.
func (k kind) find() (path, why string) {
	why = "it is not installed: apt-get install " + k.pkg
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		path, err := exec.LookPath(dir + k.program)
		if err != nil {
			continue
		}
		if k.says == "" {
			return path, ""
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		out, _ := exec.CommandContext(ctx, path, "--version").CombinedOutput()
		cancel()
		if strings.Contains(string(out), k.says) {
			return path, ""
		}
		why = path + " is not " + k.name + ": apt-get install " + k.pkg
	}
	return "", why
}

// start runs the server on a new stand and waits for its first answer.
func (k kind) start(ctx context.Context, b *bench) (*server, error) {
	if k.program != "" {
		if _, why := k.find(); why != "" {
			return nil, errors.New(why)
		}
	}
	st, err := newStand(k.name)
	if err != nil {
		return nil, err
	}
	s := &server{name: k.name, kind: k, stand: st}
	if k.six {
		err = st.six()
	}
	if err == nil {
		err = s.prepare(b)
	}
	if err == nil {
		err = s.run(ctx)
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("%s: %w", k.name, err)
	}
	return s, nil
}

// prepare makes the server's directory and command line.
func (s *server) prepare(b *bench) error {
	dir, err := b.newDir(s.name)
	if err != nil {
		return err
	}
	argv, err := s.kind.command(b, dir)
	if err != nil {
		return err
	}
	how := plain
	switch {
	case s.kind.several:
		how = together
	case s.kind.program != "":
		argv[0], _ = s.kind.find()
	}
	if s.kind.forks {
		how = forAudit
	}
	s.argv = append([]string{asShim, how}, argv...)
	return nil
}

// run starts the process and waits for its first answer.
func (s *server) run(ctx context.Context) error {
	var err error
	if s.p, err = start(s.stand, exec.Command("/proc/self/exe", s.argv...)); err != nil {
		return err
	}
	if err := s.answers(ctx, s.kind.probe); err != nil {
		return err
	}
	return s.p.settled(ctx)
}

// answers waits until the server serves the probe.
func (s *server) answers(ctx context.Context, probe job) error {
	end := time.Now().Add(patience)
	for {
		r, err := s.stand.load(ctx, probe, nil)
		if err == nil && r.Done > 0 {
			return nil
		}
		if e := s.p.alive(); e != nil {
			return e
		}
		if err == nil {
			err = fmt.Errorf("no answer: %s", r.Problem)
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w; it says: %s", err, s.p.log)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// round makes the load once and measures.
func (s *server) round(ctx context.Context, j job) (sample, error) {
	if s.kind.forks { // the children of the round before would be counted for ever
		s.p.stop()
		if err := s.run(ctx); err != nil {
			return sample{}, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if err := s.p.settled(ctx); err != nil {
		return sample{}, err
	}
	before := s.p.cpu()
	peak := s.p.peak()
	r, err := s.stand.load(ctx, j, nil)
	most := peak()
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", s.name, err)
	}
	if err := s.p.settled(ctx); err != nil {
		return sample{}, err
	}
	return sample{result: r, cpu: s.p.cpu() - before, peak: most}, nil
}

func (s *server) stop() {
	if s.p != nil {
		s.p.stop()
	}
	_ = s.stand.close() // everything in it ends with this program
}

// at is an endpoint of the server under test.
func at(port uint16) netip.AddrPort { return netip.AddrPortFrom(serverAddr, port) }

// option150 is the box: settings, a startup configuration, files in flash.
var option150 = kind{
	name: "option150",
	command: func(b *bench, dir string) ([]string, error) {
		config, err := boxDirectory(b, dir)
		return []string{b.binary, "run", "--config", config}, err
	},
}

// startupConfig switches on everything a branch office has on. Its pool is that
// of Kea: the clients' own address is in none, or the box would wait for ARP
// wherever it has not asked before, as it does on a LAN where somebody uses an
// address of a pool without a lease.
const startupConfig = `hostname Bench
!
ip dhcp excluded-address 10.150.0.1 10.150.63.255
!
ip dhcp pool VOICE
 network 10.150.0.0 255.255.0.0
 default-router 10.150.0.1
 option 150 ip 10.150.0.1
!
ip http server
!
%s!
telephony-service
 hfs enable port 6970
 max-ephones 10
 ip source-address 10.150.0.1 port 2000
!
end
`

const boxSettings = `root = %q

[[interfaces]]
name    = "GigabitEthernet0/0"
device  = "eth0"
managed = false

[console]
device = "none"

[ssh]
listen = ""
`

// boxDirectory makes what the box needs below dir and returns its settings.
func boxDirectory(b *bench, dir string) (settings string, err error) {
	for _, d := range []string{"flash", "nvram"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return "", err
		}
	}
	var lines strings.Builder
	for _, f := range b.files {
		if err := f.copyTo(filepath.Join(dir, "flash")); err != nil {
			return "", err
		}
		fmt.Fprintf(&lines, "tftp-server flash:%s\n", f.name)
	}
	if err := os.WriteFile(filepath.Join(dir, "nvram", "startup-config"), fmt.Appendf(nil, startupConfig, &lines), 0o644); err != nil {
		return "", err
	}
	settings = filepath.Join(dir, "option150.toml")
	return settings, os.WriteFile(settings, fmt.Appendf(nil, boxSettings, dir), 0o644)
}
