package inventory

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"option150/telephony/advice"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// The rules about firmware.

// recovering: after a factory reset, a default load that is not here, that is
// another family's, or that does not lead on.
func recovering(e *evidence) (Verdict, bool) {
	l := e.b.load
	if l == nil || !recovery(l.name) {
		return none()
	}
	name := lastPart(l.name)
	if l.missing {
		v, _ := found(name+" asked "+e.at(l.at)+", no such file", "It has no image: after a factory reset it asks for %s, which is not here.%s", name, e.beyond(l))
		v.Fix = e.askAgain(tell("Copy "+name+" to "+e.box.Home+", the one that came with the load its model may have now, and the files named in it."), l)
		if strings.EqualFold(lastPart(l.nearest), name) {
			v.Text = fmt.Sprintf("It has no image: after a factory reset it asks for %s. One is here, and it is not of the load its model may have now: it is kept from it.", name)
			v.Fix = append(advice.Steps{advice.Do("show firmware")}, v.Fix...)
		}
		return v, true
	}
	_, st := e.stock()
	if other := familyOf(st.Set); other != "" && e.images(name) != "" && other != e.images(name) {
		v, _ := found(fmt.Sprintf("%s names files of the %s family", name, other), "It has no image, and %s is another family's load: it names files of the %s family.", name, other)
		v.Fix = tell("Copy the " + name + " of its own firmware package to " + e.box.Home + ".")
		return v, true
	}
	n := e.b.lists
	for i := len(e.r.boots) - 2; i >= 0; i-- {
		old := e.r.boots[i]
		if old.load == nil || !strings.EqualFold(old.load.name, l.name) || len(old.parts) > 0 {
			break
		}
		n += old.lists
	}
	if len(e.b.parts) > 0 || n < soughtOften {
		return none()
	}
	v, _ := found(fmt.Sprintf("%s sent %d times, no file named in it asked for", name, n), "It has no image, and its loader does not take %s: it fetched it %d times and none of its files.", name, n)
	v.Fix = tell("Copy the " + name + " of another release for this model to " + e.box.Home + ", an older one if the phone is old.")
	return v, true
}

// images is the family of images the models of a default load run.
func (e *evidence) images(list string) string {
	if m := phone.ByDefaultLoad(list); len(m) > 0 {
		return m[0].Images
	}
	return ""
}

var component = regexp.MustCompile(`(?i)^(?:jar|cnu|apps|dsp|cvm|rootfs|kern)(\d\d)(?:sccp|sip)?\.`)

// familyOf is the family the components of a load are of; "" if they do not
// tell.
func familyOf(set *firmware.LoadSet) string {
	if set == nil {
		return ""
	}
	for _, n := range set.Names() {
		if g := component.FindStringSubmatch(n); g != nil {
			return g[1]
		}
	}
	return ""
}

// unsigned reports that the phone asked in vain for the load it is to run in the
// form of firmware that cannot check signatures: it goes on with what it runs.
// [telephony/phone/steps.toml]
func (e *evidence) unsigned() bool {
	l := e.b.load
	if l == nil || !l.missing {
		return false
	}
	name := phone.Load(lastPart(l.name))
	step, ok := phone.StepTo(firmware.FamilyOf(string(name)), phone.Load(name.Canonical()))
	return ok && step.Asks != "" && strings.EqualFold(name.Suffix(), step.Asks)
}

func unsignedImage(e *evidence) (Verdict, bool) {
	if !e.unsigned() {
		return none()
	}
	name := phone.Load(lastPart(e.b.load.name))
	step, _ := phone.StepTo(firmware.FamilyOf(string(name)), phone.Load(name.Canonical()))
	v, _ := found(string(name)+" asked "+e.at(e.b.load.at)+", no such file", "It takes unsigned images only, %s, and keeps the one it runs: it comes to %s over %s.", step.Asks, name.Canonical(), step.Release())
	if next := phone.Load(e.today.Load).Canonical(); next != "" && !strings.EqualFold(next, name.Canonical()) {
		v.Fix = tell("Restart the phone: its file names " + next + " first since it asked for that.")
	} else {
		v.Fix = tell("Put an image " + step.Form + " of its family and protocol, " + step.Release() + ", on " + e.box.Home + ", then restart the phone.")
	}
	return v, true
}

