package command

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
	"time"

	"option150/cli/language"
	"option150/pfs"
	"option150/pfs/observe"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/ether"
	"option150/platform/service"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// pfsCommands are the exec commands about firmware sharing.
func pfsCommands(b *Box) []language.Declaration {
	const doc = "sources/002"
	ds := []language.Declaration{
		action(`pfs("Peer Firmware Sharing") import("Read the log of a phone") <file:FILEURL>("File") [ phone("Whose log it is") <phone:WORD>("SEP name, hardware address or IP address") ]`, privileged, doc,
			func(in *language.Invocation) error {
				l, err := parseLocation(in.Args.String("file"), false)
				if err != nil {
					return err
				}
				text, err := b.read(in.Ctx, l)
				if err != nil {
					return err
				}
				return b.importLog(in, text)
			}),
		action(`pfs import terminal("Paste it here; the word exit on a line ends it") [ phone("Whose log it is") <phone:WORD>("SEP name, hardware address or IP address") ]`, privileged, doc,
			func(in *language.Invocation) error { return b.importLog(in, in.Args.String(language.TextArg)) }),
		action(`pfs export("Write the capture ring as a pcap file") <file:FILEURL>("File")`, privileged, doc, b.exportRing),
		action(`clear("Reset functions") pfs("What was seen of firmware sharing")`, privileged, doc, func(*language.Invocation) error { b.Sharing.Clear(); return nil }),
	}
	ds[1].Collects, ds[1].Ends = "pfs-log", language.EndsByWord
	return ds
}

// importLog reads a log and tells what is in it.
func (b *Box) importLog(in *language.Invocation, text string) error {
	if len(text) > pfs.MaxLog {
		return language.Answer("% A log of more than " + itoa(pfs.MaxLog>>20) + " MiB: give the part that has the DLoad lines")
	}
	l := pfs.ParseLog(text)
	if len(l) == 0 {
		return language.Answer("% No DLoad line of a phone is in it")
	}
	var mac ether.MAC
	var addr netip.Addr
	if name := in.Args.String("phone"); name != "" {
		var ok bool
		if mac, ok = b.pfsPhone(name); !ok {
			return language.Answer("% " + name + " is not the name or address of a phone that is known here")
		}
	}
	for _, r := range l {
		if r.Kind == pfs.LogRoot && mac.IsZero() && addr == (netip.Addr{}) {
			addr = r.Root // a root logs of itself
			mac, _ = b.Sharing.At(addr)
		}
	}
	unknown, xid, root := 0, "-", "-"
	for _, r := range l {
		switch r.Kind {
		case pfs.LogOther:
			unknown++
		case pfs.LogRoot:
			root = r.Root.String() + " of " + r.File()
		}
		if r.XID != "" {
			xid = r.XID
		}
		b.Journal.Record(pfs.Logged{MAC: mac, Addr: addr, Record: r, Import: true})
	}
	whose := "of a phone that is not known here"
	if _, known := b.Sharing.Phone(mac, netip.Addr{}); known {
		whose = "of " + mac.Device()
	} else if !mac.IsZero() {
		whose = "of " + mac.Device() + ", which has not been seen here"
	}
	_, err := fmt.Fprintf(in.Out, "%s %s: XID %s, root %s, %d with unknown text\n", count(len(l), "record"), whose, xid, root, unknown)
	if t := (&pfs.Log{Records: l}).Timing(); t != "" && err == nil {
		_, err = fmt.Fprintln(in.Out, t)
	}
	return err
}

// pfsPhone finds a phone by what an operator calls it.
func (b *Box) pfsPhone(name string) (ether.MAC, bool) {
	if m, err := phone.ParseDevice(name); err == nil {
		return m, true
	}
	if m, err := ether.ParseMAC(name); err == nil {
		return m, true
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return b.Sharing.At(a)
	}
	return ether.MAC{}, false
}

