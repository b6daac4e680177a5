package command

import (
	"fmt"
	"strings"

	"option150/cli/language"
	"option150/dhcp/v6"
	"option150/pfs"
	"option150/platform/fleet"
)

// debugTopics are what can be debugged: the words after `debug`, the topic
// events are recorded under, and how IOS answers.
var debugTopics = []struct{ syntax, topic, answer string }{
	{`tftp("TFTP debugging") events("TFTP Event debugging")`, "tftp events", "TFTP Event debugging"},
	{`tftp packets("TFTP Packet debugging")`, "tftp packets", "TFTP Packet debugging"},
	{`ip("IP information")
		dhcp("Dynamic Host Configuration Protocol")
		server("DHCP server debugging")
		events("Report address assignments, lease expirations, etc.")`, "ip dhcp server events", "DHCP server event debugging"},
	{`ip dhcp server packet("Decode message receptions and transmissions")`, "ip dhcp server packet", "DHCP server packet debugging"},
	{`ip dhcp server class("Report class-based address allocation")`, "ip dhcp server class", "DHCP server class debugging"},
	{`ip dhcp server linkage("Report where the networks of pools are served")`, "ip dhcp server linkage", "DHCP server linkage debugging"},
	{`cme-hfs("HTTP File-Fetch Server debugging")`, "cme-hfs", "HTTP File-Fetch Server debugging"},
	{`ipv6("IPv6 information") dhcp("IPv6 DHCP debugging")`, v6.TopicDebug, "IPv6 DHCP debugging"},
	{`ipv6 dhcp detail("IPv6 DHCP detailed debugging")`, v6.TopicDetail, "IPv6 DHCP detailed debugging"},
	{`pfs("Peer Firmware Sharing debugging")`, pfs.Topic, "Peer Firmware Sharing debugging"},
	{`fleet("What is read and written at the servers of the fleet")`, fleet.Topic, "Fleet debugging"},
}

// debugPackets has the TFTP server record its packets, and the fleet its writes, from
// the first time somebody asks for them: too much to record unread.
func (b *Box) debugPackets(topic string) {
	switch topic {
	case "tftp packets":
		b.TFTP.DebugPackets(true)
	case fleet.Topic:
		b.Fleet.Debug()
	}
}

// debugCommands are `debug X`, `no debug X`, `undebug X` and `undebug all`.
// A debug is a filter on this session's view of the journal: it ends with the
// session and is never in the configuration.
func debugCommands(b *Box) []language.Declaration {
	var out []language.Declaration
	for _, t := range debugTopics {
		on := func(in *language.Invocation) error {
			in.Op.Debug(t.topic, true)
			if t.topic == v6.TopicDetail {
				in.Op.Debug(v6.TopicDebug, true) // detail is more of the same
			}
			b.debugPackets(t.topic)
			fmt.Fprintf(in.Out, "%s is on\n", t.answer)
			return nil
		}
		off := func(in *language.Invocation) error {
			in.Op.Debug(t.topic, false)
			fmt.Fprintf(in.Out, "%s is off\n", t.answer)
			return nil
		}
		d := action(`debug("Debugging functions") `+t.syntax, privileged, "facts/cme.md 7.7", on)
		d.Undo = off
		out = append(out, d, action(`undebug("Disable debugging functions") `+t.syntax, privileged, "facts/cme.md 7.7", off))
	}
	all := func(in *language.Invocation) error {
		for _, t := range in.Op.Debugs() {
			in.Op.Debug(t, false)
		}
		fmt.Fprintln(in.Out, "All possible debugging has been turned off")
		return nil
	}
	d := action(`debug all("Enable all debugging")`, privileged, "facts/cme.md 7.7", func(in *language.Invocation) error {
		a, err := in.Op.Ask("This may severely impact network performance. Continue? (yes/[no]): ")
		if a = strings.ToLower(strings.TrimSpace(a)); err != nil || a == "" || !strings.HasPrefix("yes", a) {
			return nil
		}
		for _, t := range debugTopics {
			in.Op.Debug(t.topic, true)
			b.debugPackets(t.topic)
		}
		fmt.Fprintln(in.Out, "All possible debugging has been turned on")
		return nil
	})
	d.Undo = all
	out = append(out, d, action(`undebug all("Turn off all debugging")`, privileged, "facts/cme.md 7.7", all))
	return append(out, text(`debugging("State of each debugging option")`, privileged, "facts/ios-cli.md 3.3", func(in *language.Invocation) string {
		s := ""
		for _, t := range debugTopics {
			for _, on := range in.Op.Debugs() {
				if on == t.topic {
					s += t.answer + " is on\n"
				}
			}
		}
		return s
	}))
}
