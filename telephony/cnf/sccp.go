package cnf

import (
	"strconv"
	"strings"

	"option150/platform/equal"
	"option150/telephony/phone"
)

// ITS is where the files of SCCP phones are unless `cnf-file location` says
// otherwise. [facts/cme.md 6.1]
const ITS = "system:/its/"

// sccp builds the files of `telephony-service`.
func (b *builder) sccp() {
	s := b.in.Service
	if !s.Present || s.NoCreate || !s.SourceAddress.Addr.IsValid() {
		return
	}
	dir := directory(s.CnfLocation, ITS)
	b.defaults(dir, s)
	shared := make(map[string]*File) // by type keyword
	for _, e := range b.in.Phones {
		b.ephone(e, dir, shared)
	}
	if b.set.SCCPStamp = b.in.stamp; b.set.SCCPStamp == "" {
		b.set.SCCPStamp = dateStamp(sum64(b.sccpSums...))
	}
}

// defaults adds the files for phones that have none of their own.
func (b *builder) defaults(dir string, s TelephonyService) {
	add := func(name string, r rendered, plain bool, aliases ...string) {
		b.add(&File{Name: name, Content: r.content, ETag: r.etag, Location: dir + name, Aliases: aliases, Protocol: SCCP, plain: plain}, "telephony-service")
	}
	def := b.fixed("XMLDefault.cnf.xml", func() ([]byte, string) { return b.xmlDefault(s.SourceAddress, s.Loads, s.URLs, 2000, false), "" })
	b.sccpSums = append(b.sccpSums, def.content)
	// SEPDEFAULT.cnf, which routers list here, is a binary file whose layout is not
	// published; who asks for it does not read XML. See binary.go.
	add("XMLDefault.cnf.xml", def, false, "XMLDefault.cnf.xml")
	add("ATADefault.cnf.xml", b.fixed("ATADefault.cnf.xml", func() ([]byte, string) {
		ata, _ := phone.Lookup("ATA")
		t := &tree{gap: "  "}
		t.open("Default")
		managers(t, s.SourceAddress, 2000, false)
		loadInformation(t, ata, load(s.Loads, ata))
		return t.bytes(), ""
	}), true)
}

// xmlDefault is XMLDefault.cnf.xml: who to register with and the load of each
// model, in the order IOS prints. [facts/phones.md 2.1; facts/cme.md 8.2]
func (b *builder) xmlDefault(src SourceAddress, loads []LoadEntry, urls []URL, defaultPort uint16, sip bool) []byte {
	t := &tree{gap: "  "}
	t.open("Default")
	managers(t, src, defaultPort, sip)
	loads = named(loads, b.in.strange)
	for _, m := range phone.Models() {
		l := load(loads, m)
		// CME lists the models of its time even without load; later ones
		// appear when they have one.
		if m.ID != 0 && (m.Listed || l != "") {
			loadInformation(t, m, l)
		}
	}
	for _, e := range urlElements {
		if u, _ := urlOf(urls, e.kinds...); u != "" {
			t.leaf(e.name, u)
		}
	}
	return t.bytes()
}

func loadInformation(t *tree, m phone.Model, l phone.Load) {
	t.leaf("loadInformation"+strconv.Itoa(m.ID), l.Canonical(), "model", m.Name)
}

// managers writes callManagerGroup: priority 0 and, if there is a secondary
// address, priority 1.
func managers(t *tree, src SourceAddress, defaultPort uint16, sip bool) {
	t.open("callManagerGroup")
	t.open("members")
	for i, a := range []string{address(src.Addr), address(src.Secondary)} {
		if a == "" {
			continue
		}
		t.open("member", "priority", strconv.Itoa(i))
		t.open("callManager")
		t.open("ports")
		if sip {
			t.number("sipPort", port(src.Port, defaultPort))
			t.number("securedSipPort", 5061)
		} else {
			t.number("ethernetPhonePort", port(src.Port, defaultPort))
		}
		t.close(1)
		t.leaf("processNodeName", a)
		t.close(2)
	}
	t.close(2)
}

