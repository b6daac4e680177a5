// Package appliance composes the box: it opens directories and identity, makes
// the journal, the services and the store, loads the startup configuration as
// one transaction, opens the doors and waits. It is the only place that knows
// everybody, and it decides nothing.
//
// Follows DESIGN 3 and 4. Concurrency: Open, then Run once; Close ends every
// goroutine. Failure: Open says in one line what keeps the box from starting;
// after it, whatever fails is the status of a service. Testing: the end-to-end
// tests and transcripts open boxes in temporary directories.
package appliance

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"option150/cli/command"
	"option150/dhcp"
	"option150/dhcp/engine"
	"option150/dhcp/v6"
	"option150/hfs"
	"option150/hfs/upstream"
	"option150/pfs"
	"option150/pfs/observe"
	"option150/platform/aaa"
	"option150/platform/archive"
	"option150/platform/capture"
	"option150/platform/config"
	"option150/platform/console"
	"option150/platform/dns"
	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/fleet"
	"option150/platform/fleet/pair"
	"option150/platform/host"
	"option150/platform/httpd"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/logging"
	"option150/platform/metrics"
	"option150/platform/metrics/pages"
	"option150/platform/netif"
	"option150/platform/ntp"
	"option150/platform/nvram"
	"option150/platform/reload"
	"option150/platform/running"
	"option150/platform/service"
	"option150/platform/settings"
	"option150/platform/sshd"
	"option150/platform/tftp"
	"option150/telephony/audit"
	"option150/telephony/callcontrol"
	"option150/telephony/cnf/cnfstore"
	"option150/telephony/custom"
	"option150/telephony/inventory"
	"option150/telephony/mobility"
	"option150/telephony/phonepage"
	"option150/telephony/recording"
	"option150/telephony/rescue"
)

// ErrReload is returned by Run when the operator asked for a reload.
var ErrReload = errors.New("reload")

// Options are what a box is made of.
type Options struct {
	Settings settings.Settings
	Version  string
	Commit   string
	HTTPAddr netip.Addr // address HTTP, HFS and TFTP bind; the zero Addr is every one. Tests use loopback
	// Prepared is called with the root directory before flash: is read.
	Prepared func(root string) error
	// Waits are those of the verdicts, nil = those of the field; Probe is the
	// time between questions to call control, 0 = as in the field.
	Waits *inventory.Waits
	Probe time.Duration
	// Machine is how much room the audit sees, nil = as there is. The disk and the
	// memory of whoever runs a test are no part of its world.
	Machine *audit.Machine
	// Watch watches the interfaces from when the box is open, not from Run.
	Watch bool
	// ConsoleEnds makes the end of the console session the end of the box.
	ConsoleEnds bool
}

// part is a service of the box and what ends it for good; nil where the
// supervisor has done all.
type part struct {
	service service.Service
	close   func()
}

// Appliance is one box.
type Appliance struct {
	opt  Options
	box  *command.Box
	lock *os.File
	keys *sshd.HostKeys

	store   atomic.Pointer[running.Store] // for who may ask before there is one
	counts  *metrics.Counts
	metrics *metrics.Server
	poller  *phonepage.Poller
	holders holders
	ways    host.Ways

	parts []part // the services

	lines   lineTable
	console atomic.Pointer[service.Status] // of a serial line

	life     context.Context
	stop     context.CancelCauseFunc
	sessions sync.WaitGroup
	closing  sync.Once
	watching sync.Once
	replans  chan struct{}

	mu     sync.Mutex
	facts  *config.Facts // of the interfaces, refreshed by netif
	closed bool          // sessions is being waited for: nobody comes in any more
}

// come counts somebody whom Close waits for until he calls a.sessions.Done;
// false if it is too late.
func (a *Appliance) come() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	a.sessions.Add(1)
	return true
}

