package registration

import (
	"bytes"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"option150/platform/capture"
	"option150/platform/ether"
	"option150/platform/wire"
	"option150/telephony/phone"
)

// sipLonger is what is read of one message of SIP.
const sipLonger = 8 << 10

// defaultExpires is how long a registration lasts where nobody says it.
// [RFC 3261 10.2]
const defaultExpires = time.Hour

// binding is a registration of SIP, from its first REGISTER on.
type binding struct {
	caller
	seq     string // CSeq of the question under way, "" = it is answered
	done    string // of the one that was answered last
	leaves  bool   // that question takes the registration back
	signed  bool   // and carries what a challenge asked for
	refused int    // challenges that answered such a question, in a row
	line    string // the address that is registered: To
	until   time.Time
}

// bindingKey tells registrations apart: each has a Call-ID of its own.
type bindingKey struct {
	phone netip.Addr
	call  string
}

// message is one of SIP, its header fields in lower case.
type message struct {
	request bool
	method  string // of a request
	status  int    // of an answer
	reason  string // the words behind the status
	fields  map[string][]string
}

// short are the forms of header fields that matter here. [RFC 3261 7.3.3]
var short = map[string]string{"i": "call-id", "m": "contact", "l": "content-length", "t": "to"}

// parse reads the head of a message; nil = it is none.
func parse(head []byte) *message {
	if i := bytes.Index(head, []byte("\r\n\r\n")); i >= 0 {
		head = head[:i]
	}
	lines := strings.Split(string(head), "\r\n")
	first := strings.Fields(lines[0])
	m := &message{fields: map[string][]string{}}
	switch {
	case len(first) >= 2 && first[0] == "SIP/2.0":
		n, err := strconv.Atoi(first[1])
		if err != nil || n < 100 || n > 699 {
			return nil
		}
		m.status, m.reason = n, wire.Printable(strings.Join(first[1:], " "))
	case len(first) == 3 && first[2] == "SIP/2.0":
		m.request, m.method = true, first[0]
	default:
		return nil
	}
	last := ""
	for _, line := range lines[1:] {
		if line != "" && (line[0] == ' ' || line[0] == '\t') { // a field goes on
			if v := m.fields[last]; len(v) > 0 {
				v[len(v)-1] += " " + strings.TrimSpace(line)
			}
			continue
		}
		k, v, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		k = strings.ToLower(strings.TrimSpace(k))
		if l, ok := short[k]; ok {
			k = l
		}
		last = k
		m.fields[k] = append(m.fields[k], strings.TrimSpace(v))
	}
	return m
}

