package command

import (
	"fmt"
	"slices"
	"strings"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/telephony/cnf"
	"option150/telephony/inventory"
	"option150/telephony/phone"
)

// The shows of SIP phones, in the forms of the CME and SRST command reference.
// Registered is a phone whose own page says so, and nobody else.

const showRegister = `voice("Voice information") register("Voice register information") `

func showVoiceRegister(b *Box) []language.Declaration {
	const doc = "CME command reference, show voice register"
	sections := func(word, title string) func(*language.Invocation) string {
		return func(in *language.Invocation) string { return b.registerSections(in, word, title, in.Args.Int("tag")) }
	}
	return []language.Declaration{
		text(showRegister+`global("Global parameters")`, 0, doc, func(in *language.Invocation) string { return b.registerGlobalText(in) }),
		text(showRegister+`all("Everything")`, 0, doc, func(in *language.Invocation) string {
			t := in.Config.Telephony
			head := func(title string) string { return title + "\n" + strings.Repeat("=", len(title)) + "\n" }
			return head("VOICE REGISTER GLOBAL") + b.registerGlobalText(in) + "\n" + head("VOICE REGISTER DN") + b.registerDNText(in, 0) + head("VOICE REGISTER POOL") + b.poolText(t, 0)
		}),
		text(showRegister+`dn("Directory numbers") [ ( all("All of them") | <tag:1-750>("dn tag") ) ]`, 0, doc, func(in *language.Invocation) string { return b.registerDNText(in, in.Args.Int("tag")) }),
		text(showRegister+`template("Templates") [ ( all("All of them") | <tag:1-10>("Template tag") ) ]`, 0, doc, sections("voice register template", "Temp Tag")),
		text(showRegister+`dialplan("Dial plans") [ ( all("All of them") | <tag:1-24>("Dialplan tag") ) ]`, 0, doc, sections("voice register dialplan", "Dialplan Tag")),
		table(showRegister+`pool("SIP phones")
			[ ( all("All of them")
					[ brief$brief("One line each") ]
					| brief$brief("One line each")
					| registered$registered("Registered phones")
						[ brief$brief("One line each") ]
					| unregistered$unregistered("Phones that are not known to be registered")
						[ brief$brief("One line each") ]
					| attempted-registrations$attempted("Phones that asked for files and are not configured")
					| <tag:1-262>("pool tag") ) ]`, 0, doc, func(in *language.Invocation) *columns.Page {
			t := in.Config.Telephony
			is := func(p *cnf.RegisterPool) bool {
				if !in.Args.Has("registered") && !in.Args.Has("unregistered") {
					return true
				}
				s := b.standing(p.MAC)
				return in.Args.Has("registered") == (s.control != "")
			}
			t.Pools = slices.DeleteFunc(slices.Clone(t.Pools), func(p cnf.RegisterPool) bool { return !is(&p) })
			switch {
			case in.Args.Has("attempted"):
				return columns.Text(b.poolAttempts(t))
			case in.Args.Has("brief"):
				return b.poolBrief(t)
			case in.Args.Has("unregistered"):
				return columns.Text(b.poolUnregistered(t))
			}
			return columns.Text(b.poolText(t, in.Args.Int("tag")))
		}, poolBriefTable),
		text(showRegister+`profile("Files of SIP phones") text("Their ASCII form") [ <tag:1-262>("pool tag") ]`, 0, doc, func(in *language.Invocation) string {
			return b.profileText(in.Config.Telephony, in.Args.Int("tag"))
		}),
	}
}

// onOff is how the lists of show say that something is.
func onOff(on bool) string {
	if on {
		return "enabled"
	}
	return "disabled"
}

// registerGlobalText is show voice register global.
func (b *Box) registerGlobalText(in *language.Invocation) string {
	t := in.Config.Telephony
	g := t.Global
	var w strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&w, "  "+format+"\n", args...) }
	w.WriteString("CONFIG [Version=10.5]\n" + strings.Repeat("=", 24) + "\n")
	line("Version 10.5")
	line("Mode is %s", notSet(g.Mode))
	line("Max-pool is %d", g.MaxPool)
	line("Max-dn is %d", g.MaxDN)
	say := b.said(in, "voice register global")
	line("Outbound-proxy is enabled and will use global configured value")
	line("Security Policy: DEVICE-DEFAULT")
	line("Source-address is %s", registersAt(g.SourceAddress, 5060))
	line("Time-format is %d", g.TimeFormat)
	line("Date-format is %s", g.DateFormat)
	line("Time-zone is %d", g.Timezone)
	line("Hold-alert is %s", say("hold-alert", "disabled"))
	line("Forwarding local is %s", say("forwarding local", "enabled"))
	line("Privacy is %s", say("privacy", "enabled"))
	line("Dst auto adjust is %s", say("dst auto-adjust", "enabled"))
	line("  start at %s", say("dst start", "Apr week 1 day Sun time 02:00"))
	line("  stop  at %s", say("dst stop", "Oct week 8 day Sun time 02:00"))
	line("Max redirect number is %s", say("max-redirect", "5"))
	path := g.TFTPPath
	if path == "" {
		path = cnf.SipPhone
	}
	line("Telnet Level: %d", g.TelnetLevel)
	line("Tftp path is %s", path)
	line("Generate text file is %s", onOff(g.FileText))
	set := b.CNF.Current()
	created := "not created"
	if set != nil && set.Sync != "" {
		created = "created, current syncinfo " + set.Sync
	}
	line("Tftp files are %s", created)
	old := "not created"
	if _, ok := set.Lookup("OS79XX.TXT"); ok {
		old = "created"
	}
	line("OS79XX.TXT is %s", old)
	line("timeout interdigit %s", say("timeouts interdigit", "10"))
	localeLines(line, "network-locale", "network", g.NetworkLocales)
	localeLines(line, "user-locale", "user", g.UserLocales)
	registered := 0
	for _, p := range t.Pools {
		if s := b.standing(p.MAC); s.control != "" {
			registered++
		}
	}
	line("Total SIP phones registered: %d", registered)
	line("Registrations are not seen here: phones register at the source-address")
	return w.String()
}

