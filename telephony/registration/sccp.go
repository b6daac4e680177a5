package registration

import (
	"bytes"
	"encoding/binary"
	"strings"

	"option150/platform/wire"
	"option150/telephony/phone"
)

// Messages of SCCP that are about registering. A message is its length without
// the first eight bytes, a version, its number and the rest, little-endian.
// [Wireshark packet-skinny; chan-sccp, sccp_protocol.h]
const (
	sccpKeepAlive    = 0x0000
	sccpRegister     = 0x0001
	sccpUnregister   = 0x0027
	sccpRegisterAck  = 0x0081
	sccpReject       = 0x009d
	sccpKeepAliveAck = 0x0100
	sccpUnregAck     = 0x0118

	sccpHead     = 12
	sccpLongest  = 8 << 10
	sccpNumbers  = 0x0400 // numbers of messages are below
	sccpVersions = 0x0100 // and versions
	sccpName     = 16     // bytes of the device name in Register
	sccpLoadAt   = 92     // where Register has the load, behind its head
	sccpLoad     = 32
	sccpWhy      = 33 // bytes of the text in RegisterReject
)

// unanswered is how many keep-alives without an answer say that a registration
// is over: phones give up after three.
const unanswered = 3

// sccp reads the messages of one direction.
func (w *Watcher) sccp(c *caller, s *stream, fromPhone bool) {
	for len(s.buf) >= sccpHead {
		size := binary.LittleEndian.Uint32(s.buf)
		id := binary.LittleEndian.Uint32(s.buf[8:])
		if size < 4 || size > sccpLongest || id >= sccpNumbers || binary.LittleEndian.Uint32(s.buf[4:]) >= sccpVersions {
			s.drop(len(s.buf)) // no beginning of a message
			return
		}
		whole := int(size) + 8
		if len(s.buf) < whole {
			return
		}
		w.message(c, id, s.buf[sccpHead:whole], fromPhone)
		s.drop(whole)
	}
}

func (w *Watcher) message(c *caller, id uint32, body []byte, fromPhone bool) {
	switch {
	case fromPhone && id == sccpRegister:
		c.asked = true
		if mac, err := phone.ParseDevice(text(body, sccpName)); err == nil {
			c.mac = mac
		}
		if len(body) >= sccpLoadAt+sccpLoad {
			c.load = loadOf(text(body[sccpLoadAt:], sccpLoad))
		}
		for _, l := range w.links { // it starts anew: what it had before is nothing more
			if o := &l.caller; l.kind == isSCCP && o != c && o.mac == c.mac && o.client.Addr() == c.client.Addr() && o.at == c.at {
				o.up = false
			}
		}
	case fromPhone && id == sccpKeepAlive:
		if c.silent++; c.silent > unanswered && c.up {
			w.over(c)
		}
	case fromPhone && id == sccpUnregister, !fromPhone && id == sccpUnregAck:
		w.over(c)
	case fromPhone:
	case id == sccpRegisterAck:
		c.silent = 0
		w.registered(c, false)
	case id == sccpReject:
		why := wire.Printable(text(body, sccpWhy))
		if why == "" {
			why = "RegisterReject"
		}
		w.refuse(c, why)
	case id == sccpKeepAliveAck:
		// One that stands by answers too: without a Register it says nothing.
		if c.silent = 0; c.asked && !c.up && c.refusal == "" {
			w.registered(c, true)
		}
	}
}

// text is a text of at most n bytes that ends with a zero.
func text(b []byte, n int) string {
	b = b[:min(n, len(b))]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// loadOf is the name of a load without suffix, "" if a text is none: some phones
// tell a version in another form.
func loadOf(s string) string {
	l := phone.Load(wire.Printable(s))
	if !l.Version().Known || l.Protocol() == "" || strings.ContainsAny(string(l), " /") {
		return ""
	}
	return l.Canonical()
}
