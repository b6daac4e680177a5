package command

import (
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/config"
	"option150/platform/ether"
	"option150/telephony/callcontrol"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
	"option150/telephony/inventory"
	"option150/telephony/phone"
)

// Outlook answers what verdicts ask about the configuration and flash:. What
// is configured is indexed once per version; what is in flash: is looked at
// again after stockLife.
type Outlook struct {
	b     *Box
	known atomic.Pointer[configured]

	mu     sync.Mutex
	states map[string]stock[firmware.State]
	whole  map[string]stock[[]string]
	given  map[ether.MAC]inventory.Given // what the file each phone was sent last told it
	placed map[string]stock[inventory.Given]
}

// stockLife is how long a look at flash: is good for: verdicts are asked for
// every second, for every phone.
const (
	stockLife = 2 * time.Second
	maxStock  = 256
)

type stock[T any] struct {
	at time.Time
	v  T
}

// configured is the telephony section by hardware address.
type configured struct {
	of     *config.Config
	setups map[ether.MAC]inventory.Setup
	box    inventory.Box
}

// NewOutlook returns the answers of a box; ask when the box is whole.
func NewOutlook(b *Box) *Outlook {
	return &Outlook{b: b, states: map[string]stock[firmware.State]{}, whole: map[string]stock[[]string]{}, given: map[ether.MAC]inventory.Given{}, placed: map[string]stock[inventory.Given]{}}
}

// outside are the answers of the box.
func (b *Box) outside() inventory.Outside {
	if b.Outlook == nil {
		return NewOutlook(b).Outside()
	}
	return b.Outlook.Outside()
}

// Outside are the questions in the form the inventory wants.
func (o *Outlook) Outside() inventory.Outside {
	return inventory.Outside{Setup: o.setup, Load: o.load, Deep: o.deep, Where: o.where, Loads: o.loads, Box: o.box, Placed: o.placedFile}
}

func (o *Outlook) current() *configured {
	if o.b.Store == nil {
		return &configured{}
	}
	c := o.b.Store.Current()
	k := o.known.Load()
	if k == nil || k.of != c {
		k = index(c)
		o.known.Store(k)
		o.b.Control.Kick()
	}
	return k
}

func index(c *config.Config) *configured {
	t := c.Telephony
	k := &configured{of: c, setups: make(map[ether.MAC]inventory.Setup, len(t.Ephones)+len(t.Pools))}
	servers, sharing := cnf.ValuesOf(&t, cnf.LoadServer), cnf.ValuesOf(&t, cnf.PeerFirmwareSharing)
	put := func(mac ether.MAC, s inventory.Setup) {
		if mac.IsZero() {
			return
		}
		server := servers.Of(mac)
		s.Server, s.ServerIn, s.Sharing = server.Value, server.Where, sharing.Of(mac).Value == "1"
		k.setups[mac] = s
	}
	sccp, sip := callcontrol.Named(t.Service.SourceAddress, false), callcontrol.Named(t.Global.SourceAddress, true)
	tags := map[bool][]int{}
	for _, e := range t.Ephones {
		tags[false] = append(tags[false], e.Tag)
		put(e.MAC, inventory.Setup{Section: tagged("ephone", e.Tag), Label: quoted("ephone", e.Tag, e.Description), Type: e.Type,
			Load: loadOf(e.Type, t.Service.Loads), Control: sccp})
	}
	for _, p := range t.Pools {
		tags[true] = append(tags[true], p.Tag)
		put(p.MAC, inventory.Setup{Section: tagged("voice register pool", p.Tag), Label: quoted("pool", p.Tag, p.Description), Type: p.Type,
			SIP: true, Load: loadOf(p.Type, t.Global.Loads), Control: sip})
	}
	k.box.NewEphone, k.box.NewPool = free(tags[false]), free(tags[true])
	k.box.Alternates = c.Upstream.Abroad()
	k.box.BuildCNF = t.Service.BuildCNF
	k.box.Gateways = map[string]string{}
	for i := range t.Gateways {
		g := &t.Gateways[i]
		k.box.Gateways[strings.ToLower(g.File())] = tagged("voice-gateway system", g.Tag)
	}
	if c.DHCP.Service {
		k.box.Pools = len(c.DHCP.Pools)
	}
	return k
}

// Configured reports that a phone is configured here.
func (o *Outlook) Configured(mac ether.MAC) bool { return o.current().setups[mac].Section != "" }

func tagged(what string, tag int) string { return quoted(what, tag, "") }

// free is the lowest tag that is not used.
func free(tags []int) int {
	for n := 1; ; n++ {
		if !slices.Contains(tags, n) {
			return n
		}
	}
}

// loadOf is the load the load lines give to a type, without suffix.
func loadOf(typ string, loads []cnf.LoadEntry) string {
	for _, l := range loads {
		for _, m := range phone.ByLoadKey(l.Type) {
			if strings.EqualFold(m.Keyword, typ) {
				return phone.Load(l.File).Canonical()
			}
		}
	}
	return ""
}

