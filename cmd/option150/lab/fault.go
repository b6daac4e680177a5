package lab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"option150/platform/config"
	"option150/platform/ether"
	"option150/telephony/firmware"
	"option150/telephony/firmware/intake"
	"option150/telephony/simphone"
	"option150/telephony/simphone/peers"
)

// Fault is one defect a lab can have, and the verdict it leads to.
type Fault struct {
	Name string
	Code string
	Says string

	victim int // phone of the catalogue it shows on, from 0
	model  *simphone.Spec
	spec   func(*simphone.Spec)
	config func(text string) string
	flash  func(dir string) error // dir is flash:
	silent bool                   // no call control
	shape  func(*Options)         // what else the lab is made of
	before func(*Lab) error       // before the box starts
	after  func(*Lab) error       // when it runs
	// cure is what the instruction of the verdict says, where it is no line of
	// the box: done to a phone, a file or another machine.
	cure func(*Lab) error
}

// boxAddr is the address of the box.
var boxAddr = netip.MustParseAddr("10.150.0.1")

// outsider is the phone that shares nothing.
var outsider = func() simphone.Spec { near, _ := simphone.Sharers(); return near[1] }()

// endless is a file in flash: whose transfer does not end.
const endless = "endless.bin"

// nobody is an address in the LAN that no machine has.
var nobody = netip.MustParseAddr("10.150.0.99")