// localeLines are the five locales of a kind.
func localeLines(line func(string, ...any), word, kind string, list []cnf.Locale) {
	for tag := range 5 {
		code := phone.DefaultLocale
		for _, l := range list {
			if l.Tag == tag {
				if code = l.Code; l.User != "" {
					code = l.User
				}
			}
		}
		if tag == 0 {
			line("%s[%d] %s    (This is the default %s locale for this box)", word, tag, code, kind)
		} else {
			line("%s[%d] %s", word, tag, code)
		}
	}
}

// said is what the lines of a section say, by their first words: what this box
// does not act by is shown as it is configured, too.
func (b *Box) said(in *language.Invocation, header string) func(word, def string) string {
	var lines []string
	inside := false
	for _, l := range b.Language.Render(in.Config, false) {
		if !strings.HasPrefix(l, " ") {
			inside = l == header
		} else if inside {
			lines = append(lines, strings.TrimSpace(l))
		}
	}
	return func(word, def string) string {
		for _, l := range lines {
			if l == word {
				return "enabled"
			}
			if l == "no "+word {
				return "disabled"
			}
			if rest, ok := strings.CutPrefix(l, word+" "); ok {
				return rest
			}
		}
		return def
	}
}

// registerDNText is show voice register dn.
func (b *Box) registerDNText(in *language.Invocation, tag int) string {
	t := in.Config.Telephony
	var w strings.Builder
	for _, d := range t.DNs {
		if tag != 0 && d.Tag != tag {
			continue
		}
		say := b.said(in, "voice register dn  "+itoa(d.Tag))
		fmt.Fprintf(&w, "Dn Tag %d\nConfig:\n  Number is %s\n  Preference is %s\n  Huntstop is %s\n  Auto answer is %s\n", d.Tag, d.Number, say("preference", "0"), say("huntstop", "disabled"), say("auto-answer", "disabled"))
		if d.Label != "" {
			fmt.Fprintf(&w, "  Label is %s\n", d.Label)
		}
		if d.Name != "" {
			fmt.Fprintf(&w, "  Name %s\n", d.Name)
		}
		for _, p := range t.Pools {
			for _, n := range p.Numbers {
				if n.DN == d.Tag {
					fmt.Fprintf(&w, "  Pool %d    has this DN configured for line %d\n", p.Tag, n.Position)
				}
			}
		}
		w.WriteString("\n")
	}
	return w.String()
}

// registerSections are the lines of sections of one kind, as they are configured.
func (b *Box) registerSections(in *language.Invocation, header, title string, tag int) string {
	var w strings.Builder
	printing := false
	for _, l := range b.Language.Render(in.Config, false) {
		if !strings.HasPrefix(l, " ") {
			rest, ok := strings.CutPrefix(l, header)
			n := strings.TrimSpace(rest)
			if printing = ok && rest != n && (tag == 0 || n == itoa(tag)); printing {
				fmt.Fprintf(&w, "%s %s\nConfig:\n", title, n)
			}
			continue
		}
		if printing {
			fmt.Fprintf(&w, "  %s\n", strings.TrimSpace(l))
		}
	}
	return w.String()
}

