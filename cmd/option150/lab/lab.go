// Package lab is `option150 lab`: a private user and network namespace with a
// LAN, the real appliance on the real ports and simulated phones, each in a
// network namespace of its own. No root, no hardware, nothing touched on the
// host but a directory below the temporary one, which goes with the lab.
//
//	box (this process)          phone 1         phone 2 ...
//	eth0 10.150.0.1/24            eth0            eth0
//	  |                             |               |
//	--+-----------------------------+---------------+--  LAN
//
// Follows DESIGN 1 and facts/diagnosis.md 16. Failure: where user
// namespaces are forbidden, one line with the remedy. Testing: the end-to-end
// tests use New inside a namespace of their own.
package lab

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"option150/cmd/option150/appliance"
	"option150/platform/ether"
	"option150/platform/netns"
	"option150/platform/settings"
	"option150/telephony/audit"
	"option150/telephony/firmware"
	"option150/telephony/inventory"
	"option150/telephony/simphone"
	"option150/telephony/simphone/peers"
)

// Main is the command. The status is that of the process.
func Main(args []string, version, commit string) int {
	o, ok := parse(args)
	if !ok {
		return 2
	}
	if o.listed {
		return 0
	}
	inside, status, err := netns.Enter(netns.Options{Name: "lab"})
	if !inside {
		if err != nil {
			fmt.Fprintf(os.Stderr, "option150: lab: %v\n", err)
			return 1
		}
		return status
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	defer stop()
	if err == nil {
		o.Version, o.Commit = version, commit
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "option150: lab: %v\n", err)
		return 1
	}
	return 0
}

// parse reads the arguments; what is wrong has been said.
func parse(args []string) (o Options, ok bool) {
	f := flag.NewFlagSet("option150 lab", flag.ContinueOnError)
	f.SetOutput(os.Stderr)
	sharing := f.Bool("pfs", false, "18 phones in two subnets that upgrade and share firmware (Peer Firmware Sharing)")
	f.BoolVar(&o.IPv6, "ipv6", false, "two phones, one with IPv4 and IPv6, one with IPv6 alone, and a router that advertises itself")
	f.BoolVar(&o.Mirror, "mirror", false, "with -pfs: a mirror port of the voice LAN on GigabitEthernet0/2")
	fault := f.String("fault", "", "a lab with exactly one `defect`; list names them, random hides which (show lab answer tells it)")
	if f.Parse(args) != nil {
		return o, false
	}
	switch {
	case f.NArg() > 0:
		fmt.Fprintf(os.Stderr, "option150: lab takes no arguments, %q is one\n", f.Arg(0))
		return o, false
	case o.IPv6 && (*sharing || *fault != ""):
		fmt.Fprintln(os.Stderr, "option150: lab: -ipv6 is a lab of its own")
		return o, false
	case o.Mirror && !*sharing:
		fmt.Fprintln(os.Stderr, "option150: lab: -mirror is for -pfs")
		return o, false
	}
	if *fault == "list" {
		fmt.Print(FaultList())
		o.listed = true
		return o, true
	}
	if *fault != "" {
		if o.Fault, ok = FaultNamed(*fault); !ok {
			fmt.Fprintf(os.Stderr, "option150: lab: no fault is called %q; --fault list names them\n", *fault)
			return o, false
		}
		if *sharing {
			fmt.Fprintln(os.Stderr, "option150: lab: -fault and -pfs are two labs")
			return o, false
		}
	}
	o.Phones = simphone.Catalogue()
	if o.IPv6 {
		o.Phones = simphone.Six()
	}
	if *sharing {
		s := Sharers()
		o.Phones, o.Far, o.Sharing, o.Sizes = s.Phones, s.Far, s.Sharing, s.Sizes
	}
	return o, true
}

