package inventory

import (
	"net/netip"
	"strings"
	"time"

	"option150/platform/fileserver"
	"option150/telephony/advice"
	"option150/telephony/phone"
)

// How requests for files were answered.

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
	// A file of one block of which no block was acknowledged may be anywhere.
	unsure := x.Complete && x.Why != "" && x.Transport == fileserver.TFTP
	if unsure && x.Size <= int64(x.BlockSize) {
		x.Complete, x.Bytes = false, 0
	}
	if !x.Complete && l.At.IsZero() && len(b.lines) < maxLines {
		return // it had given this up, and was counted
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
	if x.Status != 0 && x.Status != 200 && (x.Status != 206 || kindOf(name) == kindOwn || b.restarts[name] == nil) {
		return // a part of it, or word that it has not changed: a phone asks for the rest of what was cut off at most
	}
	delete(b.restarts, name)
	if b.denied == name {
		b.denied = ""
	}
	if x.Duration >= v.waits.Slow && float64(x.Bytes) < x.Duration.Seconds()*slowRate {
		b.slow, b.slowly = name, grouped(x.Bytes)+" bytes in "+took(x.Duration)
	}
	for _, f := range b.files(name) {
		f.served, f.missing, f.route, f.unsure = at, false, x.Route, unsure
	}
	if f := b.own; f != nil && f.name == name {
		v.prove(r)
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
	// Of another file server both answers may be true: it was asked twice.
	if x.Transport == fileserver.TFTP && b.gone404[name] && x.Route != upstreamRoute {
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
		f.nobody, f.maybe = keep(x.Asked), ""
		if x.Unsure {
			f.nobody, f.maybe = "", f.nobody
		}
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
// how many it holds), or by rule (0), with what lets it in.
func (v *Inventory) turned(at time.Time, t fileserver.Transport, c netip.AddrPort, full string, limit int, why string, cure advice.Steps) {
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
		b.denied, b.deniedWhy, b.deniedCure = name, keep(why), cure
	}
}
