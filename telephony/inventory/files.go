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
	a := bare(client.Addr())
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
		// Of IPv6 a phone has several addresses: it makes some itself.
		if b := r.now(); b != nil && a.Is4() && !b.acked.IsZero() && !b.stranger && r.addr.IsValid() && r.addr != a && v.byIP[r.addr] == r {
			b.other = a // it holds a lease of this box, and that is another address
			return nil
		}
		if holder := v.byIP[a]; holder != nil && holder != r && !holder.ackedAt().IsZero() {
			// Another phone has the lease: a file of this one, asked by somebody
			// else, and sent to that.
			if b := r.now(); b != nil {
				b.other = a
				return nil
			}
		}
		v.crowds(at, r, a)
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
		v.saw(r, at)
	}
	return r
}

// crowds: several phones ask from one address, from behind a router that hides
// theirs.
func (v *Inventory) crowds(at time.Time, r *record, a netip.Addr) {
	o := v.byIP[a]
	if o == nil || o == r || o.mac.IsZero() || !o.ackedAt().IsZero() || !r.ackedAt().IsZero() {
		return
	}
	if b := o.now(); b != nil && !b.lastFile.IsZero() && at.Sub(b.lastFile) < bootQuiet {
		r.crowd, o.crowd = at, at
	}
}

// crowded reports that what carries no name cannot be told apart in this boot.
func (r *record) crowded(b *boot) bool { return !r.crowd.IsZero() && !r.crowd.Before(b.start) }

// named: a file that says whose it is.
func named(name string) bool {
	_, ok := phone.MACOfFile(name)
	return ok
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
	installed := b.load != nil && !b.load.served.IsZero() // a loader that has its image
	// A ring list, looked at hours later, is none.
	if quiet >= bootQuiet && !(configured && kindOf(name) == kindOther) || (configured || installed) && kindOf(name) == kindTrust && quiet >= sameBoot {
		return r.begin(at)
	}
	return b
}

func (v *Inventory) asked(at time.Time, x fileserver.Asked) {
	if x.Client.Addr().Unmap() == x.Local.Addr().Unmap() {
		return // the box asks itself
	}
	r := v.whose(at, x.Client, x.Name, true)
	if r == nil {
		return
	}
	name := fileName(x.Name)
	if x.Odd { // no phone asks like this: it says nothing of where one stands
		if b := r.now(); b != nil && len(b.open) < maxOpen {
			i := b.say(Line{At: at, Transport: string(x.Transport), What: "odd", Name: name, Bytes: -1})
			b.open = append(b.open, pending{x.Transport, x.Client, name, at, i, 0})
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
	if x.Transport == fileserver.TFTP {
		r.gaveUp(x.Client, name)
	}
	if x.Transport == fileserver.TFTP && name == b.answeredName && x.Client == b.answeredTo {
		b.unheard++ // the answer did not arrive
	}
	if b.firstFile.IsZero() {
		b.firstFile = at
	}
	b.lastFile = at
	remark := ""
	if a := bare(x.Client.Addr()); a.Is6() {
		b.files6++
		remark = "over IPv6"
	} else {
		b.files4++
	}
	if x.Transport == fileserver.HTTP {
		b.http++
	} else {
		b.tftp++
		if x.Again {
			remark = joinNonEmpty(", ", remark, "again by TFTP after the busy answer")
		}
	}
	if l := x.Local.Addr().Unmap(); l.Is4() && len(b.offers150) > 0 && l.IsValid() && !l.IsUnspecified() && !slices.Contains(b.offers150, l) {
		b.wrongServer = l
	}
	if r.crowded(b) && !named(name) {
		remark = joinNonEmpty(", ", remark, "of one of the phones behind this address")
	} else {
		b.note(at, r, name)
	}
	if len(b.open) >= maxOpen {
		b.open = b.open[1:]
	}
	what := "GET"
	if x.Transport == fileserver.TFTP {
		what = "RRQ"
	}
	i := b.say(Line{At: at, Transport: string(x.Transport), What: what, Name: name, Bytes: -1, Remark: remark})
	b.open = append(b.open, pending{x.Transport, x.Client, name, at, i, x.BlockSize})
}

// gaveUp: a phone that asks by TFTP for a file it is being sent has given that
// transfer up, long before the server does.
func (r *record) gaveUp(c netip.AddrPort, name string) {
	for _, b := range r.boots[max(0, len(r.boots)-2):] {
		for i, p := range b.open {
			if p.transport != fileserver.TFTP || p.name != name || p.client == c {
				continue
			}
			x := b.restart(name)
			x.n++
			x.block, x.transport = p.block, fileserver.TFTP
			if l := b.line(p.line); l != nil {
				l.Result, l.Remark = "cut off", "it asks again from another port"
			}
			b.open = append(b.open[:i], b.open[i+1:]...)
			break
		}
	}
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
	case kindGateway:
		again(&b.gateway, at, name)
	case kindLoad:
		r.load = loadName(name)
		if r.runs == r.load {
			r.runs = "" // nobody asks for what he runs
		}
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
	for _, f := range append([]*file{b.own, b.ownOther, b.def, b.signed, b.load, b.gateway}, b.parts...) {
		if f != nil && f.name == name {
			out = append(out, f)
		}
	}
	return out
}
