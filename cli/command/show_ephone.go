package command

import (
	"fmt"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/ether"
	"option150/platform/wire"
	"option150/telephony/cnf"
	"option150/telephony/inventory"
	"option150/telephony/phone"
)

// The shows of SCCP phones, in the forms of the CME command reference. This box
// is no call control: registered is a phone whose own page says so, or whose
// registration was seen on a mirror port, and nobody else. What is inferred, or
// was said before the phone started again, is not known.

func showEphone(b *Box) []language.Declaration {
	const doc = "CME command reference, show ephone"
	return []language.Declaration{
		table(`ephone("SCCP phones")
			[ ( registered$registered("Registered phones")
					| unregistered$unregistered("Phones that are not known to be registered")
					| summary$summary("Summary")
					| phone-load$load("Phone loads")
					| attempted-registrations$attempted("Phones that asked for files and are not configured")
					| <mac:H.H.H>("Hardware address")
					| <tag:1-1000>("Ephone tag") ) ]`, 0, doc, func(in *language.Invocation) *columns.Page {
			t := in.Config.Telephony
			switch {
			case in.Args.Has("attempted"):
				return b.attempted(t)
			case in.Args.Has("load"):
				return b.phoneLoads(t)
			}
			return columns.Text(b.ephoneText(t, b.ephonesAsked(in), in.Args.Has("summary")))
		}, phoneLoadsTable, attemptedTable),
		table(`ephone-dn("Directory numbers of SCCP phones")
			[ ( summary$summary("One line each")
					| brief$brief("Tags and numbers")
					| <tag:1-1000>("dn tag") ) ]`, 0, "CME command reference, show ephone-dn", func(in *language.Invocation) *columns.Page {
			switch t := in.Config.Telephony; {
			case in.Args.Has("summary"):
				return ephoneDNSummary(t)
			case in.Args.Has("brief"):
				return ephoneDNBrief(t)
			default:
				return columns.Text(ephoneDNText(t, in.Args.Int("tag")))
			}
		}, dnSummaryTable, dnBriefTable),
	}
}

// standing is what is known of a configured phone.
type standing struct {
	inventory.Phone
	seen    bool
	control string // call control that it is known to be registered at
	by      wire.Source
	perhaps string // call control that it is inferred to be registered at, or was before it started again
}

func (b *Box) standing(mac ether.MAC) (s standing) {
	if b.Inventory != nil {
		s.Phone, s.seen = b.where(mac)
	}
	if b.Told != nil {
		if k, ok := b.Told.Of(mac); ok {
			again := s.seen && k.ControlAt.Before(s.Started)
			if k.Inferred || again {
				s.perhaps = k.CallControl
			} else {
				s.control, s.by = k.CallControl, k.ControlBy
			}
			if s.Load == "" {
				s.Load = k.Load
			}
		}
	}
	return s
}

func (s *standing) ip() string {
	if !s.Addr.IsValid() {
		return "0.0.0.0"
	}
	return s.Addr.String()
}

// words are the line of this box below those of IOS.
func (s *standing) words(at string) string {
	w := "has not been seen"
	if s.seen {
		w = string(s.State)
		if s.Load != "" {
			w += ", load " + s.Load
		}
	}
	switch {
	case s.control != "" && s.by == wire.Mirror:
		return w + "; it was seen to register at " + s.control
	case s.control != "":
		return w + "; its page says that it is registered at " + s.control
	case s.perhaps != "":
		return w + "; whether it is registered at " + s.perhaps + " is not known"
	}
	return w + "; registers at " + at
}

// ephonesAsked are the ephones a command is about.
func (b *Box) ephonesAsked(in *language.Invocation) func(*cnf.Ephone, *standing) bool {
	tag, mac := in.Args.Int("tag"), grammar.Get[ether.MAC](in.Args, "mac")
	return func(e *cnf.Ephone, s *standing) bool {
		switch {
		case tag != 0:
			return e.Tag == tag
		case in.Args.Has("mac"):
			return e.MAC == mac
		case in.Args.Has("registered"):
			return s.control != ""
		case in.Args.Has("unregistered"):
			return s.control == ""
		}
		return true
	}
}

