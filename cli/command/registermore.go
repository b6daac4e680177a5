package command

import (
	"fmt"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/telephony/cnf"
)

// registerMore are the lines of `voice register global` about what stands in the
// files of all SIP phones. [facts/cme.md 4.1]
func registerMore(at func(*language.Context) *cnf.RegisterGlobal) []language.Declaration {
	const doc = "facts/cme.md 4.1"
	turn := func(c *language.Context, word string) *cnf.Turn {
		if word == "stop" {
			return &at(c).DST.Stop
		}
		return &at(c).DST.Start
	}
	number := value(modeGlobal, `voicemail("Number of the messages button") ![ <number:WORD>("Number") ]`, "number", "", doc, "", func(c *language.Context) *string { return &at(c).Voicemail })
	set := number.Set
	number.Set = func(c *language.Context) error {
		if !dialable(c.Args.String("number")) {
			return errNumber
		}
		return set(c)
	}
	return []language.Declaration{
		number,
		onByDefault(modeGlobal, `dst("Daylight saving time of the 7940 and 7960") auto-adjust("Change the clock by itself")`, doc, func(c *language.Context) *bool { return &at(c).DST.NoAdjust }),
		{
			Mode: modeGlobal, Doc: doc,
			Syntax: `dst ( start$which("When it begins") | stop$which("When it ends") )
				![ <month:MONTH>("Month")
					( day("Day of the month or of the week")
						<day:1-31>("Day of the month")
						| week("Week of the month")
						<week:1-8>("Week, 8 is the last")
						day("Day of the month or of the week")
						<weekday:WEEKDAY>("Day of the week") )
					time("Time of the change")
					<at:DSTTIME>("Time (hh:mm)") ]`,
			Set: func(c *language.Context) error {
				types := clockTypes()
				months, days := types["MONTH"].(nameType), types["WEEKDAY"].(nameType)
				t := cnf.Turn{Month: months.index(c.Args.String("month")) + 1, Day: c.Args.Int("day"), Week: c.Args.Int("week"), Minute: c.Args.Int("at")}
				if c.Args.Has("weekday") {
					t.Weekday = days.index(c.Args.String("weekday")) + 1
				}
				*turn(c, c.Args.String("which")) = t
				return nil
			},
			Unset: func(c *language.Context) error { *turn(c, c.Args.String("which")) = cnf.Turn{}; return nil },
			Get: func(v *language.View) []grammar.Args {
				var out []grammar.Args
				types := clockTypes()
				for _, which := range []string{"start", "stop"} {
					t := *turn(viewContext(v), which)
					if t.Month == 0 {
						continue
					}
					a := args("which", which, "month", types["MONTH"].(nameType).name(t.Month - 1)[:3], "at", t.Minute)
					if t.Day > 0 {
						a["day"] = t.Day
					} else {
						a["week"], a["weekday"] = t.Week, types["WEEKDAY"].(nameType).name(t.Weekday - 1)[:3]
					}
					out = append(out, a)
				}
				return out
			},
		},
		outboundProxy(doc, at),
		value(modeGlobal, `logo("Logo of the 7940 and 7960") ![ <url:URL>("URL of the picture") ]`, "url", "", doc, "", func(c *language.Context) *string { return &at(c).Logo }),
		qos(modeGlobal, `ip("IP parameters of the phones")`, doc, true, func(c *language.Context) *cnf.QoS { return &at(c).QoS }),
		value(modeGlobal, `keepalive("Keepalive of SIP phones") ![ <n:1-7200>("Seconds") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Keepalive }),
		value(modeGlobal, `max-redirect("Number of call redirects") ![ <n:5-20>("Number of redirects") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).MaxRedirect }),
		value(modeGlobal, `timeouts("Timeouts of SIP phones") interdigit("Wait for the next digit") ![ <n:2-120>("Seconds") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Interdigit }),
		flag(modeGlobal, `authenticate("Authentication of SIP phones") register("When they register")`, "", doc, false, func(c *language.Context) *bool { return &at(c).AuthRegister }),
		flag(modeGlobal, `authenticate all("Of all requests")`, "", doc, false, func(c *language.Context) *bool { return &at(c).AuthAll }),
		flag(modeGlobal, `mwi("Message waiting indication") stutter("A stuttering dial tone tells of messages")`, "", doc, false, func(c *language.Context) *bool { return &at(c).Stutter }),
		olson(modeGlobal, doc, func(c *language.Context) (*string, *string) { return &at(c).OlsonZone, &at(c).OlsonVersion }),
	}
}

// outboundProxy is `outbound-proxy {system | ipv4:ADDRESS[:PORT] | dns:NAME[:PORT]}`.
func outboundProxy(doc string, at func(*language.Context) *cnf.RegisterGlobal) language.Declaration {
	return language.Declaration{
		Mode: modeGlobal, Doc: doc,
		Syntax: `outbound-proxy("Where all requests of phones go first")
			![ ( system$to("To the source-address")
					| <to:WORD>("ipv4:ADDRESS[:PORT] or dns:NAME[:PORT]") ) ]`,
		Set: func(c *language.Context) error {
			to := c.Args.String("to")
			if to != "system" && !cnf.OutboundProxy(to) {
				return language.Answer("% An outbound proxy is system, ipv4:ADDRESS or dns:NAME, with :PORT or without")
			}
			at(c).OutboundProxy = to
			return nil
		},
		Unset: func(c *language.Context) error { at(c).OutboundProxy = ""; return nil },
		Get: func(v *language.View) []grammar.Args {
			p := at(viewContext(v)).OutboundProxy
			return one(p != "", "to", p)
		},
	}
}

// registerDNMore are the lines of `voice register dn` about the line of a phone.
func registerDNMore(doc string, at func(*language.Context) *cnf.RegisterDN) []language.Declaration {
	return []language.Declaration{
		flag(modeDN, `auto-answer("Answer calls automatically")`, "", doc, false, func(c *language.Context) *bool { return &at(c).AutoAnswer }),
		{
			Mode: modeDN, Doc: doc,
			Syntax: `shared-line("Line that several phones have") [ max-calls("Calls on the line") <n:2-16>("Calls") ]`,
			Set: func(c *language.Context) error {
				at(c).Shared, at(c).MaxCalls = true, c.Args.Int("n")
				return nil
			},
			Unset: func(c *language.Context) error { at(c).Shared, at(c).MaxCalls = false, 0; return nil },
			Get: func(v *language.View) []grammar.Args {
				d := at(viewContext(v))
				if !d.Shared {
					return nil
				}
				a := args()
				if d.MaxCalls > 0 {
					a["n"] = d.MaxCalls
				}
				return []grammar.Args{a}
			},
		},
		value(modeDN, `huntstop("Stop hunting") channel("Calls after which the next is answered busy") ![ <n:1-50>("Calls") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Huntstop }),
	}
}

// wall24 is a time of the day, two digits each.
type wall24 struct{ wallType }

func (wall24) Format(v any) string { return fmt.Sprintf("%02d:%02d", v.(int)/60, v.(int)%60) }
