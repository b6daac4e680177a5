package command

import (
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// The modes of types the owner defines and of who logs in.
const (
	modeEphoneType    = "config-ephone-type"
	modePoolType      = "config-register-pool-type"
	modeUserProfile   = "config-user-profile"
	modeLogoutProfile = "config-logout-profile"
)

// typeKnown refuses a type that is neither in the table nor defined by the
// owner. Where it is of his, sip says by which section.
func typeKnown(c *config.Config, name string, sip bool) error {
	if _, ok := phone.Lookup(name); ok || name == "" {
		return nil
	}
	list, word := c.Telephony.EphoneTypes, "ephone-type"
	if sip {
		list, word = c.Telephony.PoolTypes, "voice register pool-type"
	}
	for _, t := range list {
		if strings.EqualFold(t.Name, name) {
			return nil
		}
	}
	return language.Answer("% Type " + name + " is none this box knows, and no " + word + " defines it")
}

// knownType is the Knows of a command with a type.
func knownType(sip bool) func(*config.Config, grammar.Args) string {
	return func(c *config.Config, a grammar.Args) string {
		if name := a.String("type"); name != "" && len(phone.ByLoadKey(name)) == 0 && typeKnown(c, name, sip) != nil {
			return name
		}
		return ""
	}
}

// typeSpelling is a type as its definition spells it.
func typeSpelling(c *config.Config, name string, sip bool) string {
	list := c.Telephony.EphoneTypes
	if sip {
		list = c.Telephony.PoolTypes
	}
	for _, t := range list {
		if strings.EqualFold(t.Name, name) {
			return t.Name
		}
	}
	return name
}

// typeUser is a section that names a type, "" = none does.
func typeUser(c *config.Config, name string, sip bool) string {
	t := &c.Telephony
	is := func(s string) bool { return strings.EqualFold(s, name) }
	loads, where := t.Service.Loads, "telephony-service"
	if sip {
		loads, where = t.Global.Loads, "voice register global"
	}
	for _, l := range loads {
		if is(l.Type) {
			return where
		}
	}
	if sip {
		for _, p := range t.Pools {
			if is(p.Type) {
				return "voice register pool " + itoa(p.Tag)
			}
		}
		return ""
	}
	for _, a := range t.Service.AutoAssign {
		if is(a.Type) {
			return where
		}
	}
	for _, e := range t.EphoneTemplates {
		if is(e.Type) {
			return "ephone-template " + itoa(e.Tag)
		}
	}
	for _, e := range t.Ephones {
		if is(e.Type) {
			return "ephone " + itoa(e.Tag)
		}
	}
	return ""
}

// inUse keeps a type from going away while a line names it.
func inUse(d language.Declaration, sip bool) language.Declaration {
	drop := d.Unset
	d.Unset = func(c *language.Context) error {
		spelled(c, sip)
		if _, known := phone.Lookup(c.Args.String("name")); known {
			return drop(c) // what is in the table is a type without a definition, too
		}
		if by := typeUser(c.Config, c.Args.String("name"), sip); by != "" {
			return language.Answer("% " + c.Args.String("name") + " is the type of " + by + ": change that first")
		}
		return drop(c)
	}
	return d
}

func ownTypes(in func(*language.Context) *[]cnf.PhoneType, header func(*cnf.PhoneType) string, more func(*cnf.PhoneType, grammar.Args)) section[cnf.PhoneType, string] {
	return section[cnf.PhoneType, string]{
		list: list[cnf.PhoneType, string]{in: in, key: func(t *cnf.PhoneType) string { return t.Name }, order: strings.Compare},
		arg:  "name", empty: func(name string) cnf.PhoneType { return cnf.PhoneType{Name: name} }, header: header, more: more,
	}
}

// ephoneTypes are `ephone-type NAME [addon]`: models of SCCP phones that are in
// no table. [Cisco Unified CME Command Reference: ephone-type]
func ephoneTypes() []language.Declaration {
	const doc = "facts/cme.md 3"
	header := func(t *cnf.PhoneType) string {
		if t.Addon {
			return "ephone-type " + t.Name + " addon"
		}
		return "ephone-type " + t.Name
	}
	all := ownTypes(func(c *language.Context) *[]cnf.PhoneType { return &c.Config.Telephony.EphoneTypes }, header, func(t *cnf.PhoneType, a grammar.Args) {
		if t.Addon {
			a["addon"] = "addon"
		}
	})
	at := all.at
	ds := all.of(
		language.Declaration{
			Mode: language.Global, Enters: modeEphoneType, Keys: []string{"name"}, Doc: doc,
			Syntax: `ephone-type("Define a type of ephone") <name:OWNTYPE>("Name of the type") [ addon$addon("The type is an expansion module") ]`,
			Set: func(c *language.Context) error {
				spelled(c, false)
				t, err := all.enter(c)
				switch {
				case err != nil:
					return err
				case c.Args.Has("addon") && !t.Addon:
					from := header(t)
					t.Addon = true
					c.Config.RenameSection(from, header(t))
				case t.Addon:
					c.Args["addon"] = "addon" // the section is entered by its full header
				}
				return nil
			},
		},
		value(modeEphoneType, `device-id("Number of the model") ![ <n:1-2147483647>("Device id") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).DeviceID }),
		short(modeEphoneType, `device-name("Name of the model") ![ <text:LINE>("Up to 64 characters") ]`, 64, doc, func(c *language.Context) *string { return &at(c).DeviceName }),
		value(modeEphoneType, `device-type("Type whose files it reads") ![ <type:MODEL>("Type of phone") ]`, "type", "", doc, "", func(c *language.Context) *string { return &at(c).DeviceType }),
		value(modeEphoneType, `num-buttons("Number of line buttons") ![ <n:1-100>("Buttons") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Buttons }),
		idle(value(modeEphoneType, `max-presentation("Calls the phone shows") ![ <n:1-100>("Calls") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Presentation }), registered),
		onByDefault(modeEphoneType, `phone-load("The phone takes firmware")`, doc, func(c *language.Context) *bool { return &at(c).NoLoad }),
		onByDefault(modeEphoneType, `utf8("The phone reads UTF-8")`, doc, func(c *language.Context) *bool { return &at(c).NoUTF8 }),
	)
	ds[0] = inUse(ds[0], false)
	ds[0].Reset = ds[0].Unset
	return append(ds, carryWhy(modeEphoneType, doc, registered, `security("Secure signalling")`, `num-lines("Lines") <rest:LINE>("Lines")`, `timeout("Timeout") <rest:LINE>("Seconds")`)...)
}

// spelled is the header of a type in the spelling it has, if it is there.
func spelled(c *language.Context, sip bool) {
	c.Args["name"] = typeSpelling(c.Config, c.Args.String("name"), sip)
}

// poolTypes are `voice register pool-type NAME`: models of SIP phones that are in
// no table. [Cisco Unified CME Command Reference: voice register pool-type]
func poolTypes() []language.Declaration {
	const doc = "facts/cme.md 4.2"
	all := ownTypes(func(c *language.Context) *[]cnf.PhoneType { return &c.Config.Telephony.PoolTypes }, func(t *cnf.PhoneType) string { return "voice register pool-type " + t.Name }, nil)
	at := all.at
	ds := all.of(
		language.Declaration{
			Mode: language.Global, Enters: modePoolType, Doc: doc,
			Syntax: registerHead + `pool-type("Define a type of SIP phone") <name:OWNTYPE>("Name of the type")`,
			Set: func(c *language.Context) error {
				spelled(c, true)
				_, err := all.enter(c)
				return err
			},
		},
		short(modePoolType, `description("Description of the type") ![ <text:LINE>("Up to 128 characters") ]`, 128, doc, func(c *language.Context) *string { return &at(c).Description }),
		value(modePoolType, `reference-pooltype("Type it is like") ![ <type:MODEL>("Type of phone") ]`, "type", "", doc, "", func(c *language.Context) *string { return &at(c).Reference }),
		value(modePoolType, `transport("Transport of the phones") ![ ( udp$t("UDP") | tcp$t("TCP") ) ]`, "t", "", doc, "", func(c *language.Context) *string { return &at(c).Transport }),
		value(modePoolType, `num-lines("Number of line buttons") ![ <n:1-100>("Lines") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Buttons }),
		onByDefault(modePoolType, `phoneload-support("The phone takes firmware")`, doc, func(c *language.Context) *bool { return &at(c).NoLoad }),
		value(modePoolType, `xml-config("Elements of the file") maxNumCalls("Calls on a line") ![ <n:1-200>("Calls") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).MaxNumCalls }),
		value(modePoolType, `xml-config busyTrigger("Calls before busy") ![ <n:1-200>("Calls") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).BusyTrigger }),
	)
	ds[0] = inUse(ds[0], true)
	ds[0].Reset = ds[0].Unset
	return append(ds, carryAll(modePoolType, doc, `addons("Number of expansion modules") <rest:LINE>("Number")`, `gsm-support("The phone knows the GSM codec")`,
		`telnet-support("Telnet to the phone")`, `xml-config custom("Elements of your own") <rest:LINE>("Elements")`, `xml-config append("Elements of your own") <rest:LINE>("Elements")`)...)
}

// ownType is the name of a type the owner defines.
type ownType struct{}

func (ownType) Label() string       { return "WORD" }
func (ownType) Rank() int           { return grammar.RankWord }
func (ownType) Format(v any) string { return v.(string) }
func (ownType) Parse(s string) (any, error) {
	if len(s) == 0 || len(s) > 32 || strings.ContainsFunc(s, func(r rune) bool {
		return !letter(r) && (r < '0' || r > '9') && r != '-' && r != '_'
	}) {
		return nil, errOwnType
	}
	return s, nil
}

const errOwnType = language.Answer("not the name of a type")
