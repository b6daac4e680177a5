package inventory

import (
	"cmp"
	"fmt"
	"strings"

	"option150/platform/fileserver"
	"option150/telephony/advice"
	"option150/telephony/phone"
)

// The rules about the configuration file and about transfers.

func noHTTP(e *evidence) (Verdict, bool) {
	switch e.fallback() {
	case Observed:
		return found("its connection to port 6970 was refused "+e.at(e.b.refused), "The HTTP file server did not answer on port 6970; the phone uses TFTP, which is slow.")
	case Inferred:
		return guessed(fmt.Sprintf("%d requests by TFTP and none by HTTP", e.b.tftp), "The phone used TFTP only: the HTTP file server does not answer on port 6970, or its firmware is older than 9.3.")
	}
	return none()
}

func wantsHTTPS(e *evidence) (Verdict, bool) {
	b := e.b
	if _, ok := e.r.hasConfig(b); ok || !e.secure() {
		return none()
	}
	v, _ := found("it opened a connection to port 6971 "+e.at(b.secure), "It wants its files by HTTPS, which this box does not offer: its trust list of another call manager says so.")
	v.Fix = tell(eraseTrust(e.model))
	return v, true
}

func foreignTrust(e *evidence) (Verdict, bool) {
	s := e.b.signed
	if s == nil || !s.served.IsZero() || !s.missing {
		return none()
	}
	if own := e.b.own; own != nil && own != s && !own.signed && own.served.After(s.at) {
		return none()
	}
	v, _ := found(lastPart(s.name)+" asked "+e.at(s.at), "It asks for the signed file %s: it trusts another call manager and refuses files of anybody else.", lastPart(s.name))
	v.Fix = tell(eraseTrust(e.model))
	return v, true
}

func hunting(e *evidence) (Verdict, bool) {
	if e.r.num != "7940" && e.r.num != "7960" && e.r.num != "" {
		return none()
	}
	if _, ok := e.r.hasConfig(e.b); ok || e.b.load != nil {
		return none()
	}
	n := e.b.trust
	if e.before != nil {
		if _, ok := e.r.hasConfig(e.before); !ok && e.before.load == nil {
			n += e.before.trust
		}
	}
	if n < 4 || e.b.own != nil && !e.b.own.served.IsZero() {
		return none()
	}
	v, _ := found(fmt.Sprintf("the same first file asked for %d times", n), "It asks for the same first file again and again (%d times): a 7940 or 7960 between two images.", n)
	if e.setup.Section == "" {
		v.Fix = e.configure()
	}
	if e.setup.Load == "" {
		v.Fix = append(v.Fix, advice.Tell("give the model a load line too: its file then names the load it is to fetch."))
	}
	if !e.r.mac.IsZero() {
		v.Fix = append(v.Fix, advice.Do("recover 7960 "+e.r.mac.CME()))
	}
	v.Fix = append(v.Fix, advice.Tell("restart it then: the empty CTL file leads it on to its configuration."))
	return v, true
}

// single reports that a model speaks one protocol only, and which.
func (e *evidence) single() (sip, only bool) {
	return e.model.SIP, e.r.known && e.model.SCCP != e.model.SIP
}

func otherFirmware(e *evidence) (Verdict, bool) {
	if sip, only := e.single(); only && e.setup.Section != "" && sip != e.setup.SIP {
		word := map[bool]string{true: "SIP", false: "SCCP"}[sip]
		v, _ := found(fmt.Sprintf("option 60 says %s, and %s is for the other protocol", e.r.num, e.setup.Section),
			"It is %s, which speaks %s only, and it is configured as %s: that file is of no use to it.", phone.Named(e.r.num), word, e.setup.Section)
		v.Fix = e.move(sip)
		return v, true
	}
	o, own := e.b.ownOther, e.b.own
	if o == nil || !o.missing || own == nil || own.served.IsZero() {
		return none()
	}
	if e.model.SIP && e.model.SCCP && e.setup.Section != "" {
		v, _ := found(lastPart(o.name)+" asked "+e.at(o.at), "It asks for %s: it runs firmware of another protocol than it is configured for.", lastPart(o.name))
		v.Fix = e.move(!e.setup.SIP)
		return v, true
	}
	v, _ := found(lastPart(o.name)+" asked "+e.at(o.at), "It asks for %s: it runs firmware of another protocol than it is configured for.", lastPart(o.name))
	v.Fix = tell("Configure it under voice register pool (SIP) instead of ephone (SCCP), or the other way round, or give it a load of the protocol configured.")
	return v, true
}

