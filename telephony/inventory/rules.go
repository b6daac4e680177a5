package inventory

import (
	"fmt"
	"strings"

	"option150/platform/fileserver"
	"option150/telephony/advice"
	"option150/telephony/phone"
)

// rule is one row of the verdict table, in the order of the chain: the first
// that applies is the first broken link. Codes, triggers and sentences follow
// facts/diagnosis.md 3.
type rule struct {
	code   string
	blocks bool         // the phone does not come up like this
	always bool         // even when it looks provisioned
	fix    advice.Steps // unless the check gives its own
	check  func(*evidence) (Verdict, bool)
}

// rules is the table of the rules whose evidence is in the journal today.
func rules() []rule {
	tell := func(text string) advice.Steps { return advice.Steps{advice.Tell(text)} }
	return []rule{
		{"R02", true, false, nil, noLease},
		{"R03", true, false, tell("On the other server give option 150 as addresses, or switch that server off."), textOption},
		{"R04", true, false, nil, foreignLease},
		{"R22", false, false, advice.Steps{advice.Do("show ip dhcp conflict"), advice.Do("show ip arp"), advice.Tell("find the device that uses the address.")}, duplicate},
		{"R05", true, false, tell("On the phone: Settings > Network Configuration, unlock with **#, set Alternate TFTP to No."), askedNothing},
		{"R34", false, false, advice.Steps{advice.Do("show ip dhcp binding"), advice.Tell("see who has that address, if it is not the same phone behind a router.")}, otherHolder},
		{"R06", false, false, tell("On the phone set Alternate TFTP to No, or correct option 150 of the pool."), otherServer},
		{"R10", false, false, advice.Steps{advice.Set("ip http server"), advice.In("telephony-service", "hfs enable port 6970"), advice.Do("show ip http server status")}, noHTTP},
		{"R12", true, false, nil, foreignTrust},
		{"R20", true, false, nil, hunting},
		{"R14", true, false, nil, recovering},
		{"R21", true, false, nil, otherFirmware},
		{"R35", true, false, advice.Steps{advice.Do("show access-lists"), advice.Tell("permit the network of the phone in that list, or take the list off the line.")}, refusedByRule},
		{"R16", true, false, advice.Steps{advice.In("telephony-service", "create cnf-files"), advice.Tell("check that the type of the phone is the right one.")}, refusedConfig},
		{"R17", true, false, nil, unknownPhone},
		{"R07", true, false, nil, typo},
		{"R08", true, true, nil, incompleteLoad},
		{"R15", true, false, nil, refusedImage},
		{"R18", true, false, tell("Let the UDP ports of the answers through the firewall between this box and the phone."), returnPort},
		{"R11", true, false, tell("Check cable, duplex and MTU on the way, and any firewall in it."), neverCompletes},
		{"R09", false, false, tell("This is a fault of this box. Please report it with the output of show phone."), ownFault},
		{"R23", false, false, nil, tooMany},
		{"R29", false, false, tell("Check speed and duplex of the switch port and of the phone."), slowTransfer},
		{"R30", true, true, tell("Do not power-cycle it before 20 minutes are over. Then look at its screen."), noComeback},
	}
}

func say(format string, args ...any) (Verdict, bool) {
	return Verdict{Text: fmt.Sprintf(format, args...)}, true
}

func noLease(e *evidence) (Verdict, bool) {
	b := e.b
	if b.noLease == "" || !b.acked.IsZero() && b.acked.After(b.discovered) || !b.firstFile.IsZero() {
		return Verdict{}, false
	}
	where := "this interface"
	if b.noLeaseAt.IsValid() && !b.noLeaseAt.IsUnspecified() {
		where = "relay " + b.noLeaseAt.String()
	}
	v := Verdict{Text: "There is no address to give for " + where + ": " + strings.ToLower(b.noLease) + ".",
		Fix: advice.Steps{advice.Do("show ip dhcp pool"), advice.Tell("make a pool whose network holds that address.")}}
	if strings.Contains(b.noLease, "EXHAUSTED") {
		v.Fix = advice.Steps{advice.Do("show ip dhcp conflict"), advice.Do("clear ip dhcp conflict *"), advice.Do("show ip dhcp binding"), advice.Tell("clear the bindings of what is gone, exclude fewer addresses, or make the network of the pool larger.")}
	}
	return v, true
}