func (o *Outlook) setup(mac ether.MAC) inventory.Setup {
	k := o.current()
	s := k.setups[mac]
	if k.of != nil && s.Section != "" && o.b.Policy != nil {
		loads := k.of.Telephony.Service.Loads
		if s.SIP {
			loads = k.of.Telephony.Global.Loads
		}
		if t, ok := o.b.Upgrades.Target(mac); ok {
			s.Load = phone.Load(t).Canonical()
		}
		if d, ok := o.b.Policy.Decide(&k.of.Telephony, mac, s.Type, loads); ok && !d.Withheld { // what is withheld is wanted all the same
			named := d.Load
			if took, ok := o.b.Classes.Took(mac); ok {
				named = took // what it was told, not what it will be
			}
			s.Load = phone.Load(named).Canonical()
		}
	}
	if s.Section != "" {
		_, s.Changed, _, s.Built = o.b.CNF.Generated(fileOf(s, mac))
		o.mu.Lock()
		if g, ok := o.given[mac]; ok {
			s.Given = &g
		}
		o.mu.Unlock()
	}
	return s
}

func (o *Outlook) box() inventory.Box {
	k := o.current()
	if k.of == nil {
		return inventory.Box{}
	}
	b := k.box
	for _, i := range o.b.Store.Facts().Interfaces {
		for _, a := range i.Addrs {
			b.Own, b.Networks = append(b.Own, a.Addr()), append(b.Networks, a)
		}
		for _, a := range i.Addrs6 {
			b.Own = append(b.Own, a.Addr())
		}
	}
	for _, l := range o.b.TFTP.Status().Listeners {
		b.IPv6 = b.IPv6 || l.Addr.Is6()
	}
	for _, l := range o.b.HTTPD.Listeners() {
		b.HTTP = b.HTTP || l.Endpoint.Port == phoneHTTP && l.Up
	}
	b.Home = strings.TrimSuffix("flash:"+o.b.homePath(), "/")
	b.Control = o.b.Control.Answers()
	return b
}

// phoneHTTP is the port phones ask for files over HTTP. [source 000]
const phoneHTTP = 6970

// remembered answers from memory while the answer is fresh.
func remembered[T any](o *Outlook, m map[string]stock[T], life time.Duration, key string, ask func() T) T {
	now := time.Now()
	o.mu.Lock()
	s, ok := m[key]
	o.mu.Unlock()
	if ok && now.Sub(s.at) < life {
		return s.v
	}
	s = stock[T]{now, ask()}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(m) >= maxStock {
		clear(m)
	}
	m[key] = s
	return s.v
}

func (o *Outlook) load(name string) firmware.State {
	return remembered(o, o.states, stockLife, name, func() firmware.State { return firmware.Examine(o.b.findKept, phone.Load(name), false) })
}

// deepLife is how long a look into the content of a load is good for: it reads
// the files to their end.
const deepLife = time.Minute

func (o *Outlook) deep(name string) firmware.State {
	return remembered(o, o.states, deepLife, "deep "+name, func() firmware.State { return firmware.Examine(o.b.findKept, phone.Load(name), true) })
}

// where is the place in flash: of a file the file server does not find.
func (o *Outlook) where(file string) string {
	if _, served := o.b.Find(file); served {
		return ""
	}
	for _, f := range o.b.Flash.Files("") {
		if strings.EqualFold(path.Base(f.Path), path.Base(file)) && f.Size > 0 {
			return "flash:" + f.Path
		}
	}
	return ""
}

// loads are the whole loads here for the models that run the images of a load.
func (o *Outlook) loads(name string) []string {
	return remembered(o, o.whole, stockLife, name, func() (out []string) {
		family, protocol := firmware.FamilyOf(name), phone.Load(name).Protocol()
		if family == "" {
			return nil
		}
		for _, f := range o.b.Flash.Files("") {
			l := phone.Load(path.Base(f.Path)).Canonical()
			if !strings.HasSuffix(strings.ToLower(f.Path), ".loads") || firmware.FamilyOf(l) != family || phone.Load(l).Protocol() != protocol ||
				slices.Contains(out, l) {
				continue
			}
			if firmware.Examine(o.b.Find, phone.Load(l), false).Complete() {
				out = append(out, l)
			}
		}
		return out
	})
}

// fileOf is the file a configured phone reads.
func fileOf(s inventory.Setup, mac ether.MAC) string {
	if m, ok := phone.Lookup(s.Type); ok && s.SIP {
		switch m.SIPFile {
		case phone.SIPCNF:
			return "SIP" + mac.Hex() + ".cnf"
		case phone.LD, phone.GK, phone.ATA:
			return string(m.SIPFile) + strings.ToLower(mac.Hex())
		}
	}
	return mac.Device() + ".cnf.xml"
}