// refusedByRule: an access list of a tftp-server line, or a name that is kept
// from everybody.
func refusedByRule(e *evidence) (Verdict, bool) {
	if e.b.denied == "" {
		return none()
	}
	v, _ := found(e.b.deniedWhy, "It is refused %s by rule: %s.", lastPart(e.b.denied), e.b.deniedWhy)
	switch {
	case len(e.b.deniedCure) > 0:
		v.Fix = e.b.deniedCure
	case strings.Contains(e.b.deniedWhy, "bind-lease"), strings.Contains(e.b.deniedWhy, "scan-guard"):
		v.Fix = advice.Steps{advice.Do("show provisioning exposure"), advice.Tell("give the phone its address by DHCP of this box, or permit its address in the list of file-server bind-lease trust.")}
	case strings.Contains(e.b.deniedWhy, "access-class"):
		v.Fix = advice.Steps{advice.Do("show provisioning exposure"), advice.Do("show access-lists"), advice.Tell("permit the network of the phone in a list that file-server access-class names.")}
	}
	return v, true
}

// binaryFile: it reads no XML. The file it wants is built by its call manager
// alone. [source 004, Build CNF Files]
func binaryFile(e *evidence) (Verdict, bool) {
	f := cmp.Or(e.b.own, e.b.def)
	if f == nil || !f.missing || !phone.BinaryFile(f.name) || e.b.def != nil && !phone.BinaryFile(e.b.def.name) {
		return none()
	}
	if _, ok := e.r.hasConfig(e.b); ok || e.b.load != nil {
		return none()
	}
	v, _ := found(lastPart(f.name)+" asked "+e.at(f.at)+", no such file", "It asks for %s, a binary file whose layout is not published: none is made, and XML under that name would not be read.", lastPart(f.name))
	kind, listed := phone.BinaryOf(e.model)
	take := "take a device that reads XML in its place."
	switch {
	case !e.modelKnown:
		v.Text += " Which device it is was not told; of those that may ask so Cisco lists " + binaryNames() + "."
	case listed:
		v.Text += fmt.Sprintf(" Devices of type %s (%s) read it.", kind.Name, kind.Type)
	default:
		v.Text += fmt.Sprintf(" It is %s, which reads XML with a later load than the one it has.", phone.Named(e.model.Keyword))
		take = "give it a load that reads XML."
	}
	if e.modelKnown && !phone.ExpectsBinary(e.box.BuildCNF, e.model) {
		v.Text += " By build-cnf-files no such file is expected for it."
	}
	v.Fix = advice.Steps{advice.Tell("copy " + lastPart(f.name) + " of the call manager that builds it to " + e.box.Home + ": it is served as it lies there; or " + take)}
	return v, true
}

func binaryNames() string {
	var names []string
	for _, b := range phone.BinaryTypes() {
		names = append(names, b.Name)
	}
	return strings.Join(names, ", ")
}

// notBuilt: configured, and its file is not there.
func notBuilt(e *evidence) (Verdict, bool) {
	own := e.b.own
	if e.setup.Section == "" || e.setup.Built || own == nil || !own.missing || own.signed || !isSEP(own.name) || e.model.DefaultFileOnly {
		return none()
	}
	v, _ := found(lastPart(own.name)+" asked "+e.at(own.at)+", no such file", "It is configured as %s, and there is no file for it.", e.setup.Section)
	v.Fix = e.build()
	return v, true
}

// build makes the files of the protocol of the phone.
func (e *evidence) build() advice.Steps {
	if e.setup.SIP {
		return advice.Steps{advice.In("voice register global", "create profile"), advice.Do("show provisioning audit")}
	}
	return advice.Steps{advice.In("telephony-service", "create cnf-files"), advice.Do("show provisioning audit")}
}

func refusedConfig(e *evidence) (Verdict, bool) {
	own, def := e.b.own, e.b.def
	if !e.b.fell() {
		return none()
	}
	v, _ := found(fmt.Sprintf("%s sent %s, %s asked %s later", lastPart(own.name), e.at(own.served), lastPart(def.name), took(def.at.Sub(own.served))),
		"It was given %s and asked for the default file then: it did not accept its configuration.", lastPart(own.name))
	switch {
	case own.route == upstreamRoute:
		v.Text += " The file came from an alternate file server."
		v.Fix = advice.Steps{advice.Do("show file-server alternate"), advice.Tell("look at the configuration of the phone there.")}
	case own.route != "" && own.route != fileserver.RouteGenerated:
		v.Text += " The file is one that lies in flash:."
		v.Fix = e.build()
	case e.r.known && e.setup.Type != "" && !strings.EqualFold(e.setup.Type, e.r.num):
		v.Text += fmt.Sprintf(" It is %s and is configured as %s.", phone.Named(e.r.num), phone.Named(e.setup.Type))
		v.Fix = advice.Steps{advice.In(e.setup.Section, "type "+e.r.num)}
	default:
		v.Fix = append(e.build(), advice.Tell("compare the type of the phone with its label."))
	}
	return v, true
}

func unknownPhone(e *evidence) (Verdict, bool) {
	b := e.b
	if _, ok := e.r.hasConfig(b); ok || b.load != nil || b.def == nil || e.setup.Section != "" {
		return none()
	}
	if b.own != nil && !b.own.missing || b.ownOther != nil && !b.ownOther.missing && b.ownOther.served.IsZero() {
		return none()
	}
	text := "Nobody knows this phone: there is no configuration for it here, only the default file."
	if b.def.missing {
		text = "Nobody knows this phone: there is no configuration for it here and no default file."
	}
	v, _ := found(lastPart(b.def.name)+" asked "+e.at(b.def.at), "%s", text)
	v.Fix = e.configure()
	return v, true
}

