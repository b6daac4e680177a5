package config

import (
	"fmt"

	"option150/platform/fleet"
)

// fleetNotes is what keeps lines of the section fleet, and of those that need it, from
// acting: what was so before is not said again. What does not hold is "".
func (c *Config) fleetNotes(before *Config) (out []string) {
	was := before.fleetIdle()
	for i, n := range c.fleetIdle() {
		if n != "" && was[i] == "" {
			out = append(out, n)
		}
	}
	old, now := before.Member(), c.Member()
	if old.Missing() == "" && now.Missing() != "" {
		why := "the section fleet has no " + now.Missing()
		if c.Fleet.IsDefault() {
			why = "there is no section fleet"
		}
		out = append(out, "this box leaves its fleet: "+why)
	}
	if old.Share && now.Share && old.Missing() == "" && now.Missing() == "" && old.ID() != now.ID() {
		what := "new clients get nothing from its boxes until"
		if old.Domain != now.Domain {
			what = "the share it had in " + old.Domain + " rests until"
		}
		out = append(out, fmt.Sprintf("this box is %s of %s to the others now, and no more %s of %s: if it shared bindings as that, %s `fleet box %s down` was entered at a box of %s and the lead time is over", now.Name, now.Domain, old.Name, old.Domain, what, old.Name, old.Domain))
	}
	if old.Share && !now.Share && c.DHCP.Service && len(c.DHCP.Pools) > 0 {
		out = append(out, "this box gives out all addresses of its pools now, whatever other boxes give out of the same: enter `no service dhcp` unless it is the last of them")
	}
	return out
}

// FleetIdle is what is configured of the fleet and cannot act, and why.
func (c *Config) FleetIdle() (out []string) {
	for _, n := range c.fleetIdle() {
		if n != "" {
			out = append(out, n)
		}
	}
	return out
}

// fleetIdle is one text for each thing that may be configured and cannot act.
func (c *Config) fleetIdle() (out [9]string) {
	f := c.Member()
	lacks := "the section fleet has no " + f.Missing() + " yet"
	serves := c.DHCP.Service && len(c.DHCP.Pools) > 0
	for i, is := range []struct {
		so   bool
		text string
	}{
		{f.Share && f.Missing() != "" && serves, "bindings are not shared, and new DHCP clients get nothing: " + lacks},
		{f.Share && !c.DHCP.Service, "bindings are not shared: the DHCP server is off by `no service dhcp`"},
		{f.Share && c.DHCP.Service && !serves, "there is nothing to share yet: this box has no ip dhcp pool"},
		{f.Publish != fleet.PublishPhones && f.Missing() != "", "nothing is published: " + lacks},
		{f.ViewAll && f.Missing() != "", "no other box is seen: " + lacks},
		{c.Leader != "" && f.Missing() != "", "nothing comes from " + c.Leader + ": " + lacks},
		{!f.Share && (f.OwnShare || f.Lead != 0), "lead-time and bindings when-isolated do nothing without the line bindings share"},
		{(f.CA != "" || f.Certificate != "") && len(f.Servers) > 0 && !f.Secure(), "the files of tls are not used: no server is https"},
		{f.User != "" && f.Certificate != "", "the box is the user " + f.User + ", not who its certificate says"},
	} {
		if is.so {
			out[i] = is.text
		}
	}
	return out
}
