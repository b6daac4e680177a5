package command

import (
	"fmt"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/hfs"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/ether"
	"option150/telephony/cnf"
	"option150/telephony/inventory"
	"option150/telephony/phonepage"
)

func showTelephony(b *Box) []language.Declaration {
	const doc = "facts/cme.md 7"
	const reg = showRegister
	return []language.Declaration{
		text(`telephony-service("Cisco Unified CME information") [ all("Everything") ]`, 0, doc, func(in *language.Invocation) string { return b.telephonyText(in, in.Args.Has("all")) }),
		text(`telephony-service tftp-bindings("Files bound to the TFTP server")`, 0, doc, func(*language.Invocation) string { return lines2text(cnf.SCCPBindings(b.CNF.Current())) }),
		text(`telephony-service ephone("Ephones")`, 0, doc, func(in *language.Invocation) string { return b.sections("ephone  ") }),
		text(`telephony-service ephone-dn("Ephone DNs")`, 0, doc, func(in *language.Invocation) string { return b.sections("ephone-dn  ") }),
		text(reg+`tftp-bind("Files bound to the TFTP server")`, 0, doc, func(*language.Invocation) string { return lines2text(cnf.SIPBindings(b.CNF.Current())) }),
		table(reg+`hfs("HTTP File-Fetch Server information")`, 0, "facts/cme.md 7.3", func(in *language.Invocation) *columns.Page { return hfs.Render(b.hfsView(in)) }, hfs.Table),
	}
}

// telephonyText is the header of CME, then every line of the mode, defaults
// included. [facts/cme.md 7.1, 13]
func (b *Box) telephonyText(in *language.Invocation, all bool) string {
	var w strings.Builder
	w.WriteString("CONFIG (Version=10.5)\n=====================\nVersion 10.5\nMax phoneload sccp version 17\nMax dspfarm sccp version 18\nCisco Unified Communications Manager Express\nFor on-line documentation please see:\nwww.cisco.com/en/US/products/sw/voicesw/ps4625/tsd_products_support_series_home.html\nOption 150 provisions phones; it is no call control: they register at ip source-address\n\n")
	printing := false
	for _, line := range b.Language.Render(in.Config, true) {
		switch {
		case line == "telephony-service", all && (strings.HasPrefix(line, "ephone ") || strings.HasPrefix(line, "ephone-dn ")):
			printing = true
			if line != "telephony-service" {
				w.WriteString(line + "\n")
			}
		case !strings.HasPrefix(line, " "):
			printing = false
		case printing:
			w.WriteString(line[1:] + "\n")
		}
	}
	return w.String()
}

func (b *Box) sections(prefix string) string {
	var w strings.Builder
	in := false
	for _, line := range b.Language.Render(b.Store.Current(), false) {
		if !strings.HasPrefix(line, " ") {
			in = strings.HasPrefix(line, prefix)
		}
		if in {
			w.WriteString(line + "\n")
		}
	}
	return w.String()
}

func (b *Box) hfsView(in *language.Invocation) hfs.View {
	v := b.HFS.View(in.Config.HFS, in.Config.HTTP, b.HTTPD.Listeners())
	v.Status = b.Supervisor.Status(config.HFSService)
	v.HomePath = "flash:/" + b.homePath()
	v.Serving, v.Limit = b.Files.Serving()
	for _, s := range cnf.HFSBindings(b.CNF.Current()) {
		alias, url, ok := strings.Cut(s, " url ")
		if !ok || strings.Contains(alias, " ") {
			continue // the counts before the list
		}
		v.Bindings = append(v.Bindings, hfs.Binding{Alias: alias, URL: url})
	}
	for _, x := range b.Files.Bindings() {
		alias := x.Alias
		if alias == "" {
			_, alias, _ = strings.Cut(x.File, ":")
		}
		v.Bindings = append(v.Bindings, hfs.Binding{Alias: alias, URL: x.File})
	}
	return v
}

