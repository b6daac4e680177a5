package dns

import (
	"net/netip"
	"strings"

	codec "github.com/miekg/dns"
)

// ttl is how long what `ip host` says holds, in seconds; that of IOS.
const ttl = 10

// zone is the hosts, ready to be looked up.
type zone struct {
	addrs map[string][]netip.Addr // by name in small letters, with the dot at the end
	names map[string]string       // by in-addr.arpa name
}

func newZone(hosts []Host, domains []string) *zone {
	z := &zone{addrs: map[string][]netip.Addr{}, names: map[string]string{}}
	for _, h := range hosts {
		full := codec.Fqdn(h.Name)
		z.addrs[strings.ToLower(full)] = h.Addrs
		for _, d := range domains {
			if !strings.Contains(h.Name, ".") {
				z.addrs[strings.ToLower(codec.Fqdn(h.Name+"."+d))] = h.Addrs
			}
		}
		for _, a := range h.Addrs {
			if back, err := codec.ReverseAddr(a.String()); err == nil && z.names[back] == "" {
				z.names[back] = full
			}
		}
	}
	return z
}

// answer is what the hosts say to a question, nil if nothing. A name that is
// there and has no record of the kind asked for is answered with none, so that a
// phone that asks for AAAA first goes on at once.
func (z *zone) answer(q codec.Question) []codec.RR {
	name := strings.ToLower(q.Name)
	head := func(typ uint16) codec.RR_Header {
		return codec.RR_Header{Name: q.Name, Rrtype: typ, Class: codec.ClassINET, Ttl: ttl}
	}
	if addrs, ok := z.addrs[name]; ok {
		rr := []codec.RR{}
		if q.Qtype == codec.TypeA || q.Qtype == codec.TypeANY {
			for _, a := range addrs {
				rr = append(rr, &codec.A{Hdr: head(codec.TypeA), A: a.AsSlice()})
			}
		}
		return rr
	}
	if host, ok := z.names[name]; ok {
		rr := []codec.RR{}
		if q.Qtype == codec.TypePTR || q.Qtype == codec.TypeANY {
			rr = append(rr, &codec.PTR{Hdr: head(codec.TypePTR), Ptr: host})
		}
		return rr
	}
	return nil
}

// reply begins the answer to a request.
func reply(r *codec.Msg, code int) *codec.Msg {
	m := new(codec.Msg)
	m.SetRcode(r, code)
	m.RecursionAvailable = true
	if o := r.IsEdns0(); o != nil {
		m.SetEdns0(maxUDP, false)
	}
	return m
}

// immediate answers what needs nobody else: a request that makes no sense, and
// the hosts. nil means that it is to be forwarded.
func (z *zone) immediate(r *codec.Msg) *codec.Msg {
	switch {
	case r.Opcode != codec.OpcodeQuery:
		return reply(r, codec.RcodeNotImplemented)
	case len(r.Question) != 1:
		return reply(r, codec.RcodeFormatError)
	case r.Question[0].Qclass != codec.ClassINET:
		return reply(r, codec.RcodeRefused)
	}
	if o := r.IsEdns0(); o != nil && o.Version() != 0 {
		return reply(r, codec.RcodeBadVers)
	}
	if rr := z.answer(r.Question[0]); rr != nil {
		m := reply(r, codec.RcodeSuccess)
		m.Authoritative, m.Answer = true, rr
		return m
	}
	switch q := r.Question[0]; {
	case !r.RecursionDesired, q.Qtype == codec.TypeAXFR, q.Qtype == codec.TypeIXFR:
		return reply(r, codec.RcodeRefused)
	case q.Qtype == codec.TypeANY: // amplifies; RFC 8482
		m := reply(r, codec.RcodeSuccess)
		m.Answer = []codec.RR{&codec.HINFO{Hdr: codec.RR_Header{Name: q.Name, Rrtype: codec.TypeHINFO, Class: codec.ClassINET, Ttl: ttl}, Cpu: "RFC8482"}}
		return m
	}
	return nil
}
