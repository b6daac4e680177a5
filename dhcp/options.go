package dhcp

import (
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"time"
)

// item is one option of a reply.
type item struct {
	code byte
	val  []byte
}

// wireLen is the size of an option on the wire: one above 255 bytes is split
// (RFC 3396), an empty one is still two bytes.
func (i item) wireLen() int {
	return len(i.val) + 2*max(1, (len(i.val)+254)/255)
}

// appendItem writes an option, split when it is long.
func appendItem(b []byte, i item) []byte {
	v := i.val
	for {
		n := min(len(v), 255)
		b = append(append(b, i.code, byte(n)), v[:n]...)
		if v = v[n:]; len(v) == 0 {
			return b
		}
	}
}

// rank is how readily an option is left out of a reply that would exceed the
// client's limit (option 57): 0 never, the highest first. A phone comes up
// without a domain name, it does not without 150. [reference/dhcp.md 6.1]
func rank(code byte) int {
	switch code {
	case optMessageType, optServerID, optLease, optRelayInfo:
		return 0
	case optMask, optRapidCommit, optV6Only, optSubnetSel:
		return 1
	case optTFTPAddrs:
		return 2
	case optRouters:
		return 3
	case optTFTPName:
		return 4
	case optDNS:
		return 5
	case optClientID:
		return 6
	case optT1, optT2:
		return 7
	case optDomain:
		return 8
	case optHostname:
		return 9
	}
	return 10
}

// fit drops the least important items, the last of equals first, until the
// options and END take no more than room bytes. It reuses items.
func fit(items []item, room int) []item {
	size := 1
	for _, i := range items {
		size += i.wireLen()
	}
	for size > room {
		worst, at := 0, -1
		for n, i := range items {
			if r := rank(i.code); r > 0 && r >= worst {
				worst, at = r, n
			}
		}
		if at < 0 {
			break // nothing left that may go
		}
		size -= items[at].wireLen()
		items = slices.Delete(items, at, at+1)
	}
	return items
}

// header is the fixed part of a reply.
type header struct {
	req    *packet
	flags  uint16
	ciaddr netip.Addr
	yiaddr netip.Addr
	siaddr netip.Addr
	file   string
}

// marshal writes a reply of at least 300 and, if the options allow it, at most
// limit bytes.
func marshal(h header, items []item, limit int) []byte {
	b := make([]byte, headerLen, max(limit, minReply))
	p := h.req
	b[0], b[1], b[2] = opReply, p.htype, 6
	copy(b[4:8], p.xid[:])
	binary.BigEndian.PutUint16(b[10:12], h.flags)
	putAddr(b[12:16], h.ciaddr)
	putAddr(b[16:20], h.yiaddr)
	putAddr(b[20:24], h.siaddr)
	putAddr(b[24:28], p.giaddr)
	copy(b[28:44], p.raw[:])
	copy(b[offFile:headerLen-1], h.file) // always ends with a NUL
	b = append(b, cookie...)
	for _, i := range fit(items, limit-len(b)) {
		b = appendItem(b, i)
	}
	b = append(b, optEnd)
	for len(b) < minReply {
		b = append(b, optPad)
	}
	return b
}

func putAddr(b []byte, a netip.Addr) {
	if a.Is4() {
		v := a.As4()
		copy(b, v[:])
	}
}

// rendered is what a pool sends, as wire values, made once per configuration.
type rendered struct {
	vals  [256][]byte
	basic []byte // codes for a client without a parameter list, in order
	force []byte // codes of `option ... force`
}

// reserved are the codes the server writes itself, whatever a pool says.
func reserved(code byte) bool {
	switch code {
	case optPad, optRequestedIP, optLease, optOverload, optMessageType, optServerID, optParameters,
		optMaxSize, optClientID, optRapidCommit, optRelayInfo, optEnd:
		return true
	}
	return false
}