// where tells where a phone stands, from what it asked for.
func (b *Box) where(mac ether.MAC) (inventory.Phone, bool) {
	return b.Inventory.Phone(mac, time.Now())
}

func registersAt(s cnf.SourceAddress, port int) string {
	if !s.Addr.IsValid() {
		return "no address (ip source-address is not set)"
	}
	if s.Port != 0 {
		port = int(s.Port)
	}
	return fmt.Sprintf("%s port %d", s.Addr, port)
}

func showPhones(b *Box) []language.Declaration {
	const doc = "facts/diagnosis.md 3, 8"
	var out []language.Declaration
	// `sh pho` is show phone, so what stands below show phones stands below that too.
	for _, head := range []string{`phones("Every phone seen: address, model, load, state, verdict") `, `phone~("What one phone did; all of them without a name") `} {
		out = append(out,
			table(head, 0, doc, func(*language.Invocation) *columns.Page {
				return inventory.ShowPhones(b.phones(), b.Inventory.Scans())
			}, inventory.PhonesTable),
			table(head+`summary("Phones counted by cause, model and load")`, 0, doc, func(*language.Invocation) *columns.Page {
				return inventory.ShowSummary(b.phones(), b.Inventory.Scans())
			}, inventory.SummaryTable),
			table(head+`scans("Addresses that tried the names of phones")`, 0, doc, func(*language.Invocation) *columns.Page {
				return inventory.ShowScans(b.Inventory.Scans(), time.Now())
			}, inventory.ScansTable),
			table(head+`facts("What phones say of themselves: pages, CDP, LLDP")`, 0, "facts/phones.md 7", func(*language.Invocation) *columns.Page {
				return phonepage.Show(b.Told.Entries())
			}, phonepage.Table))
	}
	return append(out,
		action(showHead+`phone [ timeline("Its timeline") ]
			<phone:WORD>("SEP name, hardware address or IP address")
			[ ( last("More boots")
					<n:1-3>("Number of boots")
				| export$export("The recording of its boots, as JSON lines") ) ]`, 0, doc, func(in *language.Invocation) error {
			if in.Args.Has("export") {
				return b.exportPhone(in)
			}
			p, ok := b.Inventory.Find(in.Args.String("phone"), time.Now())
			if !ok {
				return language.Answer("% No phone " + in.Args.String("phone") + " has been seen")
			}
			n := max(1, in.Args.Int("n"))
			_, err := fmt.Fprint(in.Out, inventory.ShowBoots(p, time.Now(), label(in.Config.Telephony, p.MAC), n))
			return err
		}),
		action(showHead+`lab("The simulated LAN of option150 lab") answer("What is wrong in it")`, 0, doc, func(in *language.Invocation) error {
			if b.LabAnswer == nil {
				return language.Answer("% Nothing was made wrong here: this is no lab, or one without --fault")
			}
			_, err := fmt.Fprintln(in.Out, b.LabAnswer())
			return err
		}),
		language.Declaration{Mode: language.Exec, Level: user, Syntax: `explain("What a verdict or a text on a phone's screen means") <what:LINE>("Code such as R08, or the text on the screen")`, Doc: doc, Run: func(in *language.Invocation) error {
			what := strings.Trim(strings.TrimSpace(in.Args.String("what")), `"`)
			text := inventory.Explain(what)
			if text == "" {
				return language.Answer("% No verdict and no screen of a phone is called so; show phones summary names the verdicts there are")
			}
			_, err := fmt.Fprint(in.Out, text)
			return err
		}},
		showAudit(b),
		showProof(b),
		showLoadServer(b),
		showPlan(b))
}

// phones is every phone seen.
func (b *Box) phones() []inventory.Phone { return b.Inventory.Phones(time.Now()) }

// label is what the configuration says about a phone.
func label(t cnf.Config, mac ether.MAC) string {
	for _, e := range t.Ephones {
		if e.MAC == mac {
			return quoted("ephone", e.Tag, e.Description)
		}
	}
	for _, p := range t.Pools {
		if p.MAC == mac {
			return quoted("pool", p.Tag, p.Description)
		}
	}
	return ""
}