// exportRing writes the capture ring into a file of the box.
func (b *Box) exportRing(in *language.Invocation) error {
	if in.Config.PFS.Ring == 0 {
		return language.Answer("% No frames are kept: `capture ring SIZE` of the section `pfs` keeps them")
	}
	f, err := b.Create(in.Ctx, in.Args.String("file"), false)
	if err != nil {
		return err
	}
	n, err := b.PFS.Export(writerOf{f})
	if err != nil {
		f.Abort()
		return err
	}
	if err := f.Commit(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(in.Out, "%s written\n", count(n, "frame"))
	return err
}

type writerOf struct{ f language.File }

func (w writerOf) Write(p []byte) (int, error) { return w.f.Write(p) }

var _ io.Writer = writerOf{}

// showPFS are the show commands about firmware sharing.
func showPFS(b *Box) []language.Declaration {
	const doc = "sources/002"
	const head = `pfs("Peer Firmware Sharing among phones") `
	about := func(in *language.Invocation) (pfs.Snapshot, pfs.Facts) {
		f := b.PFSFacts(in.Config)
		return b.Sharing.Snapshot(f.Subnets), f
	}
	return []language.Declaration{
		table(strings.TrimSpace(head), 0, doc, func(in *language.Invocation) *columns.Page {
			s, f := about(in)
			return pfs.Show(b.PFS.View(), s, f)
		}, pfs.SensorsTable, pfs.VerifyTable),
		table(head+`tree("Who got firmware from whom") [ <what:WORD>("Load or file") ]`, 0, doc, func(in *language.Invocation) *columns.Page {
			s, f := about(in)
			return pfs.ShowTree(pfs.Trees(s, f), in.Args.String("what"))
		}, pfs.TreeTable),
		table(head+`peers("Phones that take part")`, 0, doc, func(in *language.Invocation) *columns.Page { return pfs.ShowPeers(about(in)) }, pfs.PeersTable),
		action(showHead+head+`phone("All that is known of one phone") <phone:WORD>("SEP name, hardware address or IP address")`, 0, doc, func(in *language.Invocation) error {
			s, f := about(in)
			mac, ok := b.pfsPhone(in.Args.String("phone"))
			t := ""
			if ok {
				t = pfs.ShowPhone(s, f, mac)
			}
			if t == "" {
				return language.Answer("% No phone " + in.Args.String("phone") + " has been seen")
			}
			_, err := io.WriteString(in.Out, t)
			return err
		}),
		table(head+`evidence("Everything that was seen, each by itself")`, 0, doc, func(in *language.Invocation) *columns.Page {
			s, _ := about(in)
			return pfs.ShowEvidence(s)
		}, pfs.EvidenceTable),
		table(head+`statistics("Counters")`, 0, doc, func(in *language.Invocation) *columns.Page {
			s, _ := about(in)
			return pfs.ShowStatistics(b.PFS.View(), s)
		}, pfs.StatisticsTable),
		table(head+`config("What the files of phones say, and which level says it")`, 0, doc, func(in *language.Invocation) *columns.Page {
			s, f := about(in)
			logs := map[ether.MAC]string{}
			for _, e := range cnf.EffectiveOf(in.Config.Telephony, b.cnfOptions(in.Config, b.Store.Facts())) {
				logs[e.MAC], _ = e.Param(cnf.LogServerName)
			}
			return pfs.ShowConfig(s, f, func(m ether.MAC) string { return logs[m] })
		}, pfs.ConfigTable),
		table(head+`verify("Does sharing work: an answer for each family and subnet") [ load("Only this load") <load:WORD>("Load") ]`, 0, doc, func(in *language.Invocation) *columns.Page {
			s, f := about(in)
			l := pfs.Verify(s, f, in.Args.String("load"))
			if len(l) == 0 && in.Args.String("load") != "" {
				return columns.Empty("Nothing has been seen of " + in.Args.String("load") + ": nothing can be said about sharing it\n")
			}
			return pfs.ShowVerify(l)
		}, pfs.VerifyTable),
	}
}

// loadsKept is how long the sizes of loads are taken as they were read.
const loadsKept = 10 * time.Second

// loadCache is what was read of the loads in flash:.
type loadCache struct {
	mu    sync.Mutex
	at    time.Time
	loads []pfs.Load
}

// PFSFacts is what is known beside what was seen: of the configuration, of the
// loads in flash: and of where the box looks from.
func (b *Box) PFSFacts(c *config.Config) pfs.Facts {
	world := b.Store.Facts()
	f := pfs.Facts{Phones: map[ether.MAC]pfs.Configured{}, Loads: b.pfsLoads(c)}
	for _, e := range cnf.EffectiveOf(c.Telephony, b.cnfOptions(c, world)) {
		x := pfs.Configured{Model: e.Model, Load: e.Load, Line: e.Line}
		x.Sharing, x.Level = e.Param(cnf.PeerFirmwareSharing)
		x.LoadServer, _ = e.Param(cnf.LoadServer)
		if b.own(c, world, x.LoadServer) {
			x.LoadServer = ""
		}
		f.Phones[e.MAC] = x
	}
	f.Subnets = []netip.Prefix{}
	for _, i := range world.Interfaces {
		for _, p := range c.Addresses(i) {
			f.Subnets = append(f.Subnets, p.Masked())
		}
	}
	f.Observing, f.Mirror = b.PFS.Seeing()
	f.LogServer = c.PFS.LogServer.Enabled && b.Supervisor.Status(config.PFS).State != service.Failed
	return f
}

// cnfOptions are those the phone files in force were built with.
func (b *Box) cnfOptions(c *config.Config, f config.Facts) cnf.Options {
	o := c.CNFOptions(f)
	o.Firmware = b.CNF.Current().Firmware()
	return o
}

// own: the load server is this box, so its serving log tells.
func (b *Box) own(c *config.Config, f config.Facts, server string) bool {
	a, err := netip.ParseAddr(server)
	if err != nil {
		return server == ""
	}
	for _, o := range c.OwnAddresses(f) {
		if o == a {
			return true
		}
	}
	return false
}

func (b *Box) pfsLoads(c *config.Config) []pfs.Load {
	b.loads.mu.Lock()
	defer b.loads.mu.Unlock()
	if time.Since(b.loads.at) < loadsKept && b.loads.loads != nil {
		return b.loads.loads
	}
	var names []string
	for _, l := range append(append([]cnf.LoadEntry(nil), c.Telephony.Service.Loads...), c.Telephony.Global.Loads...) {
		names = append(names, l.File)
	}
	for _, e := range b.Flash.Files("") {
		if n := e.Name(); strings.HasSuffix(strings.ToLower(n), ".loads") {
			names = append(names, n)
		}
	}
	b.loads.at, b.loads.loads = time.Now(), observe.Loads(b.Find, names)
	return b.loads.loads
}