// render makes the wire values of a pool for one of its networks.
func render(p *Pool, network netip.Prefix) *rendered {
	r := &rendered{}
	r.vals[optMask] = maskOf(network)
	r.vals[optBroadcast] = u32bytes(lastOf(network))
	routers := p.DefaultRouters
	for _, o := range p.Overrides {
		if o.Network == network {
			routers = o.DefaultRouters
		}
	}
	r.vals[optRouters] = addrBytes(routers)
	r.vals[optDNS] = addrBytes(p.DNSServers)
	r.vals[optNetBIOS] = addrBytes(p.NetBIOSServers)
	if n := map[string]byte{"b-node": 1, "p-node": 2, "m-node": 4, "h-node": 8}[p.NetBIOSNode]; n != 0 {
		r.vals[optNodeType] = []byte{n}
	}
	r.vals[optDomain] = text(p.DomainName)
	r.vals[optBootfile] = text(p.Bootfile)
	r.vals[optHostname] = text(p.ClientName)
	for _, o := range p.Options {
		if v := o.wire(); v != nil && !reserved(o.Code) {
			r.vals[o.Code] = v
			if o.Force {
				r.force = append(r.force, o.Code)
			}
		}
	}
	r.order()
	return r
}

// inherit fills what r lacks from the pool of the network around it: an IOS
// manual binding takes the parameters of the network it lies in.
func (r *rendered) inherit(from *rendered) {
	for c := range from.vals {
		if r.vals[c] == nil {
			r.vals[c] = from.vals[c]
		}
	}
	for _, c := range from.force {
		if !slices.Contains(r.force, c) {
			r.force = append(r.force, c)
		}
	}
	r.order()
}

// order makes the basic set: the usual ones first, 150 last so that it wins
// over 66 in a gateway that takes the last one.
func (r *rendered) order() {
	r.basic = r.basic[:0]
	first := []byte{optRouters, optDNS, optDomain, optTFTPName}
	for _, c := range first {
		if r.vals[c] != nil {
			r.basic = append(r.basic, c)
		}
	}
	for c := range r.vals {
		code := byte(c)
		if r.vals[c] == nil || slices.Contains(first, code) || code == optMask || code == optBroadcast || code == optTFTPAddrs {
			continue
		}
		r.basic = append(r.basic, code)
	}
	if r.vals[optTFTPAddrs] != nil {
		r.basic = append(r.basic, optTFTPAddrs)
	}
}

// choose appends the pool's options for the request in the order of
// reference/dhcp.md 3: the client's list with 66 before 150, then forced ones.
// Options that always go (1 among them) are not repeated.
func (r *rendered) choose(items []item, p *packet) []item {
	codes := p.params
	if codes == nil {
		codes = r.basic
	}
	var sent, want [256]bool
	sent[optMask], sent[optT1], sent[optT2], sent[optV6Only], sent[optSubnetSel] = true, true, true, true, true
	var forced [16]byte
	extra := forced[:0]
	if p.cisco || p.params == nil {
		extra = append(extra, optRouters, optTFTPAddrs)
	}
	extra = append(extra, r.force...)
	for _, list := range [2][]byte{codes, extra} {
		for _, c := range list {
			want[c] = true
		}
	}
	add := func(c byte) {
		if v := r.vals[c]; v != nil && !sent[c] && !reserved(c) {
			sent[c] = true
			items = append(items, item{c, v})
		}
	}
	for _, list := range [2][]byte{codes, extra} {
		for _, c := range list {
			if c == optTFTPAddrs && want[optTFTPName] {
				add(optTFTPName)
			}
			add(c)
		}
	}
	return items
}

// wire is the value of a raw option, nil if it has none.
func (o Option) wire() []byte {
	switch o.Kind {
	case OptionASCII:
		return text(o.Text)
	case OptionHex:
		return append([]byte(nil), o.Hex...)
	case OptionIP:
		return addrBytes(o.Addrs)
	}
	return nil
}

func text(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

func addrBytes(as []netip.Addr) []byte {
	var b []byte
	for _, a := range as {
		if a.Is4() {
			v := a.As4()
			b = append(b, v[:]...)
		}
	}
	return b
}

func u32bytes(a netip.Addr) []byte { v := a.As4(); return v[:] }

func maskOf(p netip.Prefix) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(math.MaxUint32<<(32-p.Bits())))
}

// wireSeconds is a lease on the wire; 0xffffffff is infinite.
func wireSeconds(d time.Duration) uint32 {
	if d == Infinite {
		return math.MaxUint32
	}
	return uint32(min(max(d/time.Second, 1), math.MaxUint32-1))
}
