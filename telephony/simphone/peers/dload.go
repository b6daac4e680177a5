package peers

import (
	"fmt"
	"time"
)

// dload sends a line of the phone's console log to its log server, in the form
// of source 002. The line says nothing of the day, the phone or its name. How
// phones wrap it for the network is not public; here it follows a priority as
// in RFC 3164.
func (n *Node) dload(level, format string, args ...any) {
	if !n.cfg.LogServer.IsValid() {
		return
	}
	line := fmt.Sprintf("<135>%s %s DLoad: ", level, time.Now().Format("15:04:05.000000")) + fmt.Sprintf(format, args...)
	_, _ = n.udp.WriteToUDPAddrPort([]byte(line), n.cfg.LogServer)
}

// slotsLine is the state of a phone's connections: descriptors, -1 = none.
func (n *Node) slotsLine(parent bool, children int) {
	p, c, full := -1, [slots]int{-1, -1}, 0
	if parent {
		p = 9
	}
	for i := range min(children, slots) {
		c[i] = 10 + i
	}
	if children >= slots {
		full = 1
	}
	n.dload("NOT", "|parent=%d><fd[0]=%d fd[1]=%d FULL=%d", p, c[0], c[1], full)
}