// ephoneText is show ephone.
func (b *Box) ephoneText(t cnf.Config, asked func(*cnf.Ephone, *standing) bool, summary bool) string {
	var w strings.Builder
	registered, all := 0, 0
	for i := range t.Ephones {
		e := &t.Ephones[i]
		s := b.standing(e.MAC)
		all++
		state := "UNREGISTERED"
		if s.control != "" {
			state = "REGISTERED"
			registered++
		}
		if !asked(e, &s) {
			continue
		}
		fmt.Fprintf(&w, "ephone-%d[%d] Mac:%s TCP socket:[-1] activeLine:0 whisperLine:0 %s\n", e.Tag, i, e.MAC.CME(), state)
		const media = "mediaActive:0 whisper_mediaActive:0 startMedia:0 offhook:0 ringing:0 reset:0 reset_sent:0 "
		if summary {
			w.WriteString(media + "debug:0 privacy:0 primary_dn: " + primaryDN(e) + "\n")
			fmt.Fprintf(&w, "IP:%s* 0 %s keepalive 0%s\n\n", s.ip(), deviceType(e.Type), buttonTail(e))
			continue
		}
		w.WriteString(media + "paging 0 debug:0\n")
		m, known := phone.Lookup(e.Type)
		if known {
			fmt.Fprintf(&w, "IP:%s* 0 %s  keepalive 0 max_line %d available_line %d\n", s.ip(), deviceType(e.Type), m.Lines, max(0, m.Lines-len(e.Buttons)))
		} else {
			fmt.Fprintf(&w, "IP:%s* 0 %s  keepalive 0\n", s.ip(), deviceType(e.Type))
		}
		buttonLines(&w, t, e, s.control != "")
		for _, d := range e.SpeedDials {
			fmt.Fprintf(&w, "speed dial %d:%s %s\n", d.Position, d.Number, strings.Trim(d.Label, `"`))
		}
		fmt.Fprintf(&w, "provisioning: %s\n\n", s.words(registersAt(t.Service.SourceAddress, 2000)))
	}
	fmt.Fprintf(&w, "Max %d, Registered %d, Unregistered %d, Deceased 0\n", t.Service.MaxEphones, registered, all-registered)
	return w.String()
}

// deviceType is a type as IOS prints it: phones of the second generation are
// called Telecaster.
func deviceType(keyword string) string {
	m, ok := phone.Lookup(keyword)
	switch {
	case keyword == "":
		return "Unknown"
	case ok && m.Telecaster:
		return "Telecaster " + m.Keyword
	case ok:
		return m.Keyword
	}
	return keyword
}

func primaryDN(e *cnf.Ephone) string {
	for _, k := range e.Buttons {
		if len(k.DNs) > 0 {
			return fmt.Sprintf("%d*", k.DNs[0])
		}
	}
	return "-1*"
}

// buttonTail is the end of a summary: the buttons and the speed dials.
func buttonTail(e *cnf.Ephone) string {
	var w strings.Builder
	for _, k := range e.Buttons {
		w.WriteString(" " + formatButton(k))
	}
	for _, d := range e.SpeedDials {
		fmt.Fprintf(&w, " sp%d:%s", d.Position, d.Number)
	}
	return w.String()
}

// buttonLines are the buttons with their numbers. A channel of a phone that is
// not registered is down; that of one that is, its call control knows.
func buttonLines(w *strings.Builder, t cnf.Config, e *cnf.Ephone, registered bool) {
	state := "DOWN"
	if registered {
		state = "-"
	}
	for _, k := range e.Buttons {
		fmt.Fprintf(w, "button %d: cw:1 ccw:(0 0)\n", k.Position)
		for _, tag := range k.DNs {
			d := find(t.EphoneDNs, tag, dnTag)
			if d == nil {
				fmt.Fprintf(w, "  dn %d  is not defined\n", tag)
				continue
			}
			fmt.Fprintf(w, "  dn %d  number %s", tag, d.Number)
			for ch := 1; ch <= channels(d); ch++ {
				fmt.Fprintf(w, " CH%d   %-10s", ch, state)
			}
			w.WriteString("\n")
		}
	}
}

func channels(d *cnf.EphoneDN) int {
	switch d.Line {
	case "dual-line":
		return 2
	case "octo-line":
		return 8
	}
	return 1
}

// The tables of SCCP phones and their numbers.
var (
	phoneLoadsTable = columns.Form("DeviceName        CurrentPhoneload       PreviousPhoneload      LastReset\n"+strings.Repeat("=", 69)+"\n",
		"%-17s %-22s %-22s %s", "devicename currentphoneload previousphoneload lastreset")
	dnSummaryTable = columns.Form("PORT     DN STATE    CODEC    VAD VTSP STATE            VPM STATE\n======== ========== ======== === ==================== ======================\n",
		"%-8s %-10s %-8s %-3s %-20s %s\n", "port dn_state codec vad vtsp_state vpm_state")
	dnBriefTable   = columns.Form("Tag   Number           Line       Name                     On\n", "%-5d %-16s %-10s %-24s %s", "tag number line name on")
	attemptedTable = columns.Form("Num Mac Address DateTime DeviceType\n"+strings.Repeat("-", 77)+"\n", "%d %s %s %s\n", "num mac_address datetime devicetype")
)

