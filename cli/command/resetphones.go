package command

import (
	"fmt"
	"net/netip"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/ether"
	"option150/telephony/cnf"
)

// resetPhones is `reset` and `restart`: a router signals phones over SCCP or SIP,
// which this box does not speak. Files are rebuilt, and the call control in
// charge of the phones is named with the lines that reset them there. It is
// never said that a phone was reset: only a boot that was seen shows that.
func (b *Box) resetPhones(mode, syntax string, rebuild func(*language.Invocation) error) func(*language.Invocation) error {
	word, _, _ := strings.Cut(syntax, "(")
	return func(in *language.Invocation) error {
		if in.Args.Has("cancel") {
			_, err := fmt.Fprintln(in.Out, "% Nothing to cancel: no phone was signalled")
			return err
		}
		if err := rebuild(in); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(in.Out, "% Files are rebuilt; the phone was not signalled: it reads them at its next boot"); err != nil {
			return err
		}
		_, err := fmt.Fprint(in.Out, b.atCallControl(in, mode, word))
		return err
	}
}

// atCallControl are the lines by which a call control resets phones: those of a
// CME router, of Asterisk with chan-sccp, and the NOTIFY of SIP. [Cisco, CME
// command reference, reset; chan-sccp, commands; docs/facts/cme.md 2.2]
func (b *Box) atCallControl(in *language.Invocation, mode, word string) string {
	t := &in.Config.Telephony
	control, section, device, sip := t.Service.SourceAddress, "telephony-service", "", mode == modeGlobal || mode == modeRegisterPool
	switch mode {
	case modeTelephony:
		word += " all"
		if in.Args.Has("mac") {
			mac := grammar.Get[ether.MAC](in.Args, "mac")
			device = mac.Device()
			word = strings.TrimSuffix(word, " all") + " " + map[bool]string{true: "mac-address "}[strings.HasPrefix(word, "reset")] + mac.CME()
		}
	case modeEphone:
		section = fmt.Sprintf("ephone %d", in.Keys.Int("tag"))
		for _, e := range t.Ephones {
			if e.Tag == in.Keys.Int("tag") && !e.MAC.IsZero() {
				device = e.MAC.Device()
			}
		}
	case modeGateway:
		section = fmt.Sprintf("voice-gateway system %d", in.Keys.Int("tag"))
	case modeGlobal:
		control, section = t.Global.SourceAddress, "voice register global"
	case modeRegisterPool:
		control, section = t.Global.SourceAddress, fmt.Sprintf("voice register pool %d", in.Keys.Int("tag"))
	}
	who := addresses(control)
	if who == "" {
		return ""
	}
	var w strings.Builder
	fmt.Fprintf(&w, "%s can signal it. On a CME router: %s / %s\n", who, section, word)
	verb, _, _ := strings.Cut(word, " ")
	switch {
	case sip:
		fmt.Fprintf(&w, "On another SIP server: NOTIFY with Event: service-control, Content-Type: text/plain and action=%s\n", verb)
	case mode == modeGateway:
	case device != "":
		fmt.Fprintf(&w, "On Asterisk with chan-sccp: sccp %s %s\n", verb, device)
	default:
		fmt.Fprintf(&w, "On Asterisk with chan-sccp, for each phone: sccp %s SEP and its hardware address\n", verb)
	}
	return w.String()
}

// addresses are those of a call control in words.
func addresses(s cnf.SourceAddress) string {
	var out []string
	for _, a := range []netip.Addr{s.Addr, s.Secondary} {
		if a.IsValid() {
			out = append(out, a.String())
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "The call control " + strings.Join(out, ", ")
}
