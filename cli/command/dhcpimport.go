package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"option150/cli/language"
	"option150/dhcp"
	"option150/dhcp/engine"
	"option150/dhcp/leasefile"
)

// importDHCP is `ip dhcp import bindings URL`: the leases of the server that
// this box replaces, from its own list.
func importDHCP(b *Box) language.Declaration {
	return action(`ip("Global IP commands")
		dhcp("DHCP commands")
		import("Take over from the server this one replaces")
		bindings("Its leases")
		<file:FILEURL>("Its list, of IOS, ISC dhcpd, Kea or dnsmasq")
		[ dry-run$dry("Say what would be taken over, and take nothing") ]`, privileged, "facts/dhcp.md 3", func(in *language.Invocation) error {
		l := fileArg(in, in.Args.String("file"))
		ctx, cancel := context.WithTimeout(in.Ctx, time.Minute)
		defer cancel()
		text, err := b.read(ctx, l)
		if err != nil {
			return err
		}
		list, err := leasefile.Read(text, time.Local)
		if err != nil {
			return language.Answer("% " + l.String() + " is " + err.Error())
		}
		var known []dhcp.Known
		for _, x := range list.Leases {
			known = append(known, engine.Known(x))
		}
		out, ok := b.DHCP.Import(known, in.Args.Has("dry"))
		if !ok {
			return language.Answer("% The DHCP server is not running: it needs a pool and an interface with an address")
		}
		_, err = in.Out.Write([]byte(takenOver(list, out, in.Args.Has("dry"))))
		return err
	})
}

// takenOver says what came of a list.
func takenOver(l leasefile.List, out engine.Imported, dry bool) string {
	var w strings.Builder
	verb := "were"
	if dry {
		verb = "would be"
	}
	fmt.Fprintf(&w, "%s: %d of %d leases %s taken over\n", l.Kind, out.Taken, len(l.Leases), verb)
	for _, r := range out.Refused {
		fmt.Fprintf(&w, "  %d not: %s (%s first)\n", r.Count, r.Why, r.First)
	}
	if l.Bad > 0 {
		fmt.Fprintf(&w, "  %d entries could not be read\n", l.Bad)
	}
	return w.String()
}