// Open makes the box and puts its startup configuration in force. Its
// services work when it returns; its doors open with Run.
func Open(o Options) (*Appliance, error) {
	if !o.HTTPAddr.IsValid() {
		o.HTTPAddr = listen.Everywhere()
	}
	a := &Appliance{opt: o, replans: make(chan struct{}, 1)}
	a.life, a.stop = context.WithCancelCause(context.Background())
	if err := a.open(); err != nil {
		a.Close()
		return nil, err
	}
	// Phones are there before the first operator is.
	a.beside(a.box.Control.Run)
	if o.Watch {
		a.watching.Do(a.watchWire)
	}
	return a, nil
}

func (a *Appliance) open() error {
	root := a.opt.Settings.Root
	b := &command.Box{Version: a.opt.Version, Commit: a.opt.Commit, Started: time.Now(), Serial: serial(), Host: host.NewSampler(), Machine: a.opt.Machine,
		Lines: a.lines.list, LineUses: a.lines.used, Send: a.lines.send, Setup: a.setup, ClearLine: a.clearLine, Reach: a.reach, Reload: func(running.Who) { a.stop(ErrReload) },
		Console: func() (service.Status, bool) {
			st := a.console.Load()
			if st == nil {
				return service.Status{}, false
			}
			return *st, true
		}}
	a.box = b
	if err := a.openFiles(root); err != nil {
		return err
	}
	var words errgroup.Group // a third of a start, and of nothing but itself
	words.Go(func() (err error) { b.Language, err = command.New(b); return })
	b.Outlook = command.NewOutlook(b)
	b.Inventory = inventory.New(inventory.Options{Outside: b.Outlook.Outside(), Waits: a.opt.Waits})
	b.Control = callcontrol.New(a.callControl, a.opt.Probe)
	a.counts = metrics.NewCounts()
	b.Classes = a.readClasses()
	b.Upgrades = b.ReadUpgrades()
	b.Sharing = pfs.NewState()
	b.Told = phonepage.NewBook()
	b.Tape = recording.NewTape()
	b.Frames = &capture.Keeper{}
	a.holders.bindings, a.holders.neighbours = func() []engine.Binding { return b.DHCP.Bindings() }, func() []host.Neighbour { return append(host.Neighbours(), host.Neighbours6()...) }
	a.holders.bindings6 = func() []v6.Binding { return b.DHCPv6.Bindings() }
	b.Journal = journal.New(0, b.Inventory, a.counts, counted{a.counts}, b.Classes, b.Upgrades, b.Sharing, b.Told, b.Tape, b.Outlook, &a.holders)
	b.Netif = netif.New(netif.Options{Mapping: mapping(a.opt.Settings), Recorder: b.Journal, Changed: a.interfacesChanged})
	b.Meter = netif.NewMeter(b.Netif.Interfaces)
	if err := a.checkDevices(); err != nil {
		return err
	}
	if err := a.openServices(root); err != nil {
		return err
	}
	b.Store = running.New(running.Options{Initial: config.Default(a.readFacts()), Facts: a.readFacts, Supervisor: b.Supervisor, Recorder: b.Journal})
	b.Confirm = running.NewConfirm(b.Store, b.Journal)
	b.Reloads = reload.New(b.Reload, b.Journal)
	a.store.Store(b.Store)
	if err := words.Wait(); err != nil {
		return err
	}
	return a.loadStartup()
}