// foreignText is the prefix by which dhcp.ForeignServer says that option 150
// holds text.
const foreignText = "not addresses: "

func textOption(e *evidence) (Verdict, bool) {
	b := e.b
	if !strings.HasPrefix(b.foreign150, foreignText) || b.foreign150 == foreignText+`""` {
		return Verdict{}, false
	}
	if !b.acked.IsZero() && b.chosen != b.foreign {
		return Verdict{}, false // it took ours
	}
	return say("Another DHCP server, %s, sends option 150 as text instead of addresses: %s.",
		b.foreign, strings.TrimPrefix(b.foreign150, foreignText))
}

func foreignLease(e *evidence) (Verdict, bool) {
	b := e.b
	if !b.foreign.IsValid() || b.chosen != b.foreign || !b.acked.IsZero() || !b.firstFile.IsZero() {
		return Verdict{}, false
	}
	v := Verdict{Text: fmt.Sprintf("The phone took the lease of another DHCP server, %s.", b.foreign),
		Fix: advice.Steps{advice.Tell(fmt.Sprintf("Switch off the DHCP server at %s, or give its pool option 150 with the address of this box.", b.foreign))}}
	return v, true
}

func duplicate(e *evidence) (Verdict, bool) {
	if !e.b.conflict {
		return Verdict{}, false
	}
	return say("The address of the phone is in use by another device.")
}

func askedNothing(e *evidence) (Verdict, bool) {
	b := e.b
	if b.discovered.IsZero() || b.acked.IsZero() || !b.firstFile.IsZero() || len(b.offers150) == 0 || e.now.Sub(b.acked) < noFile {
		return Verdict{}, false
	}
	v, _ := say("It has an address from here but asked for no file: it uses an alternate TFTP server of its own.")
	v.Basis = Inferred
	return v, true
}

func otherHolder(e *evidence) (Verdict, bool) {
	if !e.b.other.IsValid() {
		return Verdict{}, false
	}
	return say("Its files were asked for by %s, an address that another phone holds.", e.b.other)
}

func otherServer(e *evidence) (Verdict, bool) {
	if !e.b.wrongServer.IsValid() {
		return Verdict{}, false
	}
	return say("It asks here, at %s, although its lease names another server: an alternate TFTP address or one it remembers.", e.b.wrongServer)
}

func noHTTP(e *evidence) (Verdict, bool) {
	switch f := e.fallback(); f {
	case Observed:
		return Verdict{Text: "The HTTP file server did not answer on port 6970; the phone uses TFTP, which is slow.", Basis: f}, true
	case Inferred:
		return Verdict{Text: "The phone used TFTP only: the HTTP file server does not answer on port 6970, or its firmware is older than 9.3.", Basis: f}, true
	}
	return Verdict{}, false
}

func foreignTrust(e *evidence) (Verdict, bool) {
	s := e.b.signed
	if s == nil || !s.served.IsZero() || !s.missing {
		return Verdict{}, false
	}
	if own := e.b.own; own != nil && own != s && !own.signed && !own.served.IsZero() {
		return Verdict{}, false
	}
	return Verdict{Text: fmt.Sprintf("It asks for the signed file %s: it trusts another call manager and refuses files of anybody else.", lastPart(s.name)),
		Fix: advice.Steps{advice.Tell(eraseTrust(e.r.model))}}, true
}