// poolText is show voice register pool.
func (b *Box) poolText(t cnf.Config, tag int) string {
	var w strings.Builder
	for _, p := range t.Pools {
		if tag != 0 && p.Tag != tag {
			continue
		}
		s := b.standing(p.MAC)
		fmt.Fprintf(&w, "Pool Tag %d\nConfig:\n", p.Tag)
		if p.MAC.IsZero() && p.DeviceName != "" {
			fmt.Fprintf(&w, "  Device-id-name is %s\n", p.DeviceName)
		} else {
			fmt.Fprintf(&w, "  Mac address is %s\n", p.MAC.CME())
		}
		fmt.Fprintf(&w, "  Type is %s\n", p.Type)
		for _, n := range p.Numbers {
			fmt.Fprintf(&w, "  Number list %d : DN %d\n", n.Position, n.DN)
		}
		fmt.Fprintf(&w, "  Proxy Ip address is 0.0.0.0\n")
		if s.Load != "" && s.LoadBasis != inventory.Inferred {
			fmt.Fprintf(&w, "  Current Phone load version is %s\n", s.Load)
		}
		relay := "disabled"
		if len(p.DTMFRelay) > 0 {
			relay = "enabled, " + strings.Join(p.DTMFRelay, " ")
		}
		transport := p.Transport
		if transport == "" {
			transport = "udp"
		}
		fmt.Fprintf(&w, "  DTMF Relay is %s\n", relay)
		for _, d := range p.SpeedDials {
			fmt.Fprintf(&w, "  speed-dial %d %s label %q\n", d.Position, d.Number, d.Label)
		}
		fmt.Fprintf(&w, "  template is %d\n  Transport type is %s\n", p.Template, transport)
		if s.control == "" {
			w.WriteString("Reason for unregistered state:\n  No registration is seen here\n")
		}
		fmt.Fprintf(&w, "Provisioning: %s\n\n", s.words(registersAt(t.Global.SourceAddress, 5060)))
	}
	return w.String()
}

// poolBriefTable is that of poolBrief.
var poolBriefTable = columns.Form("Pool ID              IP Address      Ln DN  Number               State\n==== =============== =============== == === ==================== ============\n",
	"%-4v %-15s %-15s %-2v %-3v %-20s %s\n", "pool id ip_address ln dn number state")

// poolBrief is show voice register pool all brief.
func (b *Box) poolBrief(t cnf.Config) *columns.Page {
	w := &columns.Page{}
	list := w.Table(poolBriefTable)
	for _, p := range t.Pools {
		s := b.standing(p.MAC)
		ip, state := "", "UNREGISTERED"
		if s.Addr.IsValid() {
			ip = s.Addr.String()
		}
		if s.control != "" {
			state = "REGISTERED"
		}
		if len(p.Numbers) == 0 {
			list.Row(p.Tag, p.MAC.CME(), ip, "", "", "", state)
		}
		for i, n := range p.Numbers {
			number := ""
			if d := find(t.DNs, n.DN, func(d *cnf.RegisterDN) int { return d.Tag }); d != nil {
				number = d.Number
			}
			id, mac, at := itoa(p.Tag), p.MAC.CME(), ip
			if i > 0 {
				id, mac, at = "", "", ""
			}
			list.Object([]any{p.Tag, p.MAC.CME(), ip, n.Position, n.DN, number, state}, id, mac, at, n.Position, n.DN, number, state)
		}
	}
	return w
}

// poolUnregistered is show voice register pool unregistered.
func (b *Box) poolUnregistered(t cnf.Config) string {
	var w strings.Builder
	for _, p := range t.Pools {
		s := b.standing(p.MAC)
		fmt.Fprintf(&w, "Pool Tag: %d\nMAC Address                : %s\nNo. of attempts to register: 0\nUnregister time            :\nLast register request time :\nReason for state unregister:\n  %s\n\n",
			p.Tag, p.MAC.CME(), s.words(registersAt(t.Global.SourceAddress, 5060)))
	}
	return w.String()
}

// poolAttempts is show voice register pool attempted-registrations. What was
// attempted here is to get files.
func (b *Box) poolAttempts(t cnf.Config) string {
	t.Pools = b.Store.Current().Telephony.Pools
	var w strings.Builder
	const clock = "15:04:05 UTC Mon Jan 2 2006"
	for _, a := range b.attempts(t, true) {
		fmt.Fprintf(&w, "MAC address: %s\nIP address : %s\nAttempts   : %d\nTime of first attempt : %s\nTime of latest attempt: %s\nReason for failure    :\n  Unauthorized registration request: no pool and no ephone has this address\n\n",
			a.MAC.CME(), a.Addr, max(1, a.Boot), a.Started.UTC().Format(clock), a.Seen.UTC().Format(clock))
	}
	if w.Len() == 0 {
		return "No phone that is not configured asked for files\n"
	}
	return w.String()
}

// profileText is show voice register profile text: the text of the binary file
// of a 7905, 7912 or ATA.
func (b *Box) profileText(t cnf.Config, tag int) string {
	var w strings.Builder
	for _, p := range t.Pools {
		m, ok := phone.Lookup(p.Type)
		if tag != 0 && p.Tag != tag || !ok {
			continue
		}
		switch m.SIPFile {
		case phone.LD, phone.GK, phone.ATA:
		default:
			if tag != 0 {
				return "% A " + m.Keyword + " has no text profile: the 7905, the 7912 and the ATA have\n"
			}
			continue
		}
		fmt.Fprintf(&w, "Pool Tag: %d\n", p.Tag)
		f, ok := b.CNF.Current().Lookup(string(m.SIPFile) + strings.ToLower(p.MAC.Hex()) + ".txt")
		if !ok {
			w.WriteString("The text is built with `file text` below voice register global\n")
			continue
		}
		w.WriteString(strings.Replace(string(f.Content), "#txt", "# txt", 1) + "\n")
	}
	return w.String()
}