// Faults are all of them, in the order of their verdicts.
func Faults() []Fault {
	phone := func(name, code, says string, victim int, spec func(*simphone.Spec)) Fault {
		return Fault{Name: name, Code: code, Says: says, victim: victim, spec: spec, cure: func(l *Lab) error { return l.Replug(simphone.Catalogue()[victim]) }}
	}
	edit := func(name, code, says string, victim int, pairs ...string) Fault {
		return Fault{Name: name, Code: code, Says: says, victim: victim, config: func(s string) string { return strings.NewReplacer(pairs...).Replace(s) }}
	}
	const (
		load     = "SCCP41.9-4-2SR3-1S"
		digested = "sip78xx.12-1-1-12"
		opt150   = " option 150 ip 10.150.0.1\n"
		create   = "telephony-service\n"
	)
	rogue := func(name, code, says string, option150 []byte) Fault {
		f := edit(name, code, says, 0, "ip dhcp pool VOICE\n", "ip dhcp foreign-server hold\nip dhcp pool VOICE\n")
		f.before = func(l *Lab) error { return l.startRogue(option150) }
		f.cure = func(l *Lab) error { l.rogue.Give(boxAddr.AsSlice()); return nil }
		return f
	}
	unheard := func(f Fault) Fault {
		f.spec = func(s *simphone.Spec) { s.Faults.Unicast = true }
		return f
	}
	exhausted := func(f Fault) Fault {
		hold := f.config
		f.config = func(s string) string {
			return strings.NewReplacer("ip dhcp foreign-server hold\n", "", "10.150.0.1 10.150.0.9\n", "10.150.0.1 10.150.0.254\n").Replace(hold(s))
		}
		return f
	}
	missing := func(name, says string, spoil func(path string) error) Fault {
		return Fault{Name: name, Code: "R08", Says: says, victim: 1, config: forced, flash: func(dir string) error { return spoil(componentOf(dir, load)) },
			cure: func(l *Lab) error { return Stock(filepath.Join(l.opt.Root, "flash", "phones"), load, l.opt.Sizes) }}
	}
	misplaced := missing("misplaced-component", "a component of a load lies beside the home path", func(path string) error {
		return os.Rename(path, filepath.Join(filepath.Dir(filepath.Dir(path)), filepath.Base(path)))
	})
	misplaced.cure = nil // a line
	flipped := Fault{Name: "flipped-byte", Code: "R08", Says: "one byte of a component is wrong; only its digest tells", victim: 10, config: func(s string) string {
		return strings.Replace(s, " load 7841 "+digested+"\n", " load 7841 "+digested+" force\n", 1)
	}, flash: func(dir string) error {
		path := filepath.Join(dir, "phones", "rootfs78xx.12-1-1-12.sbn")
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b[len(b)-1] ^= 1
		return os.WriteFile(path, b, 0o644)
	}, cure: func(l *Lab) error { return Stock(filepath.Join(l.opt.Root, "flash", "phones"), digested, l.opt.Sizes) }}
	alternates := func(s string) string {
		return strings.Replace(without(s, simphone.Catalogue()[0]), "ip http server\n", "ip http server\nfile-server alternate 1 "+alternateAddr.String()+"\n", 1)
	}
	all := []Fault{
		phone("static-address", "R01", "a phone has an address set by hand", 0, func(s *simphone.Spec) {
			s.Faults.Static, s.AlternateTFTP = netip.MustParsePrefix("10.150.0.200/24"), nobody
		}),
		{Name: "no-pool", Code: "R02", Says: "there is no DHCP pool", config: func(s string) string {
			return regexp.MustCompile(`(?s)ip dhcp pool VOICE\n.*?!\n`).ReplaceAllString(s, "")
		}},
		{Name: "exhausted-pool", Code: "R02", Says: "every address of the pool is excluded", config: func(s string) string {
			return strings.Replace(s, "10.150.0.1 10.150.0.9\n", "10.150.0.1 10.150.0.254\n", 1)
		}, cure: func(l *Lab) error { return l.change(func(c *config.Config) { c.DHCP.Excluded = nil }) }},
		rogue("option150-text", "R03", "another DHCP server sends option 150 as text", []byte("10.150.0.1")),
		rogue("rogue-dhcp", "R04", "another DHCP server wins and names itself", rogueAddr.AsSlice()),
		exhausted(rogue("rogue-dhcp-exhausted", "R04", "the same while every address of this box is excluded", rogueAddr.AsSlice())),
		unheard(rogue("option150-text-unheard", "R03", "the same, and its answers to phones are heard by nobody else", []byte("10.150.0.1"))),
		unheard(rogue("rogue-dhcp-unheard", "R04", "the same, and its answers to phones are heard by nobody else", rogueAddr.AsSlice())),
		phone("alternate-tftp", "R05", "a phone has an alternate TFTP server", 0, func(s *simphone.Spec) { s.AlternateTFTP = nobody }),
		edit("option150-elsewhere", "R38", "option 150 names an address nobody has", 0, opt150, " option 150 ip "+nobody.String()+"\n"),
		{Name: "remembered-server", Code: "R06", Says: "a phone asks here although its lease names another server", spec: func(s *simphone.Spec) { s.AlternateTFTP = boxAddr },
			config: func(s string) string {
				return strings.Replace(s, opt150, " option 150 ip "+nobody.String()+"\n", 1)
			}},
		edit("load-typo", "R07", "the name of a load is mistyped", 1, " load 7961 "+load, " load 7961 SCCP41.9-4-2SR3-1SS force"),
		missing("missing-component", "a component of a load is not here", os.Remove),
		misplaced,
		flipped,
		missing("truncated-component", "a component of a load is cut off", func(path string) error { return os.Truncate(path, 100) }),
		edit("no-hfs", "R10", "HTTP does not answer on 6970", 0, " hfs enable port 6970\n", ""),
		phone("cut-transfers", "R11", "transfers to a phone break off", 2, func(s *simphone.Spec) { s.Faults.CutAfter = 600 }),
		phone("foreign-itl", "R12", "a phone trusts another call manager", 0, func(s *simphone.Spec) { s.ForeignTrust = true }),
		phone("https", "R13", "a phone wants its files by HTTPS", 0, func(s *simphone.Spec) { s.Faults.HTTPS = true }),
		{Name: "no-image", Code: "R14", Says: "a phone has no image, and its default load is not here", spec: func(s *simphone.Spec) { s.FactoryReset = true },
			flash: func(dir string) error { return os.RemoveAll(filepath.Join(dir, "phones", intake.Directory)) },
			cure: func(l *Lab) error {
				list, err := firmware.DefaultLoad("term61.default.loads", stones[0])
				if err != nil {
					return err
				}
				return os.WriteFile(filepath.Join(l.opt.Root, "flash", "phones", "term61.default.loads"), list, 0o644)
			}},
		{Name: "refused-image", Code: "R15", Says: "a phone refuses the image of its load", victim: 1, spec: func(s *simphone.Spec) { s.Faults.Refuses = load }},
		{Name: "stray-file", Code: "R16", Says: "a broken file lies in flash: in place of a generated one", config: func(s string) string {
			return strings.Replace(s, create, create+" no create cnf-files\n", 1)
		}, flash: func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "phones", simphone.Catalogue()[0].MAC.Device()+".cnf.xml"), []byte("<device><broken\n"), 0o644)
		}},
		{Name: "wrong-type", Code: "R16", Says: "a phone is configured as another model, and does not take that file", spec: func(s *simphone.Spec) { s.Faults.Picky = true },
			config: func(s string) string {
				return strings.Replace(s, simphone.Catalogue()[0].MAC.CME()+"\n type 7961\n", simphone.Catalogue()[0].MAC.CME()+"\n type 7965\n", 1)
			}},
		{Name: "unknown-sip-phone", Code: "R17", Says: "a phone that speaks SIP only is not configured", victim: 11, config: func(s string) string { return without(s, simphone.Catalogue()[11]) }},
		{Name: "nobody-knows-it", Code: "R24", Says: "a phone is not configured here, and the alternate file server does not know it", config: alternates,
			before: func(l *Lab) error { return l.startAlternate(nil, false) }},
		{Name: "servers-in-circles", Code: "R27", Says: "this box and another file server are alternates of each other", config: alternates,
			before: func(l *Lab) error { return l.startAlternate(fileElsewhere(simphone.Catalogue()[0]), true) },
			cure: func(l *Lab) error {
				l.alternate.asks.Store(false)
				return l.Replug(simphone.Catalogue()[0])
			}},
		{Name: "unknown-phone", Code: "R17", Says: "a phone is not configured", config: func(s string) string { return without(s, simphone.Catalogue()[0]) }},
		{Name: "port-blocked", Code: "R18", Says: "TFTP answers reach a phone from the port it asked only", victim: 2, spec: func(s *simphone.Spec) { s.Faults.Deaf = true }},
		{Name: "between-images", Code: "R20", Says: "a 7940 hangs between two images", model: &simphone.Spec{MAC: ether.MAC{0, 0x1e, 0x7a, 0, 0, 0x0f}, Model: "7940",
			Protocol: simphone.SCCP, Faults: simphone.Faults{Hunts: 1000}}},
		{Name: "sip-model-under-ephone", Code: "R21", Says: "a SIP model is configured as an ephone", victim: 11, config: func(s string) string {
			p := simphone.Catalogue()[11]
			return strings.Replace(without(s, p), "line con 0\n", "ephone  40\n mac-address "+p.MAC.CME()+"\n type 7961\n!\nline con 0\n", 1)
		}},
		{Name: "access-list", Code: "R35", Says: "an access list keeps a load from phones", victim: 1, config: func(s string) string {
			return strings.Replace(s, "voice register global\n", "access-list 10 deny any\n!\ntftp-server flash:phones/"+load+".loads alias "+load+".loads 10\n!\nvoice register global\n", 1)
		}, cure: func(l *Lab) error {
			return l.change(func(c *config.Config) { c.Files.Bindings = nil })
		}},
		edit("no-files", "R37", "the files of phones are not made", 0, create, create+" no create cnf-files\n"),
		{Name: "no-sip-files", Code: "R37", Says: "the files of SIP phones are not made", victim: 11, config: func(s string) string {
			return strings.Replace(s, "voice register global\n", "voice register global\n no create profile\n", 1)
		}},
		edit("dead-load-server", "R36", "firmware is to come from a server that is not there", 1, create, create+" service phone loadServer "+nobody.String()+"\n"),
		edit("dead-load-server-of-one", "R36", "one phone's own line sends it to a load server that is not there", 1, " mac-address "+simphone.Catalogue()[1].MAC.CME()+"\n",
			" mac-address "+simphone.Catalogue()[1].MAC.CME()+"\n service phone loadServer "+nobody.String()+"\n"),
		phone("never-returns", "R30", "a phone does not come back from an upgrade", 1, func(s *simphone.Spec) { s.Faults.Dies = true }),
		{Name: "no-gateway", Code: "R28", Says: "the pool has no default router and call control is elsewhere", silent: true, before: (*Lab).startFarControl, config: func(s string) string {
			const own = " ip address 10.150.0.1 255.255.255.0\n"
			return strings.NewReplacer(" default-router 10.150.0.1\n", "", " ip source-address 10.150.0.2", " ip source-address "+farControl.String(),
				own, own+" ip address "+farGateway.String()+" 255.255.255.0 secondary\n").Replace(s)
		}},
		{Name: "dead-call-control", Code: "R25", Says: "call control is not there", silent: true, cure: func(l *Lab) error { return l.startControl() }},
		{Name: "box-as-call-control", Code: "R25", Says: "phones are sent to this box as call control", config: func(s string) string {
			return strings.Replace(s, " ip source-address 10.150.0.2", " ip source-address 10.150.0.1", 1)
		}, cure: func(l *Lab) error {
			return l.change(func(c *config.Config) { c.Telephony.Service.SourceAddress.Addr = ControlAddr })
		}},
		{Name: "rejected", Code: "R26", Says: "call control rejects the phones", before: func(l *Lab) error { l.Control.Rejects.Store(true); return nil },
			cure: func(l *Lab) error { l.Control.Rejects.Store(false); return nil }},
		{Name: "stale-file", Code: "R32", Says: "a phone runs with the file of yesterday", after: func(l *Lab) error {
			l.wg.Go(func() {
				if l.Settle(l.ctx, settleTime) && l.ctx.Err() == nil {
					_ = l.change(func(c *config.Config) { c.Telephony.Service.TimeFormat = 24 })
				}
			})
			return nil
		}, cure: func(l *Lab) error { return l.Replug(simphone.Catalogue()[0]) }},
		{Name: "somebody-elses-file", Code: "R34", Says: "another address asks for the file of a phone", after: (*Lab).startThief,
			cure: func(l *Lab) error { return l.Replug(simphone.Catalogue()[0]) }},
		{Name: "own-fault", Code: "R09", Says: "HTTP did not have a file that TFTP had (told to the box as facts: it has one name space)", after: (*Lab).tellOwnFault,
			cure: func(l *Lab) error { return l.Replug(simphone.Catalogue()[0]) }},
		phone("large-blocks", "R19", "a phone asks for TFTP blocks that are too large for the way", 2, func(s *simphone.Spec) { s.Faults.Blocks = 1400 }),
		{Name: "duplicate-address", Code: "R22", Says: "another device uses the address of a phone", after: (*Lab).startTwin,
			cure: func(l *Lab) error {
				l.stopTwin()
				return l.Replug(simphone.Catalogue()[0])
			}},
		{Name: "busy", Code: "R23", Says: "the box serves one request at a time, and one does not end", config: func(s string) string {
			return strings.Replace(s, "ip http server\n", "ip http server\nfile-server maximum-serving-count 1\n", 1)
		}, flash: func(dir string) error {
			path := filepath.Join(dir, "phones", endless)
			return errors.Join(os.WriteFile(path, nil, 0o644), os.Truncate(path, 64<<20))
		},
			after: (*Lab).startHog},
		{Name: "slow", Code: "R29", Says: "a phone gets its load at 40 kB a second", victim: 1, spec: func(s *simphone.Spec) { s.Faults.Slow = 40_000 },
			shape: func(o *Options) { o.Sizes = firmware.Sizes{"apps41": 500_000} }, cure: func(l *Lab) error { return l.Replug(simphone.Catalogue()[1]) }},
		{Name: "outside-sharing", Code: "R31", Says: "phones share firmware, and one fetches it for itself", model: &outsider, config: func(s string) string {
			mac := " mac-address " + outsider.MAC.CME() + "\n"
			return strings.Replace(s, mac, mac+" service phone peerFirmwareSharing 0\n", 1)
		}, shape: func(o *Options) {
			near, _ := simphone.Sharers()
			o.Phones, o.Sharing, o.Sizes = append(slices.Clone(o.Phones), near[:4]...), &peers.Habits{Join: time.Second}, sharedSizes
		}, cure: func(l *Lab) error { // the upgrade once more
			near, _ := simphone.Sharers()
			for _, s := range append(near[:4:4], outsider) {
				if err := l.Replug(s); err != nil {
					return err
				}
			}
			return nil
		}},
		{Name: "scan", Code: "R33", Says: "somebody tries the names of phones", after: (*Lab).startScan},
	}
	return all
}