// worst is the file the phone asks for whose transfer failed most: in this boot
// and in those before that ended like this.
func (e *evidence) worst(count func(*restart) int) (string, *restart) {
	var name string
	var w *restart
	for _, b := range e.r.boots {
		for n := range b.restarts {
			x := e.tries(n)
			if x != nil && (w == nil || count(x) > count(w) || count(x) == count(w) && n < name) {
				name, w = n, x
			}
		}
	}
	return name, w
}

// tries are the failed transfers of a file since it was sent last, nil if this
// boot does not want it.
func (e *evidence) tries(name string) *restart {
	var sum restart
	for i := len(e.r.boots) - 1; i >= 0; i-- {
		b := e.r.boots[i]
		files := b.files(name)
		if b == e.b && len(files) == 0 {
			return nil
		}
		if x := b.restarts[name]; x != nil {
			if sum.n == 0 {
				sum = *x
			} else {
				sum.n, sum.silent, sum.bytes = sum.n+x.n, sum.silent+x.silent, max(sum.bytes, x.bytes)
			}
		}
		for _, f := range files {
			if !f.served.IsZero() {
				return &sum
			}
		}
	}
	return &sum
}

// wholePacket is the largest block that fits into one packet of Ethernet.
// [RFC 2348]
const wholePacket = 1468

// smallBlock is what fits through any way. [RFC 791, 3.1: 576 bytes]
const smallBlock = 512

func largeBlocks(e *evidence) (Verdict, bool) {
	name, w := e.worst(func(x *restart) int { return x.n })
	if w == nil || w.n < 2 || w.transport != fileserver.TFTP || w.block <= smallBlock || w.bytes > 0 {
		return none()
	}
	ev := fmt.Sprintf("%d tries of %s with blocks of %d bytes", w.n, lastPart(name), w.block)
	if w.block > wholePacket {
		return found(ev, "It asks for blocks of %d bytes, which do not fit into one packet, and the transfer of %s does not end.", w.block, lastPart(name))
	}
	if e.b.unheard > 0 {
		return none() // small answers do not arrive either
	}
	return guessed(ev, "It asks for blocks of %d bytes, and none of %s arrives: the way lets no packet through that is so large.", w.block, lastPart(name))
}

func returnPort(e *evidence) (Verdict, bool) {
	if n := e.b.unheard; n >= soughtOften && e.b.ready.IsZero() {
		return guessed(fmt.Sprintf("%d answers, and the same question from the same port after each", n), "It asks for %s by TFTP again and again although it is answered: the answers do not reach it.", lastPart(e.b.answeredName))
	}
	name, w := e.worst(func(x *restart) int { return x.silent })
	if w == nil || w.silent < 2 {
		return none()
	}
	return guessed(fmt.Sprintf("%d answers for %s, none acknowledged", w.silent, lastPart(name)), "It asks for %s by TFTP but never acknowledges a block: the answers do not reach it.", lastPart(name))
}

func neverCompletes(e *evidence) (Verdict, bool) {
	name, w := e.worst(func(x *restart) int { return x.n })
	if w == nil || w.n < 3 {
		return none()
	}
	detail := ""
	if w.transport == fileserver.TFTP && w.block > 0 {
		detail = fmt.Sprintf(", blocks of %d bytes, %d sent again", w.block, w.again)
	}
	return found(fmt.Sprintf("%d transfers of %s were broken off", w.n, lastPart(name)), "The transfer of %s never completes: %d tries, the last one ended at %s of %s bytes%s.",
		lastPart(name), w.n, grouped(w.bytes), grouped(w.size), detail)
}

func ownFault(e *evidence) (Verdict, bool) {
	if e.b.intern == "" {
		return none()
	}
	return found(lastPart(e.b.intern)+": 404 by HTTP, sent by TFTP", "The HTTP file server did not have %s, and TFTP had it.", lastPart(e.b.intern))
}

func tooMany(e *evidence) (Verdict, bool) {
	if e.b.busy == 0 {
		if e.b.elsewhere == "" || e.b.lastFail.Before(e.b.ready) {
			return none()
		}
		v, _ := found("answers said busy: "+e.b.elsewhere, "The file servers that may know it could not say: %s; it asks again by itself.", e.b.elsewhere)
		v.Fix = advice.Steps{advice.Do("show file-server alternate")}
		return v, true
	}
	v, _ := found(count(e.b.busy, "answer", "answers")+" said busy", "%d of its requests met a busy server; it asks again by itself.", e.b.busy)
	v.Fix = advice.Steps{advice.Set("file-server maximum-serving-count " + itoa(int64(min(max(2*e.b.limit, 2), 3500))))}
	return v, true
}

func slowTransfer(e *evidence) (Verdict, bool) {
	if e.b.slow == "" {
		return none()
	}
	return found(e.b.slowly, "The transfer of %s was slower than 64 KiB/s.", lastPart(e.b.slow))
}