// phoneLoads is show ephone phone-load: what phones run, as far as it was seen.
func (b *Box) phoneLoads(t cnf.Config) *columns.Page {
	w := &columns.Page{}
	list := w.Table(phoneLoadsTable)
	for i := range t.Ephones {
		e := &t.Ephones[i]
		if e.MAC.IsZero() {
			continue
		}
		s := b.standing(e.MAC)
		load, reset := "", ""
		if s.Load != "" && s.LoadBasis != inventory.Inferred {
			load = s.Load
		}
		if s.Boot > 0 {
			reset = "Initialized"
		}
		list.Row(e.MAC.Device(), load, "", reset)
	}
	return w
}

// ephoneDNSummary is show ephone-dn summary: ports, and never a number.
func ephoneDNSummary(t cnf.Config) *columns.Page {
	w := &columns.Page{}
	list := w.Table(dnSummaryTable)
	for i := range t.EphoneDNs {
		d := &t.EphoneDNs[i]
		for ch := 1; ch <= channels(d); ch++ {
			list.Row(fmt.Sprintf("50/0/%d.%d", d.Tag, ch), "DOWN", "-", "-", "-", "EFXS_ONHOOK")
		}
	}
	return w
}

// ephoneDNBrief is a list of this box: tags, numbers and who has them.
func ephoneDNBrief(t cnf.Config) *columns.Page {
	w := &columns.Page{}
	list := w.Table(dnBriefTable)
	for i := range t.EphoneDNs {
		d := &t.EphoneDNs[i]
		line := d.Line
		if line == "" {
			line = "single"
		}
		list.Row(d.Tag, d.Number, line, d.Name, strings.Join(ephonesWith(t, d.Tag), ", "))
	}
	return w
}

func ephonesWith(t cnf.Config, dn int) (out []string) {
	for _, e := range t.Ephones {
		for _, k := range e.Buttons {
			for _, d := range k.DNs {
				if d == dn {
					out = append(out, fmt.Sprintf("ephone %d line %d", e.Tag, k.Position))
				}
			}
		}
	}
	return out
}

// ephoneDNText is show ephone-dn.
func ephoneDNText(t cnf.Config, tag int) string {
	var w strings.Builder
	for i := range t.EphoneDNs {
		d := &t.EphoneDNs[i]
		if tag != 0 && d.Tag != tag {
			continue
		}
		for ch := 1; ch <= channels(d); ch++ {
			fmt.Fprintf(&w, "50/0/%d.%d INVALID\n\n EFXS 50/0/%d.%d Slot is 50, Sub-unit is 0, Port is %d\n Type of VoicePort is EFXS\n Operation State is DOWN\n Administrative State is UP\n Description is %s\n Number is %s\n\n",
				d.Tag, ch, d.Tag, ch, d.Tag, notSet(d.Description), notSet(d.Number))
		}
	}
	return w.String()
}

func notSet(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}

// attempt is a phone that is configured nowhere here and asked for files.
type attempt struct {
	inventory.Phone
	model phone.Model
	known bool // its model
}

// attempts are those that may be of a protocol.
func (b *Box) attempts(t cnf.Config, sip bool) (out []attempt) {
	known := map[ether.MAC]bool{}
	for _, e := range t.Ephones {
		known[e.MAC] = true
	}
	for _, p := range t.Pools {
		known[p.MAC] = true
	}
	for _, p := range b.Inventory.Phones(time.Now()) {
		if p.MAC.IsZero() || known[p.MAC] || p.State == inventory.Seen || p.Elsewhere {
			continue
		}
		a := attempt{Phone: p}
		a.model, a.known = phone.Lookup(p.Model)
		if !a.known || sip && a.model.SIP || !sip && a.model.SCCP {
			out = append(out, a)
		}
	}
	return out
}

// attempted is show ephone attempted-registrations.
func (b *Box) attempted(t cnf.Config) *columns.Page {
	w := &columns.Page{}
	w.WriteString("Attempting Mac address:\n\n")
	list := w.Table(attemptedTable)
	for i, a := range b.attempts(t, false) {
		list.Row(i+1, a.MAC.CME(), a.Seen.UTC().Format("15:04:05 UTC Mon Jan 2 2006"), deviceType(a.Model))
	}
	return w
}