func run(ctx context.Context, o Options) error {
	root, err := os.MkdirTemp("", "option150-lab-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	o.Root, o.Console = root, true
	typing := term.IsTerminal(int(os.Stdin.Fd()))
	for {
		l, err := New(o)
		if err != nil {
			return err
		}
		if typing {
			fmt.Print(welcome(len(o.Phones) + len(o.Far)))
		} else {
			l.Settle(ctx, settleTime) // a script asks about phones that are up
			l.shown(ctx)
		}
		err = l.Run(ctx)
		l.Close()
		if !errors.Is(err, appliance.ErrReload) {
			return err
		}
	}
}

// settleTime bounds how long a script waits for the phones.
const settleTime = 60 * time.Second

const tour = `Option 150 lab: a LAN of its own with this box and %d simulated phones that boot now.
Nothing on the host is touched. They are fifty times as fast as real ones, and what
verdicts wait for is shortened to that: %s of silence instead of %s. Try:
  show phones                       every phone, its state and the verdict
  show phone SEP001E7A000001        what one phone did, step by step
  show ip dhcp binding
  show running-config
  terminal monitor, then debug tftp events
A line that ends in ? says what can follow. The password of enable is %s, and so
is that of the user lab. exit ends the lab.

`

// welcome is what somebody reads who opens a lab at a terminal.
func welcome(phones int) string {
	return fmt.Sprintf(tour, phones, inventory.ShortWaits().Quiet, inventory.DefaultWaits().Quiet, password)
}

// Options are what a lab is made of.
type Options struct {
	Root    string // directory of the box
	Version string
	Commit  string
	Console bool   // the console is standard input and output
	Config  string // startup-config; "" = that of the lab
	SSH     string // address SSH listens on; "" = [::]:22
	More    string // further sections of the configuration of the lab
	Lines   string // further lines of its telephony-service
	Phones  []simphone.Spec
	Far     []simphone.Spec // phones of a second subnet, behind GigabitEthernet0/1
	// Sharing makes the phones share firmware; Truth has what they did.
	Sharing *peers.Habits
	IPv6    bool    // IPv6 on the voice LAN, with a router that advertises itself
	Mirror  bool    // a mirror port of the first subnet, on GigabitEthernet0/2
	Twice   bool    // it shows each frame twice
	Pace    float64 // of the phones, see simphone.Options; 0 = 0.02
	Sizes   firmware.Sizes
	// OnStep is told every step of every phone, from several goroutines.
	OnStep func(simphone.Step)
	Fault  *Fault // the defect it has; nil = none
	// NoControl leaves the call control out that the phones register at.
	NoControl bool
	Machine   *audit.Machine // see appliance.Options
	listed    bool           // the names of the faults were printed, and that is all
	// Hold keeps the phones unplugged until Boot.
	Hold bool
}

// Lab is a LAN with a box and phones.
type Lab struct {
	opt     Options
	Box     *appliance.Appliance
	LAN     *netns.LAN
	far     *netns.LAN
	Port    *netns.Port // of the box
	Mirror  *netns.Mirror
	Control *Control // nil = none
	router  *Advertiser
	cancel  context.CancelFunc
	ctx     context.Context
	wg      sync.WaitGroup

	mu        sync.Mutex
	truth     []peers.Share
	up        map[ether.MAC]bool // provisioned, by the phone's own account
	hosts     map[ether.MAC]*netns.Host
	others    []*netns.Host
	plugs     map[ether.MAC]func()
	rogue     *Rogue
	alternate *alternate
	twin      func() // takes the machine away that uses the address of a phone
}

// pace makes a phone's pauses between files a fiftieth of real ones.
const pace = 0.02

// New builds the LAN, opens the box and plugs the phones in. It must run inside
// a private namespace.
func New(o Options) (*Lab, error) {
	if o.Pace == 0 {
		o.Pace = pace
	}
	if o.SSH == "" {
		o.SSH = "[::]:22"
	}
	if o.Fault != nil {
		o.Fault.apply(&o)
	}
	if o.Config == "" {
		o.Config = ConfigOf(o)
	}
	l := &Lab{opt: o, hosts: map[ether.MAC]*netns.Host{}, up: map[ether.MAC]bool{}, plugs: map[ether.MAC]func(){}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	if err := l.open(); err != nil {
		l.Close()
		return nil, err
	}
	if o.Hold {
		return l, nil
	}
	for _, s := range append(slices.Clone(o.Phones), o.Far...) {
		if err := l.Boot(s); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

func (l *Lab) open() (err error) {
	if l.LAN, err = netns.NewLAN(); err != nil {
		return err
	}
	here, err := netns.Here()
	if err != nil {
		return err
	}
	if l.Port, err = l.LAN.Plug(here, netns.Cable{Interface: "eth0"}); err != nil {
		return err
	}
	if len(l.opt.Far) > 0 {
		if l.far, err = netns.NewLAN(); err != nil {
			return err
		}
		if _, err := l.far.Plug(here, netns.Cable{Interface: "eth1"}); err != nil {
			return err
		}
	}
	if l.opt.Mirror {
		if l.Mirror, err = l.LAN.Mirror(here, netns.Cable{Interface: "eth2"}, l.opt.Twice); err != nil {
			return err
		}
	}
	if !l.opt.NoControl {
		if err := l.startControl(); err != nil {
			return err
		}
	}
	if l.opt.IPv6 {
		h, err := l.Host("router", netip.Prefix{})
		if err != nil {
			return err
		}
		l.others = append(l.others, h)
		if l.router, err = StartAdvertiser(h, "eth0", Network6, true); err != nil {
			return err
		}
	}
	if f := l.opt.Fault; f != nil && f.before != nil {
		if err := f.before(l); err != nil {
			return err
		}
	}
	device := "none"
	if l.opt.Console {
		device = "stdio"
	}
	s := settings.Default()
	s.Root = l.opt.Root
	s.Interfaces = []settings.Interface{{Name: "GigabitEthernet0/0", Device: "eth0", Managed: true}}
	if l.far != nil {
		s.Interfaces = append(s.Interfaces, settings.Interface{Name: "GigabitEthernet0/1", Device: "eth1", Managed: true})
	}
	if l.opt.Mirror {
		s.Interfaces = append(s.Interfaces, settings.Interface{Name: "GigabitEthernet0/2", Device: "eth2", Managed: true})
	}
	s.Console.Device, s.SSH.Listen = device, l.opt.SSH
	waits := inventory.ShortWaits()
	l.Box, err = appliance.Open(appliance.Options{Settings: s, Version: l.opt.Version, Commit: l.opt.Commit,
		ConsoleEnds: l.opt.Console, Prepared: l.prepare, Waits: &waits, Probe: time.Second, Watch: l.opt.Fault != nil, Machine: l.opt.Machine})
	if err != nil {
		return err
	}
	if f := l.opt.Fault; f != nil {
		l.Box.Box().LabAnswer = f.Answer
		if f.after != nil {
			return f.after(l)
		}
	}
	return nil
}

// Boot gives a phone a namespace, a cable and power.
func (l *Lab) Boot(s simphone.Spec) error {
	host, err := netns.NewHost(s.MAC.Device())
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.hosts[s.MAC] = host
	l.mu.Unlock()
	lan := l.LAN
	if slices.ContainsFunc(l.opt.Far, func(f simphone.Spec) bool { return f.MAC == s.MAC }) {
		lan = l.far
	}
	// What phones send each other is to look as on a wire.
	if _, err := lan.Plug(host, netns.Cable{Interface: "eth0", MAC: net.HardwareAddr(s.MAC[:]), Frames: l.opt.Sharing != nil}); err != nil {
		return err
	}
	p, err := simphone.New(s, simphone.Options{In: host.Do, Pace: l.opt.Pace, Log: l.opt.OnStep, Sharing: l.habits(), Register: true})
	if err != nil {
		return err
	}
	ctx, unplug := context.WithCancel(l.ctx)
	done := make(chan struct{})
	l.mu.Lock()
	l.plugs[s.MAC] = func() { unplug(); <-done }
	l.mu.Unlock()
	pages := p.Pages()
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		defer close(done)
		served := make(chan struct{})
		go func() { defer close(served); _ = pages.Serve(ctx, host.Do) }()
		defer func() { <-served }()
		_ = p.Live(ctx, 0, func(o simphone.Outcome) {
			pages.Up(o)
			l.mu.Lock()
			defer l.mu.Unlock()
			l.up[s.MAC] = o.Kind == simphone.Provisioned
		})
	}()
	return nil
}

// Replug takes a phone away, and puts another in its place, or the same with
// what was wrong with it put right.
func (l *Lab) Replug(s simphone.Spec) error {
	l.mu.Lock()
	host, unplug := l.hosts[s.MAC], l.plugs[s.MAC]
	l.mu.Unlock()
	if unplug != nil {
		unplug()
		_ = host.Close()
	}
	return l.Boot(s)
}

// habits are those of the lab, with their truth kept.
func (l *Lab) habits() *peers.Habits {
	if l.opt.Sharing == nil {
		return nil
	}
	h := *l.opt.Sharing
	told := h.Record
	h.Record = func(s peers.Share) {
		l.mu.Lock()
		l.truth = append(l.truth, s)
		l.mu.Unlock()
		if told != nil {
			told(s)
		}
	}
	return &h
}

// Truth is what the phones did to get their firmware, by their own account.
func (l *Lab) Truth() []peers.Share {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.truth)
}

// provisioned is what a phone says of itself.
func (l *Lab) provisioned(mac ether.MAC) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up[mac]
}

// Host makes a machine with a cable in the LAN: a foreign client.
func (l *Lab) Host(name string, addr netip.Prefix) (*netns.Host, error) {
	h, err := netns.NewHost(name)
	if err != nil {
		return nil, err
	}
	_, err = l.LAN.Plug(h, netns.Cable{Interface: "eth0", Addr: addr})
	return h, err
}

// Settle waits until every phone is provisioned, by its own account and by the
// box's, or time is up, and reports whether all are.
func (l *Lab) Settle(ctx context.Context, most time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for {
		n := 0
		l.mu.Lock()
		up := maps.Clone(l.up)
		l.mu.Unlock()
		for _, p := range l.Box.Box().Inventory.Phones(time.Now()) {
			if p.Up() && up[p.MAC] || l.opt.Fault != nil && p.Verdict.Code != inventory.Open {
				n++
			}
		}
		if n == len(l.opt.Phones)+len(l.opt.Far) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Run opens the doors of the box and waits for its end.
func (l *Lab) Run(ctx context.Context) error { return l.Box.Run(ctx) }

// Close takes everything away.
func (l *Lab) Close() {
	l.cancel()
	if l.Box != nil {
		l.Box.Close()
	}
	l.wg.Wait()
	if l.Control != nil {
		l.Control.Close()
	}
	l.stopTwin()
	if l.router != nil {
		l.router.Close()
	}
	if l.rogue != nil {
		l.rogue.Close()
	}
	for _, h := range l.hosts {
		_ = h.Close()
	}
	for _, h := range l.others {
		_ = h.Close()
	}
	for _, lan := range []*netns.LAN{l.LAN, l.far} {
		if lan != nil {
			_ = lan.Close()
		}
	}
}
