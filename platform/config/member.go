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

// Renamed refuses a line by which a box that shares bindings would be another one to the
// others: its share would rest, and what it gave out wait for a box that is no more.
func (c *Config) Renamed(before *Config) error {
	was, is := before.Member(), c.Member()
	if c.Fleet.Name != "" || before.Fleet.Name != "" || !was.Share || !is.Share || was.Missing() != "" || was.Name == is.Name {
		return nil
	}
	return &Refused{[]Problem{{Severity: Refuse, Kind: Rule, Section: "fleet",
		Text: fmt.Sprintf("the boxes that share bindings know this one as %s: enter `name %s` below fleet first, and it stays that", was.Name, was.Name)}}}
}