// forced names the load of the 7961 in phone files whatever is known against it.
func forced(text string) string {
	return strings.Replace(text, " load 7961 SCCP41.9-4-2SR3-1S\n", " load 7961 SCCP41.9-4-2SR3-1S force\n", 1)
}

// FaultNamed finds one; "random" is any.
func FaultNamed(name string) (*Fault, bool) {
	all := Faults()
	if name == "random" {
		return &all[rand.IntN(len(all))], true
	}
	i := slices.IndexFunc(all, func(f Fault) bool { return f.Name == name })
	if i < 0 {
		return nil, false
	}
	return &all[i], true
}

// FaultList is what `--fault list` prints.
func FaultList() string {
	var b strings.Builder
	for _, f := range Faults() {
		fmt.Fprintf(&b, "%-24s %s  %s\n", f.Name, f.Code, f.Says)
	}
	return b.String()
}

// Answer is what `show lab answer` says.
func (f *Fault) Answer() string { return fmt.Sprintf("%s: %s. Verdict %s.", f.Name, f.Says, f.Code) }

// Victim is the phone it shows on.
func (f *Fault) Victim() simphone.Spec {
	s := simphone.Catalogue()[f.victim]
	if f.model != nil {
		s = *f.model
	}
	if f.spec != nil {
		f.spec(&s)
	}
	return s
}

