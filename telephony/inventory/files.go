package inventory

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/platform/fileserver"
	"option150/telephony/phone"
)

// whose finds the phone behind a request: by the name it asks for, else by its
// address. An address nobody knows that asks for what only phones ask for gets
// a record of its own until its hardware address is known. What a scan names
// is nobody's request.
func (v *Inventory) whose(at time.Time, client netip.AddrPort, name string, make bool) *record {
	a := client.Addr().Unmap()
	if mac, ok := phone.MACOfFile(name); ok {
		if v.scanned(at, a, mac, name, make) {
			return nil
		}
		r := v.get(mac, at, make)
		if r == nil {
			return nil
		}
		if !r.dhcp && !r.named.IsValid() {
			r.named = a
		}
		if b := r.now(); b != nil && !b.acked.IsZero() && !b.stranger && r.addr.IsValid() && r.addr != a && v.byIP[r.addr] == r {
			b.other = a // it holds a lease of this box, and that is another address
			return nil
		}
		if holder := v.byIP[a]; holder != nil && holder != r && !holder.ackedAt().IsZero() {
			// Another phone has the lease: its file, asked by somebody else.
			if b := r.now(); b != nil {
				b.other = a
			}
			if r.addr.IsValid() {
				return r
			}
		}
		v.place(r, a)
		return r
	}
	r := v.byIP[a]
	if r == nil {
		r = v.nobody[a]
	}
	if r == nil && make && phoneName(name) {
		if s := v.hosts[a]; s != nil && s.scans(at) {
			return nil
		}
		if len(v.nobody) >= maxHosts {
			v.forgetNobody()
		}
		r = &record{addr: a}
		v.nobody[a] = r
	}
	if r != nil {
		r.seen = at
	}
	return r
}

func (r *record) ackedAt() time.Time {
	if b := r.now(); b != nil {
		return b.acked
	}
	return time.Time{}
}

func (v *Inventory) forgetNobody() {
	var oldest netip.Addr
	for a, r := range v.nobody {
		if !oldest.IsValid() || r.seen.Before(v.nobody[oldest].seen) {
			oldest = a
		}
	}
	delete(v.nobody, oldest)
}

// bootOf is the boot a request belongs to, perhaps a new one.
func (r *record) bootOf(at time.Time, name string) *boot {
	b := r.now()
	if b == nil {
		return r.begin(at)
	}
	if b.firstFile.IsZero() {
		if b.acked.IsZero() || at.Sub(b.acked) < bootQuiet {
			return b
		}
		return r.begin(at)
	}
	quiet := at.Sub(b.lastFile)
	// A phone that restarts without a DISCOVER begins with the trust files
	// again. [facts/phones.md 1.6]
	_, configured := r.hasConfig(b)
	if quiet >= bootQuiet || configured && kindOf(name) == kindTrust && quiet >= sameBoot {
		return r.begin(at)
	}
	return b
}

func (v *Inventory) asked(at time.Time, x fileserver.Asked) {
	r := v.whose(at, x.Client, x.Name, true)
	if r == nil {
		return
	}
	name := fileName(x.Name)
	if x.Odd { // no phone asks like this: it says nothing of where one stands
		if b := r.now(); b != nil && len(b.open) < maxOpen {
			i := b.say(Line{At: at, Transport: string(x.Transport), What: "odd", Name: name, Bytes: -1})
			b.open = append(b.open, pending{x.Transport, x.Client, name, at, i})
		}
		return
	}
	b := r.bootOf(at, x.Name)
	// A TFTP client repeats a request that got no answer in time.
	for _, p := range b.open {
		if p.transport == x.Transport && p.client == x.Client && p.name == name {
			return
		}
	}
	if x.Transport == fileserver.TFTP && name == b.answeredName && x.Client == b.answeredTo {
		b.unheard++ // the answer did not arrive
	}
	if b.firstFile.IsZero() {
		b.firstFile = at
	}
	b.lastFile = at
	remark := ""
	if x.Transport == fileserver.HTTP {
		b.http++
	} else {
		b.tftp++
		if x.Again {
			remark = "again by TFTP after the busy answer"
		}
	}
	if l := x.Local.Addr().Unmap(); len(b.offers150) > 0 && l.IsValid() && !l.IsUnspecified() && !slices.Contains(b.offers150, l) {
		b.wrongServer = l
	}
	b.note(at, r, name)
	if len(b.open) >= maxOpen {
		b.open = b.open[1:]
	}
	what := "GET"
	if x.Transport == fileserver.TFTP {
		what = "RRQ"
	}
	i := b.say(Line{At: at, Transport: string(x.Transport), What: what, Name: name, Bytes: -1, Remark: remark})
	b.open = append(b.open, pending{x.Transport, x.Client, name, at, i})
}

