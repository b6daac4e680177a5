package command

import (
	"fmt"
	"net/netip"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/host"
)

// tracerouteCommand is `traceroute A.B.C.D`: who is on the way to an address.
// [facts/ios-cli.md 1.5]
func tracerouteCommand(b *Box) language.Declaration {
	return action(`traceroute("Trace route to destination")
		[ ip("IP Trace") ]
		( <dest:A.B.C.D>("Trace route to destination address")
			| <host:WORD>("Host name, not looked up by this box") )
		{`+
		` numeric$numeric("Display numeric addresses")`+
		` | timeout("Specify time out") <timeout:1-3600>("time out in seconds")`+
		` | probe("Specify number of probes per hop") <probe:1-65535>("Number of probes")`+
		` | ttl("Specify minimum and maximum ttl") <least:0-255>("Minimum TTL value") <most:0-255>("Maximum TTL value")`+
		` | source("Specify source address or name")
			( <from:A.B.C.D>("IP address")
				| <name:IFNAME>("Interface") ) }`, 0, "facts/ios-cli.md 1.5", b.traceroute)
}

func (b *Box) traceroute(in *language.Invocation) error {
	if in.Args.Has("host") {
		return language.Answer("% Unrecognized host or address.")
	}
	dest := grammar.Get[netip.Addr](in.Args, "dest")
	least, most := max(number(in, "least", 1), 1), number(in, "most", 30)
	probes, timeout := number(in, "probe", 3), time.Duration(number(in, "timeout", 3))*time.Second
	p, _, err := b.pinger(in)
	if err != nil {
		return err
	}
	defer p.Close()
	fmt.Fprintf(in.Out, "Type escape sequence to abort.\nTracing the route to %s\nVRF info: (vrf in name/id, vrf out name/id)\n", dest)
	for hops := least; hops <= most && in.Ctx.Err() == nil; hops++ {
		ended, err := tracedHop(in, p, dest, hops, probes, timeout)
		if err != nil || ended {
			return err
		}
	}
	return nil
}

// tracedHop prints the line of one distance; ended says that nothing is behind it.
func tracedHop(in *language.Invocation, p *host.Pinger, dest netip.Addr, hops, probes int, timeout time.Duration) (ended bool, err error) {
	fmt.Fprintf(in.Out, "%3d", hops)
	var last netip.Addr
	for range probes {
		if in.Ctx.Err() != nil {
			break
		}
		a, who, took := p.Trace(in.Ctx, dest, hops, timeout)
		mark := ""
		switch a {
		case host.NoAnswer:
			fmt.Fprint(in.Out, "  * ")
			continue
		case host.Unreachable:
			mark, ended = " !H", true
		case host.Replied:
			ended = true
		}
		if who != last {
			fmt.Fprintf(in.Out, " %s", who)
			last = who
		}
		fmt.Fprintf(in.Out, " %d msec%s", took.Milliseconds(), mark)
	}
	_, err = fmt.Fprintln(in.Out)
	return ended, err
}
