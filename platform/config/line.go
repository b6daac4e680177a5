package config

import (
	"slices"
	"strings"

	"option150/platform/aaa"
	"option150/platform/sorted"
)

// Line is one `line con 0` or `line vty F L`. Source: facts/ios-cli.md 1.14.
type Line struct {
	Kind        string // "con" or "vty"
	First, Last int
	Login       string // "" = the kind's own (con none, vty local), "local", "line", "none"
	Password    aaa.Secret
	AccessIn    string // `access-class N in`: name of the list, "" = everybody
	AccessIn6   string // `ipv6 access-class NAME in`
	AccessVRF   bool   // its `vrf-also`
	ExecMinutes int    // `exec-timeout`, default 10 0; 0 0 = never
	ExecSeconds int
	Privilege   int    // `privilege level N`; 0 = not set
	Synchronous bool   // `logging synchronous`
	SyncLevel   string // its level, "" = none given
	SyncLimit   int    // its limit and one, 0 = none given
	Transport   string // `transport input`: "all", "none", "ssh", "ssh telnet"; "" = ssh for vty
	Length      int    // rows, default 24
	Width       int    // columns, default 80
	HistorySize int    // default 10
	Speed       int    // of the console, 0 = that of the TOML settings
	Rotary      int    // `rotary N`: its group; 0 = of none
}

// DefaultLine is the line as the factory has it.
func DefaultLine(kind string, first, last int) Line {
	return Line{Kind: kind, First: first, Last: last, ExecMinutes: 10, Length: 24, Width: 80, HistorySize: 10}
}

// Line returns the line that holds the number n of that kind; nil if none.
func (c *Config) Line(kind string, n int) *Line {
	for i := range c.Lines {
		if l := &c.Lines[i]; l.Kind == kind && n >= l.First && n <= l.Last {
			return l
		}
	}
	return nil
}

// VTYs is the number of SSH sessions the configuration allows.
func (c *Config) VTYs() int {
	n := 0
	for _, l := range c.Lines {
		if l.Kind == "vty" {
			n += max(0, min(l.Last, maxVTY-1)-l.First+1)
		}
	}
	return n
}

// Banner is one `banner KIND` text.
type Banner struct {
	Kind string // "motd", "login", "exec", "incoming"
	Text string // without delimiters; lines ended by \n
}

// Banner returns the text of that kind, "" if none.
func (c *Config) Banner(kind string) string {
	for _, b := range c.Banners {
		if b.Kind == kind {
			return b.Text
		}
	}
	return ""
}

// SetBanner sets or, with an empty text, removes a banner. They are kept in
// the order exec, incoming, login, motd.
func (c *Config) SetBanner(kind, text string) {
	c.Banners = slices.DeleteFunc(c.Banners, func(b Banner) bool { return b.Kind == kind })
	if text == "" {
		return
	}
	c.Banners = append(c.Banners, Banner{kind, text})
	sorted.By(c.Banners, func(a, b Banner) int { return strings.Compare(a.Kind, b.Kind) })
}