func typo(e *evidence) (Verdict, bool) {
	l := e.b.load
	if l == nil || !l.missing || recovery(l.name) || e.unsigned() {
		return none()
	}
	name := lastPart(l.name)
	if _, st := e.stock(); slices.ContainsFunc(st.Missing, func(m firmware.Missing) bool { return m.Kind == firmware.Empty && strings.EqualFold(m.File, name) }) {
		v, _ := found(name+" asked "+e.at(l.at)+"; the file has no content", "The load it is to run, %s, is empty.", name)
		v.Fix = tell("Copy " + name + " to " + e.box.Home + " again.")
		return v, true
	}
	if l.nearest != "" && !strings.EqualFold(lastPart(l.nearest), name) {
		v, _ := found(name+" asked "+e.at(l.at)+", no such file", "The load it is to run, %s, is not here; %s is.%s", name, l.nearest, e.beyond(l))
		v.Fix = e.askAgain(e.loadLine(loadName(l.nearest)), l)
		return v, true
	}
	v, _ := found(name+" asked "+e.at(l.at)+", no such file", "The load it is to run is not here: %s.%s", name, e.beyond(l))
	v.Fix = e.askAgain(e.instead("Copy "+name+" and the files named in it to "+e.box.Home+", or correct the load line."), l)
	return v, true
}

// instead is an instruction, and a load that is whole until it is followed.
func (e *evidence) instead(text string) advice.Steps {
	load, _ := e.stock()
	for _, l := range e.w.here[load] {
		if !strings.EqualFold(l, load) && !recovery(l+".loads") && e.modelKnown {
			return append(append(tell(strings.TrimSuffix(text, ".")), e.loadLine(l)...), advice.Tell("that line brings its phones up until then."))
		}
	}
	return tell(text)
}

// incompleteLoad: a file of the load it asks for is absent, or is not what the
// load says.
func incompleteLoad(e *evidence) (Verdict, bool) {
	l := e.b.load
	if l == nil || l.served.IsZero() || recovery(l.name) && len(e.b.parts) == 0 {
		return none()
	}
	load, st := e.stock()
	lack := e.lacks()
	names, bad := lack.gone, lack.bad
	all := max(len(e.b.parts), st.Total, len(names)+len(bad))
	if len(bad) > 0 {
		v, _ := found(strings.Join(bad, "; "), "Load %s is not whole: %s.", load, strings.Join(bad, "; "))
		v.Fix = e.instead("Copy " + e.broken(st) + " to " + e.box.Home + " again.")
		return v, true
	}
	if len(names) == 0 {
		return none()
	}
	is := "is"
	if len(names) > 1 {
		is = "are"
	}
	v, _ := found(list(names)+": no such file", "Load %s is incomplete: %d of %d component files %s missing here.%s", load, len(names), all, is, e.beyond(lack.files...))
	var steps advice.Steps
	for _, n := range names {
		if at := e.w.where[strings.ToLower(n)]; at != "" {
			steps = append(steps, advice.Do(fmt.Sprintf("copy %s %s/%s", at, strings.TrimSuffix(e.box.Home, "/"), lastPart(n))))
		}
	}
	if len(steps) < len(names) {
		steps = e.instead("Copy " + list(names) + " to " + e.box.Home + ".")
	}
	v.Fix = e.askAgain(steps, lack.files...)
	return v, true
}

func (e *evidence) broken(st firmware.State) string {
	var names []string
	for _, m := range st.Missing {
		if m.Fatal() {
			names = append(names, m.File)
		}
	}
	return list(names)
}

