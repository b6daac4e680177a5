package cnf

import (
	"strconv"
	"strings"

	"option150/platform/equal"
	"option150/telephony/phone"
)

// SipPhone is where the files of SIP phones are unless `tftp-path` says
// otherwise. [facts/cme.md 4.1]
const SipPhone = "system:/cme/sipphone/"

// Names of the files all SIP phones share. [facts/cme.md 6.2]
const (
	softkeyFile = "softkeyDefault.xml"
	kpmlFile    = "softkeyDefault_kpml.xml"
	policyFile  = "featurePolicyDefault.xml"
)

// sip builds the files of `voice register`.
func (b *builder) sip() {
	g := b.in.Global
	if !g.Present || g.NoCreate || !g.SourceAddress.Addr.IsValid() {
		return
	}
	const where = "voice register global"
	dir := directory(g.TFTPPath, SipPhone)

	// Files of the phones first: the sync number is made of those the 7940 and
	// 7960 read, and their shared files carry it.
	var text [][]byte
	phones := make([]poolFiles, 0, len(b.in.Pools))
	for i := range b.in.Pools {
		phones = append(phones, b.pool(&b.in.Pools[i], dir))
		for _, f := range phones[i].files {
			if strings.HasSuffix(f.Name, ".cnf") {
				text = append(text, f.Content)
			}
		}
	}
	if b.set.Sync = b.in.sync; b.set.Sync == "" {
		b.set.Sync = digitStamp(sum64(append(text, b.sipDefault(""))...))
	}

	b.shared(dir, "SIPDefault.cnf", rendered{content: b.sipDefault(b.set.Sync), stamp: b.set.Sync}, where)
	b.shared(dir, "syncinfo.xml", rendered{content: syncinfo(b.set.Sync), stamp: b.set.Sync}, where)
	keys := func(stamp string) []byte { return softkeys(stamp, softkeySets) }
	for _, s := range []struct {
		name string
		r    render
	}{{softkeyFile, keys}, {kpmlFile, keys}, {policyFile, func(stamp string) []byte {
		return featurePolicy(stamp, strings.TrimSuffix(policyFile, ".xml"), policyOf(&Template{}))
	}}} {
		f := b.fixed(s.name, func() ([]byte, string) { return b.stamped(s.r, b.in.sync, digitStamp) })
		b.shared(dir, s.name, f, where)
	}
	b.softkeyFiles(dir)
	b.dialplans(dir)
	if f := b.shared(dir, "AppDialRules.xml", rendered{content: []byte("<DialRules></DialRules>\r\n")}, where); f != nil {
		f.Fallback = true
	}
	if g.Upgrade {
		b.os79xx(dir, where)
	}
	if b.set.names[lookupKey("XMLDefault.cnf.xml")] == nil {
		// A SIP-only box still answers phones that are not configured.
		b.shared(dir, "XMLDefault.cnf.xml", b.fixed("XMLDefault.cnf.xml SIP", func() ([]byte, string) {
			return b.xmlDefault(g.SourceAddress, g.Loads, g.URLs, 5060, true), ""
		}), where)
	}
	for i := range phones {
		for _, f := range phones[i].files {
			b.add(f, phones[i].where)
		}
	}
}

func (b *builder) shared(dir, name string, r rendered, where string) *File {
	return b.add(&File{Name: name, Content: r.content, ETag: r.etag, Location: dir + name, Stamp: r.stamp, Protocol: SIP}, where)
}

// os79xx is the one-line file old images of the 7940 and 7960 ask for first.
// No end of line: a trailing blank makes the phone ask for a name that does
// not exist. [facts/cme.md 11 #19]
func (b *builder) os79xx(dir, where string) {
	m, _ := phone.Lookup("7960")
	l := load(b.in.Global.Loads, m)
	if l == "" {
		b.problems.add(Warning, "upgrade-without-load", where, "upgrade is configured without a load for the 7960 and 7940: OS79XX.TXT is not built").fix("load 7960-7940 <file>")
		return
	}
	b.shared(dir, "OS79XX.TXT", rendered{content: []byte(oneLine(l.Canonical()))}, where)
}

// pool gives the files of one SIP phone: those it had, if nothing in them
// changed.
func (b *builder) pool(p *sipPhone, dir string) poolFiles {
	made, ok := b.was.pools[p.Tag]
	if !ok || !equal.Of(&made.phone, p) {
		made = poolFiles{*p, "voice register pool " + strconv.Itoa(p.Tag), b.poolFiles(*p, dir)}
		for _, f := range made.files {
			f.ETag = etag(f.Content)
		}
	}
	if len(made.files) > 0 && !p.MAC.IsZero() {
		b.devices[p.MAC] = true
	}
	b.now.pools[p.Tag] = made
	return made
}

// poolFiles builds the files of one SIP phone. Which kind depends on its type.
func (b *builder) poolFiles(p sipPhone, dir string) []*File {
	if p.Type == "" || p.MAC.IsZero() && p.DeviceName == "" {
		return nil // Validate says so
	}
	m := b.in.Types.model(p.Type, true)
	if m.Addon || m.SIPFile == "" {
		return nil
	}
	if p.MAC.IsZero() && (m.SIPFile != phone.SEPXML || !fileWord(p.DeviceName)) {
		return nil
	}
	mac := strings.ToLower(p.MAC.Hex())
	switch m.SIPFile {
	case phone.SIPCNF:
		name := "SIP" + p.MAC.Hex() + ".cnf"
		return []*File{{Name: name, Content: b.sipCNF(m, p), Location: dir + name, Protocol: SIP, MAC: p.MAC}}
	case phone.LD, phone.GK, phone.ATA:
		return b.profile(m, p, string(m.SIPFile)+mac, dir)
	}
	name := p.DeviceName + ".cnf.xml"
	if !p.MAC.IsZero() {
		name = p.MAC.Device() + ".cnf.xml"
	}
	content, stamp := b.stamped(func(stamp string) []byte { return b.sepSIP(m, p, stamp) }, b.in.sync, digitStamp)
	var aliases []string
	if n := m.DeviceFile(p.MAC); n != "" {
		aliases = []string{n}
	}
	return []*File{{Name: name, Content: content, Location: dir + name, Aliases: aliases, Stamp: stamp, Protocol: SIP, MAC: p.MAC}}
}

// codec is the word phones know for a codec of IOS.
func codec(ios string) string {
	switch c := strings.ToLower(ios); {
	case strings.HasPrefix(c, "g729"):
		return "g729a"
	case c == "g711alaw", c == "g711ulaw":
		return c
	}
	return "none"
}