// note takes down what kind of file was asked for.
func (b *boot) note(at time.Time, r *record, name string) {
	switch kindOf(name) {
	case kindTrust:
		// The 7940 loop counts what comes again, not the three names of one boot.
		if strings.HasPrefix(base(name), "ctl") {
			b.trust++
		}
	case kindHunt:
		b.trust++
	case kindOwn:
		f := &b.own
		if otherProtocol(name) {
			f = &b.ownOther
		}
		again(f, at, name)
		if phone.AsksSigned(name) {
			(*f).signed = true
			again(&b.signed, at, name)
		}
	case kindDefault:
		again(&b.def, at, name)
	case kindLoad:
		r.load = loadName(name)
		if b.load == nil || b.load.name != name {
			b.load, b.parts, b.lists = nil, nil, 0
		}
		again(&b.load, at, name)
	case kindComponent:
		if b.load == nil {
			// One image is the whole load: 7905, 7912, ATA.
			r.load = loadName(name)
			again(&b.load, at, name)
			return
		}
		b.wantPart(at, name)
	default:
		if b.load != nil && !b.load.served.IsZero() && gen5(name) {
			b.wantPart(at, name)
			return
		}
		if config, ok := r.hasConfig(b); ok && b.next.IsZero() && !at.Before(config) && nextPhase(name) {
			b.next, b.nextName = at, name
		}
	}
}

// gen5: the images of 78xx and 88xx may come without a telling end:
// kern78xx.12-8-1, rootfs88xx.12-0-1MN-113. [facts/phones.md 3.2]
func gen5(name string) bool {
	b := base(name)
	for _, p := range []string{"kern", "rootfs", "sboot", "sb2", "fbi", "vc4"} {
		if strings.HasPrefix(b, p) {
			return true
		}
	}
	return false
}

func (b *boot) wantPart(at time.Time, name string) {
	if f := b.part(name); f != nil {
		f.at = at
		return
	}
	if b.load.name != name && len(b.parts) < maxParts {
		b.parts = append(b.parts, &file{name: name, at: at})
	}
}

func again(f **file, at time.Time, name string) {
	if *f == nil || (*f).name != name {
		*f = &file{name: name}
	}
	(*f).at = at
}

// files are the files of a boot that have this name.
func (b *boot) files(name string) []*file {
	var out []*file
	for _, f := range append([]*file{b.own, b.ownOther, b.def, b.signed, b.load}, b.parts...) {
		if f != nil && f.name == name {
			out = append(out, f)
		}
	}
	return out
}

// answer finds phone, boot and line of an answer; the request may have been
// before the box started to record.
func (v *Inventory) answer(at time.Time, t fileserver.Transport, c netip.AddrPort, full string) (*record, *boot, *Line, string) {
	r := v.whose(at, c, full, false)
	if r == nil || r.now() == nil {
		return nil, nil, nil, ""
	}
	b, name := r.now(), fileName(full)
	i := b.answered(t, c, name)
	if i < 0 && len(r.boots) > 1 {
		// The answer of a transfer that a new boot cut off.
		old := r.boots[len(r.boots)-2]
		if j := old.answered(t, c, name); j >= 0 {
			b, i = old, j
		}
	}
	b.lastEnd = at
	if t == fileserver.TFTP {
		b.answeredName, b.answeredTo = name, c
	}
	l := b.line(i)
	if l == nil {
		l = &Line{} // the line made room
	}
	return r, b, l, name
}

