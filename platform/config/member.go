package config

import (
	"fmt"

	"option150/platform/fleet"
)

// Member is this box among others, by the name that the others know it by: that of the
// section `fleet`, or its host name where one was given.
func (c *Config) Member() fleet.Config {
	f := c.Fleet
	if f.Name == "" && c.Hostname != DefaultHostname && fleet.ValidName(c.Hostname) {
		f.Name = c.Hostname
	}
	return f
}

// Renamed refuses what an operator enters, a line or a whole file, by which a box that shares
// bindings would be another one to the others though no line `name` says so: its share would
// rest, and what it gave out wait for a box that is no more. What cannot be refused, because
// the box starts or takes a change back, waits: share.Config.ByHost.
func (c *Config) Renamed(before *Config) error {
	was, is := before.Member(), c.Member()
	if !was.Share || !is.Share || was.Missing() != "" || was.Name == is.Name || c.Fleet.Name != "" {
		return nil
	}
	text := fmt.Sprintf("the boxes that share bindings know this one as %s: with the line `name %s` below fleet it stays that", was.Name, was.Name)
	switch {
	case is.Name != "":
		text += fmt.Sprintf(", with `name %s` it is another", is.Name)
	case before.Fleet.Name != "": // it leaves, which Notes tell
		return nil
	}
	return &Refused{[]Problem{{Severity: Refuse, Kind: Rule, Section: "fleet", Text: text}}}
}
