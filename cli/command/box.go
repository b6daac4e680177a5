package command

import (
	"errors"
	"io/fs"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"option150/cli/language"
	"option150/dhcp"
	"option150/dhcp/v6"
	"option150/hfs"
	"option150/hfs/upstream"
	"option150/pfs"
	"option150/pfs/observe"
	"option150/platform/aaa"
	"option150/platform/archive"
	"option150/platform/capture"
	"option150/platform/dns"
	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/fleet"
	"option150/platform/fleet/follow"
	"option150/platform/fleet/pair"
	"option150/platform/host"
	"option150/platform/httpd"
	"option150/platform/journal"
	"option150/platform/logging"
	"option150/platform/netif"
	"option150/platform/ntp"
	"option150/platform/nvram"
	"option150/platform/reload"
	"option150/platform/running"
	"option150/platform/service"
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
	"option150/telephony/upgrade"
)

// Box is the running appliance as the commands see it. The composition
// (cmd/option150) fills it; tests fill what they need.
type Box struct {
	Version string // of the release
	Commit  string
	Started time.Time
	Serial  string

	Language   *language.Language
	Store      *running.Store
	Supervisor *service.Supervisor
	Journal    *journal.Journal
	Inventory  *inventory.Inventory
	Outlook    *Outlook            // what Inventory asks; a fold of Journal
	Control    *callcontrol.Prober // call control that phone files name
	LabAnswer  func() string       // what is wrong in a lab; nil = this is none, or nothing is
	Told       *phonepage.Book     // what phones say of themselves
	Frames     *capture.Keeper     // the capture ring, for `copy phone:NAME flash:x.pcapng`
	Tape       *recording.Tape     // the events behind Inventory, for `show phone NAME export`
	Logging    *logging.Service

	Netif    *netif.Service
	Meter    *netif.Meter
	Clear    netif.Clearing // `clear counters`
	DHCP     *dhcp.Server
	DHCPv6   *v6.Server
	DNS      *dns.Server
	CNF      *cnfstore.Store
	Policy   *upgrade.Policy   // which loads phone files name
	Classes  *upgrade.Classes  // what phones have shown of their firmware
	Upgrades *upgrade.Rollouts // upgrades in waves
	Rescue   *rescue.Book      // phones that are led back to their load
	Mobility *mobility.Desk    // who is logged in at which phone
	Files    *fileserver.Server
	Upstream *upstream.Server // alternate file servers
	Lists    *custom.Lists    // lists of rings and pictures
	HTTPD    *httpd.Server
	HFS      *hfs.Server
	TFTP     *tftp.Server
	SSHD     *sshd.Server
	PFS      *observe.Server
	Guard    *aaa.Guard // `login block-for`

	HostKeys *sshd.HostKeys
	Flash    *flash.Flash
	NVRAM    *nvram.NVRAM

	Archive *archive.Archive
	Confirm *running.Confirm
	Reloads *reload.Scheduler
	Host    *host.Sampler
	Machine *audit.Machine // its disk and memory; nil = as they are
	NTP     *ntp.Client
	Fleet   *fleet.Fleet
	Follow  *follow.Follower // the sections of another box
	Pair    *pair.Fetcher    // and its files

	Sharing *pfs.State // what was seen of firmware sharing; a fold of Journal

	Lines     func() []LineInfo                 // who is logged in
	LineUses  func() map[int]int                // how often each line was used, by absolute number
	Console   func() (service.Status, bool)     // of a serial console; false = there is none. nil = none
	Reach     func(netip.Addr) fileserver.Reach // how the machine reaches an address
	Setup     func(*language.Invocation) error  // the configuration dialog
	Send      func(number int, text string) int // shows a message at a line, -1 at all, and says at how many; without waiting
	ClearLine func(number int)                  // ends the session of a line, absolute number, without waiting
	Reload    func(who running.Who)             // restarts with the startup-config

	keeping sync.Mutex // of the file of upgrades
	audited auditMemo
	hosts   answersHeard

	loads  loadCache
	there  servedMemo
	saved  atomic.Int64                    // number of the version that was written to nvram last
	saving atomic.Pointer[running.Version] // the same with who and when, since the start; without its configuration
}

// LineInfo is one row of show users.
type LineInfo struct {
	Number int    // absolute line number: con 0 is 0, vty 0 is sshd.FirstVTY
	Name   string // "con 0", "vty 0"
	User   string
	From   string
	Idle   time.Duration
}

// interfaceNames are the names a configuration may use.
func (b *Box) interfaceNames() []string {
	var out []string
	if b.Store == nil {
		return nil
	}
	for _, i := range b.Store.Facts().Interfaces {
		out = append(out, i.Name)
	}
	return out
}

// SaveStartup writes the running configuration to nvram.
func (b *Box) SaveStartup(who running.Who) error {
	number := b.Store.Version().Number
	if err := b.NVRAM.SaveStartup([]byte(b.StartupText())); err != nil {
		return err
	}
	b.saved.Store(int64(number))
	b.saving.Store(&running.Version{Number: number, Who: who, Time: time.Now()})
	if b.Archive != nil {
		b.Archive.Written()
	}
	return nil
}

// StartupText is what is saved: the running configuration without the header
// that changes with every reading, so that saving twice gives the same bytes.
func (b *Box) StartupText() string {
	return versionLine + b.Language.RenderText(b.Store.Current())
}

// versionLine begins a saved configuration as on IOS.
const versionLine = "!\nversion 15.2\n"

// Unsaved reports that what runs is not what was saved. A startup-config that
// was written by hand, in other words than ours, is no change by itself:
// something must have been done since it was read.
func (b *Box) Unsaved() bool {
	saved, err := b.NVRAM.LoadStartup()
	if errors.Is(err, fs.ErrNotExist) {
		return b.Store.Version().Number > 1
	}
	return b.Store.Version().Number > max(1, int(b.saved.Load())) && string(saved) != b.StartupText()
}