// openFiles opens the directories below root. One process at a time may hold
// them: two would write the bindings of one another.
func (a *Appliance) openFiles(root string) (err error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return fmt.Errorf("root %s cannot be made: %w", root, bare(err))
	}
	nv := filepath.Join(root, "nvram")
	if a.box.NVRAM, err = nvram.Open(nv); err != nil {
		return fmt.Errorf("root %s cannot be used: %w", root, bare(err))
	}
	a.lock, err = os.OpenFile(filepath.Join(nv, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, unix.EROFS) || errors.Is(err, unix.ENOSPC) {
		// A disk that is read-only or full: what is on it is served, and the
		// console works.
		a.lock, err = os.Open(nv)
	}
	if err != nil {
		return fmt.Errorf("root %s cannot be used: %w", root, bare(err))
	}
	if err := unix.Flock(int(a.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("root %s is in use by another option150", root)
	}
	if a.opt.Prepared != nil {
		if err := a.opt.Prepared(root); err != nil {
			return err
		}
	}
	if a.box.Flash, err = flash.Open(filepath.Join(root, "flash")); err != nil {
		return fmt.Errorf("root %s cannot be used: %w", root, bare(err))
	}
	return nil
}

// bare is an error without the operation and path that os puts before it.
func bare(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (a *Appliance) openServices(root string) (err error) {
	b := a.box
	log := logging.Options{Journal: b.Journal, Started: b.Started, Zone: a.zone, Mark: b.ClockMark}
	if a.opt.Settings.Console.Device != console.Stdio { // else it is on the screen
		log.Errors = os.Stderr
	}
	b.Logging = logging.New(log)
	b.Archive = archive.New(archive.Options{Flash: b.Flash, Text: b.StartupText,
		Hostname: func() string { return b.Store.Current().Hostname }, Recorder: b.Journal})
	b.CNF = cnfstore.New(b.Journal)
	a.openMobility()
	b.Policy = command.NewPolicy(b)
	b.Rescue = &rescue.Book{}
	b.CNF.Policy = b.Policy.Firmware
	b.Upgrades.Now = func() time.Time { now := time.Now(); return now.In(a.zone(now)) }
	b.NTP = ntp.New()
	b.Fleet = fleet.New(a.fleetOptions())
	b.Follow = command.NewFollower(b, b.Fleet)
	b.Pair = pair.New(pair.Options{Engine: b.Fleet, Flash: b.Flash, Recorder: b.Journal})
	b.Upstream = upstream.New(upstream.Options{Dir: filepath.Join(root, "cache"), Here: b.Outlook.Configured, Recorder: b.Journal})
	b.Lists = &custom.Lists{Flash: b.Flash, Home: b.HomePath}
	b.Files = fileserver.New(fileserver.Options{Flash: b.Flash, Generated: a.generated, Chosen: a.chosen, Fallback: b.CNF.Fallback, Names: b.CNF.Names, Recorder: b.Journal,
		First: []fileserver.Route{b.Rescue}, Building: b.CNF.Building,
		Before: []fileserver.Route{b.Upstream.Home(), a.autoRegistration()}, Routes: []fileserver.Route{b.Lists, b.Upstream.Route()}, Peer: b.Upstream.Relayed, Holder: a.holders.holds, Reach: a.reach})
	b.HFS = hfs.New(b.Files)
	b.HTTPD = httpd.New(map[string]httpd.Module{httpd.NameHome: httpd.HomePage(), hfs.NameModule: b.HFS.Module(),
		mobility.Name: &mobility.Module{Desk: b.Mobility, Phone: a.phoneAt}}, b.Journal)
	b.HFS.AnsweredBy(b.HTTPD)
	b.HTTPD.PressedBy(func() bool { return b.Files.Waiting() > 0 })
	b.HTTPD.ManyBehind(b.Files.Many)
	b.TFTP = tftp.New(tftp.Options{Opener: b.Files, Recorder: b.Journal, Interface: a.interfaceByIndex, Many: b.Files.Many})
	b.PFS = observe.New(observe.Options{State: b.Sharing, Recorder: b.Journal, Watch: a.watchMirror})
	b.DHCP = dhcp.New(dhcp.Options{Store: filepath.Join(root, "nvram"), Files: command.DatabaseFiles(b), Recorder: b.Journal, Share: a.shared(root)})
	b.DHCPv6 = v6.New(v6.Options{Store: filepath.Join(root, "nvram"), Recorder: b.Journal})
	b.DNS = dns.New(dns.Options{Recorder: b.Journal})
	b.DNS.Resolve()
	if a.keys, err = sshd.OpenHostKeys(filepath.Join(root, "nvram")); err != nil {
		return err
	}
	b.HostKeys = a.keys
	b.Guard = aaa.NewGuard(func() aaa.Block { return b.Store.Current().AAA.Block }, func() { b.Journal.Record(quietMode{}) })
	b.SSHD = sshd.New(sshd.Options{Authenticate: a.authenticate, Authorized: a.authorized, Failed: a.loginFailed, Quiet: a.quiet,
		Handler: a.sshSession, Subsystems: map[string]sshd.Handler{"sftp": a.sftp}, HostKeys: a.keys, Recorder: b.Journal,
		Banner: func() string { return b.Store.Current().Banner("login") }})
	a.poller = phonepage.New(phonepage.Options{Targets: func() []phonepage.Target { return command.PollTargets(b.Inventory) }, Recorder: b.Journal})
	window := a.sources()
	if window.Page, err = pages.New(a.pageSources(window)); err != nil {
		return err
	}
	a.metrics = metrics.New(window)
	// In the order they end in: the doors and transports first, the log last.
	a.parts = []part{
		{b.HTTPD, func() {
			ctx, cancel := context.WithTimeout(context.Background(), closeTime)
			defer cancel()
			b.HTTPD.Close(ctx)
		}},
		{b.SSHD, b.SSHD.Close},
		{b.TFTP, func() { <-b.TFTP.Stop(-1) }},
		{b.DHCP, func() { _ = b.DHCP.Close() }},
		{b.DHCPv6, func() { _ = b.DHCPv6.Close() }},
		{b.DNS, b.DNS.Close},
		{b.PFS, b.PFS.Close},
		{a.metrics, a.metrics.Close},
		{b.NTP, b.NTP.Close},
		{b.Follow, b.Follow.Close},
		{b.Pair, b.Pair.Close},
		{b.Fleet, b.Fleet.Close},
		{a.poller, a.poller.Close},
		{b.Archive, b.Archive.Close},
		{b.HFS, nil},
		{b.Files, nil},
		{b.Upstream, b.Upstream.Close},
		{b.CNF, nil},
		{b.Logging, b.Logging.Close},
		{b.Netif, nil}, // ends when nobody reads interfaces any more
	}
	var all []service.Service
	for _, p := range a.parts {
		all = append(all, p.service)
	}
	b.Supervisor = service.NewSupervisor(b.Journal, all...)
	return nil
}

// Box gives tests the running box.
func (a *Appliance) Box() *command.Box { return a.box }

// closeTime bounds how long the box waits for phones when it stops.
const closeTime = 2 * time.Second

// Close stops the services and gives everything back. It may be called twice.
func (a *Appliance) Close() {
	a.stop(context.Canceled)
	a.closing.Do(a.close)
}

func (a *Appliance) close() {
	b := a.box
	if b.Confirm != nil {
		b.Confirm.Close()
		b.Reloads.Close()
	}
	if b.Supervisor != nil {
		b.Supervisor.Close()
	}
	if b.Frames != nil {
		b.Frames.Stop()
	}
	for _, p := range a.parts {
		if p.close != nil {
			p.close()
		}
	}
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.sessions.Wait()
	if b.Netif != nil {
		b.Netif.Close()
	}
	if b.Guard != nil {
		b.Guard.Close()
	}
	if a.keys != nil {
		_ = a.keys.Close()
	}
	if b.Flash != nil {
		_ = b.Flash.Close()
	}
	if b.NVRAM != nil {
		_ = b.NVRAM.Close()
	}
	if a.lock != nil {
		_ = a.lock.Close()
	}
}

// callControl is what the phones configured now register at.
func (a *Appliance) callControl() []callcontrol.Target {
	s := a.store.Load()
	if s == nil {
		return nil
	}
	c := s.Current()
	return callcontrol.Targets(c.Control, c.Telephony)
}

// serial is a name of the machine that stays the same and tells nothing.
func serial() string {
	id, err := os.ReadFile("/etc/machine-id")
	if err != nil {
		h, _ := os.Hostname()
		id = []byte(h)
	}
	sum := sha256.Sum256(append([]byte("option150 "), id...))
	return strings.ToUpper(fmt.Sprintf("O15%x", sum[:4]))
}

// listenEndpoint makes an endpoint of a settings line.
func listenEndpoint(s string) listen.Endpoint {
	ap, err := settings.AddrPort(s)
	if err != nil || !ap.IsValid() {
		return listen.Endpoint{}
	}
	e := listen.Endpoint{Proto: listen.TCP, Addr: ap.Addr(), Port: ap.Port()}
	if e.Addr == netip.IPv6Unspecified() {
		e.Addr = listen.Everywhere()
	}
	return e
}
