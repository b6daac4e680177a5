package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/config"
	sshclient "option150/platform/sshd/client"
	"option150/platform/telnet"
)

// callCommands are the clients of telnet and SSH and what goes with them: an
// engineer goes on from this box to the switch beside it. [facts/ios-cli.md 1.5]
func callCommands() []language.Declaration {
	const doc = "facts/ios-cli.md 1.5"
	one := func(in *language.Invocation) int { return in.Args.Int("number") }
	return []language.Declaration{
		action(`telnet("Open a telnet connection") <host:WORD>("IP address or hostname of a remote system") [ <port:1-65535>("Port number") ]`, 0, doc, func(in *language.Invocation) error {
			return call(in, 23, func(ctx context.Context, to netip.AddrPort, width, height int) (io.ReadWriteCloser, error) {
				c, err := telnet.Dial(ctx, to, width, height)
				if err != nil {
					return nil, err
				}
				_, err = fmt.Fprintln(in.Out, "Open")
				return c, err
			})
		}),
		action(`ssh("Open a secure shell client connection")
			{ -l("Log in using this user name") <user:WORD>("Login name")
				| -p("Connect to this port") <port:1-65535>("Port number")
				| -v("Specify SSH Protocol Version") 2("Protocol Version 2") }
			<host:WORD>("IP address or hostname of a remote system")
			[ <command:LINE>("Command to be executed remotely") ]`, 0, doc, sshCall),
		action(`resume("Resume an active network connection") [ <number:1-4>("The number of an active network connection") ]`, 0, doc, func(in *language.Invocation) error {
			if len(in.Op.Calls()) == 0 {
				return language.Answer(strings.TrimSuffix(noConnections, "\n"))
			}
			return in.Op.Resume(one(in))
		}),
		action(`disconnect("Disconnect an existing network connection") [ <number:1-4>("The number of an active network connection") ]`, 0, doc, func(in *language.Invocation) error {
			if len(in.Op.Calls()) == 0 {
				return language.Answer(strings.TrimSuffix(noConnections, "\n"))
			}
			if ok, err := in.Op.Confirm("Closing connection "); err != nil || !ok {
				return nil
			}
			fmt.Fprintln(in.Out)
			if !in.Op.Disconnect(one(in)) {
				return language.Answer("% Connection is not open")
			}
			return nil
		}),
		action(`where("List active connections")`, 0, doc, func(in *language.Invocation) error {
			return columns.Print(in.Out, callsText(in.Op.Calls()))
		}),
	}
}

// callsTable is that of callsText.
var callsTable = columns.Form("Conn Host                Address             Byte  Idle Conn Name\n", "%s%3d %-19s %-19s %4d %5d %s\n", "last conn host address byte idle conn_name")

// callsText is show sessions and where.
func callsText(list []language.Call) *columns.Page {
	if len(list) == 0 {
		return columns.Empty(noConnections)
	}
	w := &columns.Page{}
	t := w.Table(callsTable)
	for _, c := range list {
		mark := " "
		if c.Last {
			mark = "*"
		}
		t.Row(mark, c.Number, c.Host, c.Addr, 0, int(time.Since(c.Opened).Minutes()), c.Host)
	}
	return w
}

// call opens a connection and hands the operator over to it.
func call(in *language.Invocation, port uint16, dial func(ctx context.Context, to netip.AddrPort, width, height int) (io.ReadWriteCloser, error)) error {
	if len(in.Op.Calls()) >= language.MaxCalls {
		return language.Answer(fmt.Sprintf("%% %d connections are open; disconnect ends one", language.MaxCalls))
	}
	host := in.Args.String("host")
	addr, ok := hostAddr(in.Config, host)
	if !ok {
		return language.Answer("% Unknown host or address: names are those of ip host")
	}
	if in.Args.Has("port") {
		port = uint16(in.Args.Int("port"))
	}
	to := netip.AddrPortFrom(addr, port)
	t := in.Op.Terminal()
	if in.Line != "" && strings.HasPrefix(strings.TrimLeft(in.Line, " "), "t") {
		if port == 23 {
			fmt.Fprintf(in.Out, "Trying %s ... ", addr)
		} else {
			fmt.Fprintf(in.Out, "Trying %s, %d ... ", addr, port)
		}
	}
	s, err := dial(in.Ctx, to, t.Width(), t.Length())
	if err != nil {
		if in.Ctx.Err() != nil {
			return nil
		}
		return callError(err)
	}
	return in.Op.Call(language.Call{Host: host, Addr: addr.String(), Opened: time.Now(), Stream: s})
}

// hostAddr is an address as it is typed, or that of a name of `ip host`.
func hostAddr(c *config.Config, host string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(host); err == nil {
		return a, true
	}
	if h := c.DNS.Host(host); h != nil && len(h.Addrs) > 0 {
		return h.Addrs[0], true
	}
	return netip.Addr{}, false
}

func callError(err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, sshclient.ErrDenied):
		return language.Answer("% Authentication failed.")
	case errors.Is(err, unix.ECONNREFUSED):
		return language.Answer("\n% Connection refused by remote host")
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH):
		return language.Answer("\n% Destination unreachable; gateway or host down")
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return language.Answer("\n% The remote host did not answer in time")
	}
	return language.Answer("\n% The connection could not be opened (" + cause(err) + ")")
}

// sshCall is the client of SSH. Whose key it is nobody checks, as on a router;
// it says so, with the fingerprint.
func sshCall(in *language.Invocation) error {
	user := in.Args.String("user")
	if user == "" {
		user = in.Op.Who().User
	}
	if user == "" {
		return language.Answer("% Who is it to log in? Name the user: ssh -l USER HOST")
	}
	return call(in, 22, func(ctx context.Context, to netip.AddrPort, width, height int) (io.ReadWriteCloser, error) {
		c, err := sshclient.Dial(ctx, sshclient.Options{To: to, User: user, Width: width, Height: height, Command: in.Args.String("command"),
			Password: in.Op.Password,
			Key: func(fingerprint string) error {
				_, err := fmt.Fprintf(in.Out, "The key of %s is not checked: %s\n", to.Addr(), fingerprint)
				return err
			}})
		if err != nil {
			return nil, err
		}
		return c, nil
	})
}
