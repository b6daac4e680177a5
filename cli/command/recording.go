package command

import (
	"io"
	"io/fs"
	"net/netip"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/ether"
	"option150/telephony/recording"
)

// RecordPhone writes the recording of a phone's boots. Its section of the
// configuration is in it, without secrets, for those who may see it.
func (b *Box) RecordPhone(name string, whole bool, w io.Writer) error {
	now := time.Now()
	p, ok := b.Inventory.Find(name, now)
	if !ok {
		return fs.ErrNotExist
	}
	s := recording.Source{Version: b.Version, Now: now, Phone: p, Label: label(b.Store.Current().Telephony, p.MAC),
		Waits: b.Inventory.Waits(), Outside: b.outside(), Events: b.Tape.Of(p.MAC, p.Addr)}
	if whole {
		s.Config = b.sectionOf(p.MAC, p.Addr)
	}
	return recording.Export(w, s)
}

// sectionOf is the section of a phone and what is said for all phones, without
// secrets.
func (b *Box) sectionOf(mac ether.MAC, _ netip.Addr) (out []string) {
	var section []string
	mine := false
	flush := func() {
		if mine || len(section) > 0 && (section[0] == "telephony-service" || section[0] == "voice register global") {
			out = append(out, section...)
		}
		section, mine = nil, false
	}
	for _, line := range b.Language.Render(b.Store.Current(), false) {
		if !strings.HasPrefix(line, " ") {
			flush()
		}
		section = append(section, redact(line))
		mine = mine || !mac.IsZero() && strings.Contains(strings.ToUpper(line), mac.CME())
	}
	flush()
	return out
}

// exportPhone is `show phone NAME export`.
func (b *Box) exportPhone(in *language.Invocation) error {
	name := in.Args.String("phone")
	switch err := b.RecordPhone(name, in.Op.Privilege() >= privileged, in.Out); err {
	case fs.ErrNotExist:
		return language.Answer("% No phone " + name + " has been seen")
	case recording.ErrNothing:
		return language.Answer("% Nothing of " + name + " is recorded any more")
	default:
		return err
	}
}
