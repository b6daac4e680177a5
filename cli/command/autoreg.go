package command

import (
	"context"
	"fmt"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/ether"
	"option150/platform/running"
	"option150/telephony/autoreg"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// autoRegister is the section `auto-register` of voice register global.
func autoRegister() []language.Declaration {
	const doc = "CME command reference, auto-register"
	at := func(c *language.Context) *cnf.AutoRegister { return &c.Config.Telephony.Global.AutoRegister }
	return []language.Declaration{
		{
			Mode: modeGlobal, Enters: modeAutoRegister, Keys: []string{}, Doc: doc, Syntax: `auto-register("Configure auto registration of SIP phones")`,
			Set: func(c *language.Context) error { at(c).Present = true; return nil },
			Unset: func(c *language.Context) error {
				*at(c) = cnf.AutoRegister{}
				c.Config.DropSection("auto-register")
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				return one(v.Config.Telephony.Global.AutoRegister.Present)
			},
		},
		value(modeAutoRegister, `password("Default password for auto-register phones") ![ <text:STRING>("Password, mandatory") ]`, "text", "", doc, "", func(c *language.Context) *string { return &at(c).Password }),
		{
			Mode: modeAutoRegister, Doc: doc, Single: true, Syntax: `auto-assign("Define DN range for auto assignment") ![ <first:1-4294967295>("First DN number") to("to") <last:1-4294967295>("Last DN number") ]`,
			Set: func(c *language.Context) error {
				first, last := c.Args.Int("first"), c.Args.Int("last")
				if last < first {
					return language.Answer("% End of the range must not be below its start")
				}
				at(c).First, at(c).Last = uint32(first), uint32(last)
				return nil
			},
			Unset: func(c *language.Context) error { at(c).First, at(c).Last = 0, 0; return nil },
			Get: func(v *language.View) []grammar.Args {
				a := v.Config.Telephony.Global.AutoRegister
				return one(a.First > 0, "first", int(a.First), "last", int(a.Last))
			},
		},
		value(modeAutoRegister, `template("Default template for auto-register phones") ![ <n:1-10>("Template tag") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Template }),
		inverted(flag(modeAutoRegister, `service-enable("Enable SIP phone Auto-Registration")`, "", doc, false, func(c *language.Context) *bool { return &at(c).Off })),
	}
}

// Attempting is what was seen of a phone that is not configured.
func (b *Box) Attempting(mac ether.MAC) autoreg.Phone {
	p := autoreg.Phone{MAC: mac}
	if x, ok := b.where(mac); ok && !x.Typed {
		p.Model, p.Load = x.Model, x.Load
	}
	if k, ok := b.Told.Of(mac); ok && k.Load != "" {
		p.Load = k.Load
	}
	if p.Model == "" {
		for _, l := range b.DHCP.Bindings() {
			if l.MAC == mac && l.Active {
				p.Model = phone.ParseClass(l.Vendor).Number
			}
		}
	}
	return p
}

// autoWho is the author of what auto-registration changes.
var autoWho = running.Who{Line: "auto-registration"}

// Register adds a phone unasked.
func (b *Box) Register(ctx context.Context, p autoreg.Phone) (a autoreg.Added, err error) {
	_, err = b.Store.Change(ctx, autoWho, func(c *config.Config) (err error) {
		a, err = autoreg.Register(&c.Telephony, p)
		return err
	})
	return a, err
}

// phoneAdd is `phone add`, which makes an attempted phone an ephone or a pool.
func phoneAdd(b *Box) language.Declaration {
	return action(`phone("Phones of the configuration") add("Configure a phone that asked for files")
			<mac:PHONEMAC>("Hardware address")
			[ type("Its type, where it did not tell")
				<type:TYPE>("Type of phone") ]
			[ ( sccp$as("As an ephone") | sip$as("As a voice register pool") ) ]`, privileged, "docs/provisioning.md", func(in *language.Invocation) error {
		mac, err := phoneMAC(in.Args)
		if err != nil {
			return err
		}
		p := b.Attempting(mac)
		if t := in.Args.String("type"); t != "" {
			p.Model = t
		}
		if p.Model == "" {
			return language.Answer("% What " + mac.Device() + " is, is not known: give its type")
		}
		as := map[string]string{"sccp": cnf.SCCP, "sip": cnf.SIP}[in.Args.String("as")]
		var a autoreg.Added
		_, err = b.Store.Change(in.Ctx, in.Op.Who(), func(c *config.Config) (err error) {
			if a, err = autoreg.Adopt(&c.Telephony, p, as); err != nil {
				return language.Answer("% " + mac.Device() + " is not added: " + err.Error())
			}
			return nil
		})
		if err != nil {
			return explained(err)
		}
		b.Journal.Record(running.Configured{Who: in.Op.Who()})
		fmt.Fprintf(in.Out, "%s is %s now, a %s", mac.Device(), a.Section, a.Type)
		switch sip := a.Section[0] == 'v'; {
		case a.Number != "":
			fmt.Fprintf(in.Out, " with number %s\n", a.Number)
		case sip:
			fmt.Fprintf(in.Out, "; it has no line yet: %s / number 1 dn and the tag of its dn\n", a.Section)
		default:
			fmt.Fprintf(in.Out, "; it has no line yet: %s / button 1: and the tag of its ephone-dn\n", a.Section)
		}
		if _, _, _, built := b.CNF.Generated(mac.Device() + ".cnf.xml"); !built {
			fmt.Fprintln(in.Out, "% There is no file SEP for it: show provisioning audit says why")
		}
		return nil
	})
}
