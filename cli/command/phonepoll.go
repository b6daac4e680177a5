package command

import (
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/telephony/inventory"
	"option150/telephony/phonepage"
)

// phonePoll is `phone-poll`: the box reads the web pages of its phones. Off by
// default, because a box asks nobody unasked.
func phonePoll() language.Declaration {
	return language.Declaration{
		Mode: language.Global, Group: "phone-poll", Doc: "facts/phones.md 7",
		Syntax: `phone-poll("Read the pages of the phones: serial number, load, port")
			![ [ interval("Minutes between two questions to one phone")
				<minutes:1-1440>("Minutes, 15 by default") ] ]`,
		Set: func(c *language.Context) error {
			c.Config.PhonePoll.Minutes = phonepage.DefaultMinutes
			if c.Args.Has("minutes") {
				c.Config.PhonePoll.Minutes = c.Args.Int("minutes")
			}
			return nil
		},
		Unset: func(c *language.Context) error { c.Config.PhonePoll.Minutes = 0; return nil },
		Get: func(v *language.View) []grammar.Args {
			switch n := v.Config.PhonePoll.Minutes; n {
			case 0:
				return nil
			case phonepage.DefaultMinutes:
				return []grammar.Args{args()}
			default:
				return []grammar.Args{args("minutes", n)}
			}
		},
	}
}

// PollTargets are the phones whose pages may be read: those with an address that
// are not on their way, or stand still on it.
func PollTargets(v *inventory.Inventory) []phonepage.Target {
	var out []phonepage.Target
	for _, p := range v.Phones(time.Now()) {
		if !p.MAC.IsZero() && p.Addr.IsValid() && p.State != inventory.Seen && (p.State != inventory.Loading || p.Quiet) {
			out = append(out, phonepage.Target{MAC: p.MAC, Addr: p.Addr, Boot: p.Boot})
		}
	}
	return out
}