func hunting(e *evidence) (Verdict, bool) {
	if e.r.num != "7940" && e.r.num != "7960" && e.r.num != "" {
		return Verdict{}, false
	}
	if _, ok := e.r.hasConfig(e.b); ok || e.b.load != nil {
		return Verdict{}, false
	}
	n := e.b.trust
	if e.before != nil {
		if _, ok := e.r.hasConfig(e.before); !ok && e.before.load == nil {
			n += e.before.trust
		}
	}
	if n < 4 {
		return Verdict{}, false
	}
	return Verdict{Text: fmt.Sprintf("It asks for the same first file again and again (%d times): a 7940 or 7960 between two images.", n),
		Fix: append(e.configure(), advice.Tell("give the model a load line too: the default file then names the load it is to fetch."))}, true
}

func recovering(e *evidence) (Verdict, bool) {
	l := e.b.load
	if l == nil || !recovery(l.name) || !l.missing {
		return Verdict{}, false
	}
	return Verdict{Text: fmt.Sprintf("It has no image: after a factory reset it asks for %s, which is not here.", lastPart(l.name)),
		Fix: advice.Steps{advice.Tell(fmt.Sprintf("Copy %s and the files named in it to flash:.", lastPart(l.name)))}}, true
}

func otherFirmware(e *evidence) (Verdict, bool) {
	o := e.b.ownOther
	if o == nil || !o.missing {
		return Verdict{}, false
	}
	own := e.b.own
	if own == nil || own.served.IsZero() {
		return Verdict{}, false
	}
	return Verdict{Text: fmt.Sprintf("It asks for %s: it runs firmware of another protocol than it is configured for.", lastPart(o.name)),
		Fix: advice.Steps{advice.Tell("Configure it under voice register pool (SIP) instead of ephone (SCCP), or the other way round, or give it a load of the protocol configured.")}}, true
}

// refusedByRule: an access list of a tftp-server line, or a name that is kept
// from everybody.
func refusedByRule(e *evidence) (Verdict, bool) {
	if e.b.denied == "" {
		return Verdict{}, false
	}
	return say("It is refused %s by rule: %s.", lastPart(e.b.denied), e.b.deniedWhy)
}

func refusedConfig(e *evidence) (Verdict, bool) {
	own, def := e.b.own, e.b.def
	if own == nil || own.served.IsZero() || def == nil || !isSEP(own.name) || !isXMLDefault(def.name) || !def.at.After(own.served) {
		return Verdict{}, false
	}
	return say("It was given %s and asked for the default file then: it did not accept its configuration.", lastPart(own.name))
}

func unknownPhone(e *evidence) (Verdict, bool) {
	b := e.b
	if _, ok := e.r.hasConfig(b); ok || b.load != nil || b.def == nil {
		return Verdict{}, false
	}
	if b.own != nil && !b.own.missing || b.ownOther != nil && !b.ownOther.missing && b.ownOther.served.IsZero() {
		return Verdict{}, false
	}
	v := Verdict{Text: "Nobody knows this phone: there is no configuration for it here, only the default file."}
	if b.def.missing {
		v.Text = "Nobody knows this phone: there is no configuration for it here and no default file."
	}
	v.Fix = e.configure()
	return v, true
}

func typo(e *evidence) (Verdict, bool) {
	l := e.b.load
	if l == nil || !l.missing || recovery(l.name) {
		return Verdict{}, false
	}
	if l.nearest != "" {
		return Verdict{Text: fmt.Sprintf("The load it is to run, %s, is not here; %s is.", lastPart(l.name), l.nearest),
			Fix: e.loadLine(loadName(l.nearest))}, true
	}
	return Verdict{Text: fmt.Sprintf("The load it is to run is not here: %s.", lastPart(l.name)),
		Fix: advice.Steps{advice.Tell(fmt.Sprintf("Copy %s and the files named in it to flash:, or correct the load line.", lastPart(l.name)))}}, true
}