// apply puts the defect into the options of a lab.
func (f *Fault) apply(o *Options) {
	v := f.Victim()
	if f.shape != nil {
		f.shape(o)
	}
	if o.Config == "" {
		o.Config = ConfigOf(*o)
	}
	o.Phones = slices.Clone(o.Phones)
	if i := slices.IndexFunc(o.Phones, func(s simphone.Spec) bool { return s.MAC == v.MAC }); i >= 0 {
		o.Phones[i] = v
	} else { // it is not configured
		o.Phones = append(o.Phones, v)
	}
	if f.config != nil {
		o.Config = f.config(o.Config)
	}
	o.NoControl = o.NoControl || f.silent
}

// without takes the section of a phone out of a configuration.
func without(text string, s simphone.Spec) string {
	section := regexp.MustCompile(`(?m)^(?:ephone|voice register pool)  \d+\n(?: .*\n)*?(?: mac-address| id mac) ` + s.MAC.CME() + `\n(?: .*\n)*!\n`)
	return section.ReplaceAllString(text, "")
}

// Stock writes the synthetic files of a load into a directory.
func Stock(dir, load string, sizes firmware.Sizes) error {
	files, err := firmware.Synthesise(load, "", sizes)
	if err != nil {
		return fmt.Errorf("firmware %s: %w", load, err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// componentOf is the path of one component of a load.
func componentOf(flash, load string) string {
	files, err := firmware.Synthesise(load, "", nil)
	if err == nil {
		for name := range files {
			if strings.HasPrefix(name, "cnu") {
				return filepath.Join(flash, "phones", name)
			}
		}
	}
	return filepath.Join(flash, "phones", "none")
}