func (m *message) field(name string) string {
	if v := m.fields[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// expires of a list of contacts: the longest of them, -1 if none says it.
func (m *message) expires() time.Duration {
	most := time.Duration(-1)
	for _, c := range m.fields["contact"] {
		for _, g := range contactExpires.FindAllStringSubmatch(c, 16) {
			if n, err := strconv.ParseUint(g[1], 10, 31); err == nil {
				most = max(most, time.Duration(n)*time.Second)
			}
		}
	}
	if most < 0 {
		if n, err := strconv.ParseUint(m.field("expires"), 10, 31); err == nil {
			most = time.Duration(n) * time.Second
		}
	}
	return most
}

var (
	contactExpires = regexp.MustCompile(`(?i);\s*expires\s*=\s*"?(\d{1,10})`)
	deviceName     = regexp.MustCompile(`(?i)devicename\.ccm\.cisco\.com\s*=\s*"?(SEP[0-9A-F]{12})`)
	instance       = regexp.MustCompile(`(?i)urn:uuid:00000000-0000-0000-0000-([0-9a-f]{12})`) // as Cisco's phones make them
	activeLoad     = regexp.MustCompile(`(?i)\b(?:Active)?Load=([A-Za-z0-9._-]{4,64})`)
)

// device is the name the phone gives itself, zero if it gives none.
func (m *message) device() (mac ether.MAC) {
	for _, c := range m.fields["contact"] {
		if g := deviceName.FindStringSubmatch(c); g != nil {
			if mac, err := phone.ParseDevice(g[1]); err == nil {
				return mac
			}
		}
		if g := instance.FindStringSubmatch(c); g != nil {
			if mac, err := ether.ParseMAC(g[1]); err == nil {
				return mac
			}
		}
	}
	return mac
}

// line is the address a REGISTER is for, without parameters.
func (m *message) line() string {
	to, _, _ := strings.Cut(m.field("to"), ">")
	to, _, _ = strings.Cut(to, ";")
	return wire.Printable(to)
}

// load is what it runs, as the Reason of its first REGISTER tells.
func (m *message) load() string {
	if g := activeLoad.FindStringSubmatch(m.field("reason")); g != nil {
		return loadOf(g[1])
	}
	return ""
}

// sipStream reads the messages of one direction of a connection.
func (w *Watcher) sipStream(p *capture.Packet, s *stream, lost bool) {
	if lost {
		i := bytes.Index(s.buf, []byte("SIP/2.0"))
		if i < 0 {
			s.drop(len(s.buf))
			return
		}
		s.drop(bytes.LastIndexByte(s.buf[:i], '\n') + 1)
	}
	for {
		for len(s.buf) > 0 && (s.buf[0] == '\r' || s.buf[0] == '\n') { // keep-alives [RFC 5626 3.5.1]
			s.drop(1)
		}
		end := bytes.Index(s.buf, []byte("\r\n\r\n"))
		if end < 0 {
			if len(s.buf) > sipLonger {
				s.drop(len(s.buf))
			}
			return
		}
		m := parse(s.buf[:end])
		if m == nil {
			s.drop(len(s.buf))
			return
		}
		n, _ := strconv.ParseUint(m.field("content-length"), 10, 20)
		if len(s.buf) < end+4+int(n) {
			if n > sipLonger {
				s.drop(len(s.buf))
			}
			return
		}
		s.drop(end + 4 + int(n))
		w.sip(p, m)
	}
}

// sip is one message.
func (w *Watcher) sip(p *capture.Packet, m *message) {
	seq, method, _ := strings.Cut(m.field("cseq"), " ")
	call := m.field("call-id")
	if call == "" || len(call) > 256 || !strings.EqualFold(strings.TrimSpace(method), "REGISTER") {
		return
	}
	if m.request {
		w.asksSIP(p, m, bindingKey{p.Src.Addr(), call}, seq)
		return
	}
	key := bindingKey{p.Dst.Addr(), call}
	b := w.bindings[key]
	if b == nil || b.seq != seq || b.at != p.Src {
		return // nobody asked that, as far as was seen
	}
	b.last = p.Time
	if m.status >= 200 {
		b.seq, b.done = "", seq // what comes again counts once
	}
	switch {
	case m.status < 200 || m.status >= 300 && m.status < 400 || m.status == 423: // on its way; elsewhere; for longer
	case m.status < 300:
		b.refused = 0
		lasts := m.expires()
		if lasts < 0 {
			lasts = defaultExpires
		}
		if b.leaves || len(m.fields["contact"]) == 0 || lasts == 0 {
			w.over(&b.caller)
			return
		}
		b.until = p.Time.Add(lasts + grace)
		w.registered(&b.caller, false)
	case m.status == 401 || m.status == 407:
		// A challenge is no refusal; one that answers an answer to one is, unless
		// it says that it was too old.
		if b.signed && !strings.Contains(strings.ToLower(m.field("www-authenticate")+m.field("proxy-authenticate")), "stale=true") {
			b.refused++
		}
		if b.refused > 1 {
			w.refuse(&b.caller, m.reason)
		}
	default:
		w.refuse(&b.caller, m.reason)
	}
}

// asksSIP is a REGISTER.
func (w *Watcher) asksSIP(p *capture.Packet, m *message, key bindingKey, seq string) {
	b := w.bindings[key]
	if b != nil && b.done == seq {
		return
	}
	if b == nil {
		if len(w.bindings) >= maxBindings {
			w.forgetBinding()
		}
		b = &binding{line: m.line()}
		for k, o := range w.bindings { // it starts anew: what it had before is nothing more
			if k.phone == key.phone && o.line == b.line && o.at == p.Dst {
				delete(w.bindings, k)
			}
		}
		w.bindings[key] = b
	}
	b.client, b.at, b.last = p.Src, p.Dst, p.Time
	b.seq, b.leaves = seq, m.expires() == 0
	b.signed = m.field("authorization") != "" || m.field("proxy-authorization") != ""
	if mac := m.device(); !mac.IsZero() {
		b.mac = mac
	}
	if l := m.load(); l != "" {
		b.load = l
	}
}

func (w *Watcher) forgetBinding() {
	var old bindingKey
	n := 0
	for k, b := range w.bindings {
		if o := w.bindings[old]; o == nil || b.last.Before(o.last) {
			old = k
		}
		if n++; n >= some {
			break
		}
	}
	delete(w.bindings, old)
}
