package command

import (
	"fmt"
	"io"
	"net/netip"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/host"
)

// pingCommand is `ping A.B.C.D`. Names are not looked up; the answer to one is
// that of a router that cannot. [facts/ios-cli.md 1.3, 1.5, 3.5]
func pingCommand(b *Box) language.Declaration {
	return action(`ping("Send echo messages")
		[ ip("IP echo") ]
		( <dest:A.B.C.D>("Ping destination address")
			| <host:WORD>("Host name, not looked up by this box") )
		{`+
		` repeat("specify repeat count") <repeat:1-65535>("Repeat count") | size("specify datagram size") <size:36-18024>("Datagram size")`+
		` | timeout("specify timeout interval") <timeout:1-3600>("timeout in seconds")`+
		` | source("specify source address or name")
			( <from:A.B.C.D>("IP address")
				| <name:IFNAME>("Interface") ) }`, 0, "facts/ios-cli.md 1.5", b.ping)
}

func (b *Box) ping(in *language.Invocation) error {
	if in.Args.Has("host") {
		return language.Answer("% Unrecognized host or address, or protocol not running.")
	}
	dest, repeat, size := grammar.Get[netip.Addr](in.Args, "dest"), number(in, "repeat", 5), number(in, "size", 100)
	timeout := number(in, "timeout", 2)
	p, source, err := b.pinger(in)
	if err != nil {
		return err
	}
	defer p.Close()
	fmt.Fprintf(in.Out, "Type escape sequence to abort.\nSending %d, %d-byte ICMP Echos to %s, timeout is %d seconds:\n", repeat, size, dest, timeout)
	if source.IsValid() {
		fmt.Fprintf(in.Out, "Packet sent with a source address of %s \n", source)
	}
	var sent, good int
	var least, most, sum time.Duration
	for ; sent < repeat && in.Ctx.Err() == nil; sent++ {
		if sent > 0 && sent%70 == 0 {
			fmt.Fprintln(in.Out)
		}
		began := time.Now()
		a, took := p.Ping(in.Ctx, dest, size, time.Duration(timeout)*time.Second)
		mark := "."
		switch a {
		case host.Replied:
			mark = "!"
			if good++; good == 1 {
				least = took
			}
			least, most, sum = min(least, took), max(most, took), sum+took
		case host.Unreachable:
			mark = "U"
		}
		if _, err := fmt.Fprint(in.Out, mark); err != nil && in.Ctx.Err() == nil {
			return err
		}
		// What fails at once, as a packet that has no route, must not spin.
		if rest := time.Duration(timeout)*time.Second - time.Since(began); a != host.Replied && rest > 0 {
			select {
			case <-in.Ctx.Done():
			case <-time.After(rest):
			}
		}
	}
	if sent == 0 {
		return nil
	}
	rate := fmt.Sprintf("\nSuccess rate is %d percent (%d/%d)", 100*good/sent, good, sent)
	if good > 0 {
		ms := func(d time.Duration) int { return max(1, int((d+time.Millisecond/2)/time.Millisecond)) }
		rate += fmt.Sprintf(", round-trip min/avg/max = %d/%d/%d ms", ms(least), ms(sum/time.Duration(good)), ms(most))
	}
	in.Last = rate + "\n" // who breaks off a ping without end wants to know, too
	_, err = io.WriteString(in.Out, in.Last)
	return err
}

// number is a number that was typed, or what it is otherwise.
func number(in *language.Invocation, name string, otherwise int) int {
	if in.Args.Has(name) {
		return in.Args.Int(name)
	}
	return otherwise
}

// pinger asks from the address of `source`, which is invalid for any.
func (b *Box) pinger(in *language.Invocation) (*host.Pinger, netip.Addr, error) {
	source, err := b.pingSource(in)
	if err != nil {
		return nil, source, err
	}
	p, err := host.NewPinger(source)
	if err != nil {
		return nil, source, language.Answer("% The box may not send echoes (" + fileCause(err) + ")")
	}
	return p, source, nil
}

// pingSource is the address of `source`: one of the box, or that of an
// interface.
func (b *Box) pingSource(in *language.Invocation) (netip.Addr, error) {
	name, from := in.Args.String("name"), grammar.Get[netip.Addr](in.Args, "from")
	if name == "" && !from.IsValid() {
		return netip.Addr{}, nil
	}
	ifs, _ := b.Netif.Interfaces()
	for _, i := range ifs {
		for _, a := range i.Addrs {
			if i.Name == name || a.Addr() == from {
				return a.Addr(), nil
			}
		}
	}
	return netip.Addr{}, language.Answer("% Invalid source address- IP address not on any of our up interfaces")
}
