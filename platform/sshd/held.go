package sshd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"option150/platform/listen"
)

// elsewhere is the port that is proposed where that of the settings is held.
const elsewhere = 2222

// askTime bounds the question who holds the port; it only makes a message better.
const askTime = 300 * time.Millisecond

// held makes of a port that somebody else holds an error that says who, as far
// as the machine or he himself tells, and how to come in all the same.
func (s *Server) held(e listen.Endpoint, err error) error {
	var le *listen.Error
	if !listen.InUse(err) || !errors.As(err, &le) {
		return err
	}
	x := *le
	if x.Owner == "" { // as of a process of root, for a box that is not
		x.Owner = greeting(e)
	}
	if spec := s.next.Load(); spec != nil && len(spec.Ports) == 0 && e.Port != elsewhere && len(spec.Lines) > 0 {
		x.Cure = fmt.Sprintf("`ip ssh port %d rotary 1`, and `rotary 1` below `line vty %d`, open another port", elsewhere, spec.Lines[0].Number)
	}
	return &x
}

// greeting is who a server of SSH at the endpoint says it is, "" if none does.
// [RFC 4253 4.2]
func greeting(e listen.Endpoint) string {
	a := e.AddrPort().Addr()
	switch {
	case a.Is6() && a.IsUnspecified():
		a = netip.IPv6Loopback()
	case a.IsUnspecified():
		a = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	c, err := net.DialTimeout("tcp", netip.AddrPortFrom(a, e.Port).String(), askTime)
	if err != nil {
		return ""
	}
	defer c.Close()
	if c.SetDeadline(time.Now().Add(askTime)) != nil {
		return ""
	}
	line, err := bufio.NewReader(io.LimitReader(c, 255)).ReadString('\n')
	name, ok := strings.CutPrefix(strings.TrimSpace(line), "SSH-2.0-")
	if err != nil || !ok || name == "" {
		return ""
	}
	name, _, _ = strings.Cut(name, " ")
	return "an SSH server that calls itself " + printable(name)
}