func quoted(what string, tag int, description string) string {
	if description == "" {
		return fmt.Sprintf("%s %d", what, tag)
	}
	return fmt.Sprintf("%s %d %q", what, tag, description)
}

// configActions are the actions of configuration modes: rebuilding files.
// [facts/cme.md 2.2, 7.6, 11 #8]
func configActions(b *Box) []language.Declaration {
	rebuild := func(in *language.Invocation) error {
		old, now, err := b.CNF.Rebuild()
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(in.Out, lines2text(cnf.BuildLines(old, now, true)))
		return err
	}
	create := func(in *language.Invocation) error {
		if err := rebuild(in); err != nil {
			return err
		}
		_, err := fmt.Fprint(in.Out, b.auditLine(in.Ctx))
		return err
	}
	var out []language.Declaration
	for _, d := range []struct{ mode, syntax string }{
		{modeTelephony, `reset("Reset ephone")
			( all("Reset all phones")
				[ <s:0-60>("Seconds between phones") ]
				| cancel$cancel("Cancel the reset")
				| sequence-all("One after the other")
				| mac-address("Hardware address")
				<mac:H.H.H>("Hardware address") )`},
		{modeTelephony, `restart("Restart ephone") ( all("Restart all phones") [ <s:0-60>("Seconds between phones") ] | <mac:H.H.H>("Hardware address") )`},
		{modeEphone, `reset("Reset the phone")`}, {modeEphone, `restart("Restart the phone")`},
		{modeGlobal, `reset("Reset all SIP phones")`}, {modeGlobal, `restart("Restart all SIP phones")`},
		{modeGateway, `reset("Reset the phones of the gateway")`}, {modeGateway, `restart("Restart the phones of the gateway")`},
		{modeRegisterPool, `reset("Reset the phone")`}, {modeRegisterPool, `restart("Restart the phone")`},
	} {
		out = append(out, language.Declaration{Mode: d.mode, Syntax: d.syntax, Doc: "facts/cme.md 2.2", Run: b.resetPhones(d.mode, d.syntax, rebuild)})
	}
	out = append(out, language.Declaration{Mode: modeGateway, Doc: "Cisco Unified CME Command Reference", Run: rebuild,
		Syntax: `create("Build the files again") cnf-files("Build the files again, and say what is not built")`})
	return append(out, createFiles(func(c *language.Context) *bool { return &c.Config.Telephony.Service.NoCreate }, modeTelephony, `create("Create cnf for ethernet phone")
		cnf-files("Create cnf for ethernet phone")
		[ version-stamp("Version stamp, printed by routers")
			<rest:LINE>("Date and time") ]`, create),
		createFiles(func(c *language.Context) *bool { return &c.Config.Telephony.Global.NoCreate }, modeGlobal, `create("Create the files of SIP phones")
			profile("Create the files of SIP phones")
			[ sync("Synchronisation number, printed by routers")
				[ <rest:LINE>("Number or file") ] ]`, create))
}

// createFiles is `create cnf-files` and `create profile`: files follow every
// change by themselves, so the command rebuilds now and says what changed. The
// stamps routers print after it are accepted and not kept: they would change
// with every build and pollute every comparison. [facts/cme.md 1 point 7]
func createFiles(off func(*language.Context) *bool, mode, syntax string, rebuild func(*language.Invocation) error) language.Declaration {
	return language.Declaration{
		Mode: mode, Syntax: syntax, Doc: "facts/cme.md 7.6", After: rebuild,
		Set:   func(c *language.Context) error { *off(c) = false; return nil },
		Unset: func(c *language.Context) error { *off(c) = true; return nil },
		Reset: func(c *language.Context) error { *off(c) = false; return nil },
		Get: func(v *language.View) []grammar.Args {
			return one(*off(viewContext(v)), language.Negated, true)
		},
	}
}