// refusedImage: what the load consists of is here and was sent, and the phone
// restarts and asks for it again.
func refusedImage(e *evidence) (Verdict, bool) {
	l, old := e.b.load, e.before
	if l == nil || l.served.IsZero() || recovery(l.name) {
		return none()
	}
	load, st := e.stock()
	if lack := e.lacks(); len(lack.gone) > 0 || st.Set != nil && len(lack.bad) > 0 {
		return none()
	}
	again := e.b.lists >= soughtOften && len(e.b.parts) == 0 && e.b.next.IsZero()
	ev := fmt.Sprintf("%s sent %d times, no component asked for", lastPart(l.name), e.b.lists)
	if !again && old != nil && old.load != nil && loadName(old.load.name) == loadName(l.name) && !old.load.served.IsZero() && e.b.next.IsZero() {
		again = true
		for _, f := range old.parts {
			again = again && !f.served.IsZero() // else it did not get it all the first time
		}
		ev = fmt.Sprintf("%s sent in boot %d with %d of its files, and asked again in boot %d", lastPart(l.name), old.number, len(old.parts), e.b.number)
	}
	if !again && e.b.next.After(l.served) && e.goesOn() {
		v, _ := found(fmt.Sprintf("%s sent %s, %s asked %s in the same boot", lastPart(l.name), e.at(l.served), lastPart(e.b.nextName), e.at(e.b.next)),
			"It was sent load %s and went on with what it runs: it refuses the image.", load)
		v.Fix = e.stone(load)
		return v, true
	}
	if !again {
		return none()
	}
	v, _ := found(ev, "It fetched load %s, restarted and fetches it again: it refuses the image.", load)
	if e.b.lists >= soughtOften && len(e.b.parts) == 0 {
		v.Text = fmt.Sprintf("It fetches the list of load %s again and again and none of its files: it refuses the image.", load)
	}
	v.Fix = e.stone(load)
	return v, true
}

// goesOn reports that the model restarts as soon as it has a load, so that going
// on means that it did not take it. Newer ones may fetch it beside their work.
func (e *evidence) goesOn() bool {
	switch e.model.Generation {
	case "G2", "G3", "G3+":
		return e.modelKnown
	}
	return false
}

// stone is the stepping stone to a load.
func (e *evidence) stone(load string) advice.Steps {
	if steps := firmware.Before(phone.Load(load)); len(steps) > 0 {
		for _, l := range e.w.here[load] {
			if steps[0].Is(phone.Load(l)) {
				return append(e.loadLine(l), advice.Tell("when it runs that, give it "+load+" again: phones below "+steps[0].Release+" need that step: "+steps[0].Why+"."))
			}
		}
		return tell("Give it " + steps[0].Release + " first: copy that load to " + e.box.Home + " and name it in the load line; " + steps[0].Why + ".")
	}
	return tell("Give it a load between the one it runs and this one first.")
}

// deadLoadServer: firmware comes from elsewhere, and nobody answers there.
func deadLoadServer(e *evidence) (Verdict, bool) {
	a, err := netip.ParseAddr(e.setup.Server)
	if err != nil || e.ours(a) {
		return none()
	}
	if _, ok := e.r.hasConfig(e.b); !ok {
		return none()
	}
	hop := e.hop(a)
	s := e.b.sought[hop]
	if s == nil || s.n < soughtOften || e.ours(hop) || e.b.active.what != "" {
		return none()
	}
	v, _ := found(fmt.Sprintf("it asked for the hardware address of %s %d times", hop, s.n), "Its load server %s does not answer, and there is no way back from it: the phone cannot fetch firmware.", a)
	v.Fix = advice.Steps{advice.In(cmp.Or(e.today.ServerIn, "telephony-service"), "no service phone loadServer"), advice.Tell("then restart the phone.")}
	if e.today.Server != e.setup.Server {
		v.Fix = tell("Its file names another one now: restart the phone.")
	}
	return v, true
}

func noComeback(e *evidence) (Verdict, bool) {
	b := e.b
	if b.load == nil || e.elsewhere() || !e.loadWhole() || !b.next.IsZero() && b.next.After(b.load.served) {
		return none()
	}
	last := b.lastPart
	if last.IsZero() {
		last = b.load.served
	}
	if e.now.Sub(last) < e.waits.NoReturn || b.lastFile.After(last) {
		return none()
	}
	return guessed("the last file of its load was sent "+e.at(last), "It did not return: silent for %s since the last file of its load.", took(e.now.Sub(last)))
}
