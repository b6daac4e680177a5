package cnf

import (
	"fmt"
	"strings"
)

// SCCPBindings are the lines of `show telephony-service tftp-bindings`.
// [facts/cme.md 7.2]
func SCCPBindings(s *Set) []string {
	var out []string
	for _, f := range s.Files() {
		if f.Protocol != SCCP {
			continue
		}
		if f.plain {
			out = append(out, "tftp-server "+f.Location)
		}
		for _, a := range f.Aliases {
			out = append(out, "tftp-server "+f.Location+" alias "+a)
		}
	}
	return out
}

// SIPBindings are the lines of `show voice register tftp-bind`. IOS prints
// files in system: and files on flash: in two different forms. [facts/cme.md 7.2]
func SIPBindings(s *Set) []string {
	var out []string
	for _, f := range s.Files() {
		if f.Protocol != SIP {
			continue
		}
		for _, n := range f.Names() {
			if strings.HasPrefix(strings.ToLower(f.Location), "system:") {
				out = append(out, "tftp-server "+n+" url "+f.Location)
			} else {
				out = append(out, "tftp-server url "+f.Location+" alias "+n)
			}
		}
	}
	return out
}

// HFSBindings are the lines about bindings of `show voice register hfs`: the
// counts of IOS, then one line per binding in the form of SIPBindings without
// its first word. Every generated file is fetched by HTTP as well. [facts/cme.md 7.3]
func HFSBindings(s *Set) []string {
	var list []string
	urls, aliases := make(map[string]bool), make(map[string]bool)
	for _, f := range s.Files() {
		urls[f.Location] = true
		for _, n := range f.Names() {
			aliases[n] = true
			list = append(list, n+" url "+f.Location)
		}
	}
	return append([]string{
		"HTTP File Server Bindings",
		fmt.Sprintf("No. of bindings = %d", len(list)),
		fmt.Sprintf("No. of url table entries = %d", len(urls)),
		fmt.Sprintf("No. of alias table entries = %d", len(aliases)),
	}, list...)
}

// BuildLines are what `create cnf-files` and `create profile` print: the lines
// of IOS with, between them, what changed. clockSet says whether the clock of
// the box can be trusted; the stamps do not depend on it. [facts/cme.md 7.6, 11 #8]
func BuildLines(old, new *Set, clockSet bool) []string {
	out := []string{"Updating CNF files"}
	if !clockSet {
		out = append(out, "CNF-FILES: Clock is not set or synchronized, retaining old versionStamps")
	}
	sum := Summarise(old, new)
	for _, part := range []struct {
		word  string
		names []string
	}{{"new", sum.Added}, {"changed", sum.Changed}, {"removed", sum.Removed}} {
		for _, n := range part.names {
			out = append(out, fmt.Sprintf("  %-8s %s", part.word, n))
		}
	}
	if len(sum.Added)+len(sum.Changed)+len(sum.Removed) == 0 {
		out = append(out, fmt.Sprintf("  no change in %d files", sum.Same))
	} else if sum.Same > 0 {
		out = append(out, fmt.Sprintf("  %-8s %d files", "same", sum.Same))
	}
	for _, l := range new.Firmware().Withheld {
		out = append(out, fmt.Sprintf("  %-8s load %s, in no file: show firmware tells what of it is missing", "withheld", oneLine(l)))
	}
	out = append(out, append(new.binaryLines(), new.gatewayLines()...)...)
	for _, p := range new.Problems() {
		if p.Severity != Note {
			out = append(out, fmt.Sprintf("  %-8s %s", p.Severity, p))
		}
	}
	return append(out, "CNF files updating complete")
}