// urlElements are the URL elements in the order of files. [facts/phones.md 2.2]
var urlElements = []struct {
	name  string
	kinds []string
}{
	{"authenticationURL", []string{"authentication"}},
	{"directoryURL", []string{"directories", "directory"}},
	{"idleURL", []string{"idle"}},
	{"informationURL", []string{"information"}},
	{"messagesURL", []string{"messages"}},
	{"proxyServerURL", []string{"proxy-server"}},
	{"servicesURL", []string{"services", "service"}},
}

// ephone builds the file of one SCCP phone. By default the phones of a type
// share XMLDefault<type>.cnf.xml, bound to the name each asks for; with
// `cnf-file perphone`, or when a phone has settings of its own, it has its
// SEP<MAC>.cnf.xml. [facts/cme.md 6.1]
func (b *builder) ephone(e sccpPhone, dir string, shared map[string]*File) {
	where := "ephone " + strconv.Itoa(e.Tag)
	if e.MAC.IsZero() || e.Type == "" {
		return // Validate says so
	}
	m := b.in.Types.model(e.Type, false)
	if m.Addon || !fileWord(m.Keyword) {
		return
	}
	name := e.MAC.Device() + ".cnf.xml"
	b.devices[e.MAC] = true
	if (b.in.Service.CnfPer == "perphone" || e.own()) && !m.DefaultFileOnly {
		r := b.sccpFile(m, e)
		aliases := []string{name}
		if n := m.DeviceFile(e.MAC); n != "" {
			aliases = append(aliases, n)
		}
		b.add(&File{Name: name, Content: r.content, ETag: r.etag, Location: dir + name, Aliases: aliases, Stamp: r.stamp, Protocol: SCCP, MAC: e.MAC}, where)
		return
	}
	key := strings.ToLower(m.Keyword)
	f := shared[key]
	if f == nil {
		r := b.sccpFile(m, sccpPhone{})
		def := "XMLDefault" + m.Keyword + ".cnf.xml"
		if f = b.add(&File{Name: def, Content: r.content, ETag: r.etag, Location: dir + def, Stamp: r.stamp, Protocol: SCCP}, where); f == nil {
			return
		}
		shared[key] = f
	}
	if b.set.names[lookupKey(name)] != f { // a phone that is there twice
		b.alias(f, name, where)
		if n := m.DeviceFile(e.MAC); n != "" {
			b.alias(f, n, where)
		}
	}
}

// sccpFile renders a file; the plain files of a type are the same for all its
// phones: they are rendered and hashed once.
func (b *builder) sccpFile(m phone.Model, e sccpPhone) rendered {
	key := strings.ToLower(m.Keyword)
	if r, ok := b.now.plain[key]; ok && e.plain() {
		return r
	}
	r := b.sccpRendered(m, key, e)
	b.sccpSums = append(b.sccpSums, r.content)
	return r
}

// sccpRendered takes the file from the set before, if nothing in it changed.
func (b *builder) sccpRendered(m phone.Model, key string, e sccpPhone) rendered {
	r, ok := b.was.plain[key]
	if !e.plain() {
		var own ownFile
		own, ok = b.was.own[e.Tag]
		r, ok = own.rendered, ok && equal.Of(&own.phone, &e)
	}
	if !ok {
		content, stamp := b.stamped(func(stamp string) []byte { return b.sepSCCP(m, e, stamp) }, b.in.stamp, dateStamp)
		r = rendered{content, stamp, etag(content)}
	}
	if e.plain() {
		b.now.plain[key] = r
	} else {
		b.now.own[e.Tag] = ownFile{e, r}
	}
	return r
}

// rendered is the content of a file with its stamp and its entity tag.
type rendered struct {
	content []byte
	stamp   string
	etag    string
}