func (v *Inventory) served(at time.Time, x fileserver.Served) {
	if s := v.hosts[x.Client.Addr().Unmap()]; s != nil && s.scans(at) && kindOf(x.Name) == kindOwn && x.Complete {
		s.given++
	}
	r, b, l, name := v.answer(at, x.Transport, x.Client, x.Name)
	if r == nil {
		return
	}
	l.Bytes, l.Duration = x.Bytes, x.Duration
	l.Result = "sent"
	if x.Transport == fileserver.HTTP {
		l.Result = "200"
		if x.Status > 0 {
			l.Result = itoa(int64(x.Status))
		}
	}
	if !x.Complete {
		if x.Transport == fileserver.TFTP {
			l.Result = "cut off"
		}
		l.Remark = joinNonEmpty(", ", "incomplete", keep(x.Why))
		s := b.restart(name)
		s.n++
		if x.Bytes == 0 && x.Transport == fileserver.TFTP {
			s.silent++
		}
		s.bytes, s.size, s.block, s.again, s.transport = x.Bytes, x.Size, x.BlockSize, x.Retransmits, x.Transport
		b.lastFail = at
		return
	}
	delete(b.restarts, name)
	if b.denied == name {
		b.denied = ""
	}
	if x.Duration >= v.waits.Slow && float64(x.Bytes) < x.Duration.Seconds()*slowRate {
		b.slow = name
	}
	for _, f := range b.files(name) {
		f.served, f.missing, f.route = at, false, x.Route
	}
	if f := b.own; f != nil && f.name == name {
		r.proven = true
	}
	if f := b.load; f != nil && f.name == name && len(b.parts) == 0 {
		b.lists++
	}
	if b.part(name) != nil {
		b.lastPart = at
	}
	switch kindOf(name) {
	case kindOwn, kindLoad, kindComponent:
		b.ready = at
	}
	if b.part(name) != nil {
		b.ready = at
	}
	if x.Transport == fileserver.TFTP && b.gone404[name] {
		b.intern = name
	}
}

func (v *Inventory) notFound(at time.Time, x fileserver.NotFound) {
	r, b, l, name := v.answer(at, x.Transport, x.Client, x.Name)
	if r == nil {
		return
	}
	l.Result = "error 1"
	if x.Transport == fileserver.HTTP {
		l.Result = "404"
		if b.gone404 == nil {
			b.gone404 = map[string]bool{}
		}
		if len(b.gone404) < maxParts {
			b.gone404[name] = true
		}
	}
	expected := x.Expected || phone.ExpectedAbsent(name)
	switch {
	case strings.HasPrefix(base(name), "ctl") && expected:
		l.Remark = "normal on a non-secure system"
	case expected:
		l.Remark = "normal"
	case x.Nearest != "":
		l.Remark = "there is " + keep(x.Nearest)
	}
	matters := false
	for _, f := range b.files(name) {
		f.missing, f.nearest, f.served = true, keep(x.Nearest), time.Time{}
		matters = true
	}
	if b.part(name) != nil && l.Remark == "" {
		l.Remark = "<-- breaks the upgrade"
	}
	if matters && !expected {
		b.lastFail = at
	}
}

// turned is a request that was refused: because the house was full (limit is
// how many it holds), or by rule (0).
func (v *Inventory) turned(at time.Time, t fileserver.Transport, c netip.AddrPort, full string, limit int, why string) {
	r, b, l, name := v.answer(at, t, c, full)
	if r == nil {
		return
	}
	l.Remark = keep(why)
	busy := limit > 0
	if l.What != "odd" {
		b.lastFail = at
	}
	switch {
	case busy && t == fileserver.HTTP:
		l.Result = "503"
	case busy:
		l.Result = "error 3"
	case t == fileserver.HTTP:
		l.Result = "403"
	default:
		l.Result = "error 2"
	}
	switch {
	case busy:
		b.busy++
		b.limit = limit
	case l.What != "odd" && len(b.files(name)) > 0: // it goes on without trust files and ring tones
		b.denied, b.deniedWhy = name, keep(why)
	}
}