func incompleteLoad(e *evidence) (Verdict, bool) {
	names, all := e.missing()
	if len(names) == 0 || e.b.load == nil || e.b.load.served.IsZero() {
		return Verdict{}, false
	}
	is := "is"
	if len(names) > 1 {
		is = "are"
	}
	return Verdict{Text: fmt.Sprintf("Load %s is incomplete: %d of %d component files %s missing here.", loadName(e.b.load.name), len(names), all, is),
		Fix: advice.Steps{advice.Tell("Copy " + strings.Join(names, " and ") + " to flash:.")}}, true
}

func refusedImage(e *evidence) (Verdict, bool) {
	l, old := e.b.load, e.before
	if l == nil || l.served.IsZero() || old == nil || old.load == nil || loadName(old.load.name) != loadName(l.name) {
		return Verdict{}, false
	}
	for _, f := range old.parts {
		if f.served.IsZero() {
			return Verdict{}, false // it did not get it all the first time
		}
	}
	if len(old.parts) == 0 {
		return Verdict{}, false
	}
	load := phone.Load(loadName(l.name))
	v := Verdict{Text: fmt.Sprintf("It fetched load %s, restarted and fetches it again: it refuses the image.", load.Canonical()),
		Fix: advice.Steps{advice.Tell("Give it a load between the one it runs and this one first.")}}
	if ver := load.Version(); ver.Known && ver.Major >= 9 && strings.HasPrefix(e.r.num, "79") {
		v.Fix = advice.Steps{advice.Tell("Give it 8.5(2) first; phones below 8.3(3) need that step before a 9.x load.")}
	}
	return v, true
}

// worst is the file of this boot whose transfer failed most.
func (e *evidence) worst(count func(*restart) int) (string, *restart) {
	var name string
	var w *restart
	for n, x := range e.b.restarts {
		if w == nil || count(x) > count(w) || count(x) == count(w) && n < name {
			name, w = n, x
		}
	}
	return name, w
}

func returnPort(e *evidence) (Verdict, bool) {
	name, w := e.worst(func(x *restart) int { return x.silent })
	if w == nil || w.silent < 2 {
		return Verdict{}, false
	}
	return say("It asks for %s by TFTP but never acknowledges a block: the answers do not reach it.", lastPart(name))
}

func neverCompletes(e *evidence) (Verdict, bool) {
	name, w := e.worst(func(x *restart) int { return x.n })
	if w == nil || w.n < 3 {
		return Verdict{}, false
	}
	detail := ""
	if w.transport == fileserver.TFTP && w.block > 0 {
		detail = fmt.Sprintf(", blocks of %d bytes, %d sent again", w.block, w.again)
	}
	return say("The transfer of %s never completes: %d tries, the last one ended at %s of %s bytes%s.",
		lastPart(name), w.n, grouped(w.bytes), grouped(w.size), detail)
}

func ownFault(e *evidence) (Verdict, bool) {
	if e.b.intern == "" {
		return Verdict{}, false
	}
	return say("The HTTP file server did not have %s, and TFTP had it.", lastPart(e.b.intern))
}

func tooMany(e *evidence) (Verdict, bool) {
	if e.b.busy == 0 {
		return Verdict{}, false
	}
	return Verdict{Text: fmt.Sprintf("%d of its requests met a busy server; it asks again by itself.", e.b.busy),
		Fix: advice.Steps{advice.Set("file-server maximum-serving-count " + itoa(int64(min(max(2*e.b.limit, 2), 3500))))}}, true
}

func slowTransfer(e *evidence) (Verdict, bool) {
	if e.b.slow == "" {
		return Verdict{}, false
	}
	return say("The transfer of %s was slower than 64 KiB/s.", lastPart(e.b.slow))
}

func noComeback(e *evidence) (Verdict, bool) {
	b := e.b
	if b.load == nil || b.next || b.lastPart.IsZero() || !e.loadDone() {
		return Verdict{}, false
	}
	if last := b.lastPart; e.now.Sub(last) < noReturn || b.lastFile.After(last) {
		return Verdict{}, false
	}
	return say("It did not return: silent for %s since the last file of its load.", took(e.now.Sub(b.lastPart)))
}
