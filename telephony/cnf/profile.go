package cnf

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"net/netip"
	"strconv"

	"option150/telephony/phone"
)

// Profiles of the 7905, 7912 and ATA: a text of `Key:value` lines and the
// tagged binary made of it, which is what the phone reads. [facts/phones.md 2.6]

// kind is the format of a value in the binary.
type kind int

const (
	text    kind = iota // no NUL
	integer             // int32 big endian
	boolean             // 1 byte
	ip                  // 4 bytes
)

// tags are the parameters that are written, in the order of the file: tag,
// kind and largest length of a text.
var tags = []struct {
	name string
	tag  int
	kind kind
	size int
}{
	{"AutoLookUp", 1012, boolean, 1},
	{"DirectoriesUrl", 1002, text, 64},
	{"ServicesUrl", 1001, text, 64},
	{"CallWaiting", 1013, boolean, 1},
	{"CallForwardNumber", 1003, text, 32},
	{"Conference", 1017, boolean, 1},
	{"AttendedTransfer", 1015, boolean, 1},
	{"BlindTransfer", 1016, boolean, 1},
	{"SIPRegOn", 19, boolean, 1},
	{"SIPRegInterval", 13, integer, 4},
	{"SIPPort", 69, integer, 4},
	{"MediaPort", 70, integer, 4},
	{"UseTftp", 20, boolean, 1},
	{"UseLoginID", 21, boolean, 1},
	{"NTPIP", 24, ip, 4},
	{"UID", 25, text, 32},
	{"PWD", 26, text, 32},
	{"LoginID", 44, text, 52},
	{"Proxy", 29, text, 32},
	{"Proxy2", 67, text, 32},
	{"DisplayName", 1006, text, 32},
	{"ShortName", 1019, text, 32},
	{"TimeFormat", 1005, text, 16},
	{"DateFormat", 1009, text, 16},
	{"CfgInterval", 50, integer, 4},
	{"ConfigVersionNumber", 1021, text, 48},
	{"VoiceMailNumber", 1004, text, 32},
	{"DialPlan", 41, text, maxDialPlan},
}

// ataNames are the parameters the ATA calls otherwise; it has a UID, a PWD and
// a LoginID per line, of which the first is written. It does not know the tags
// from 1000 on, which are about the display.
var ataNames = map[string]string{"UID": "UID0", "PWD": "PWD0", "LoginID": "LoginID0", "Proxy": "GkOrProxy", "Proxy2": "AltGk"}

const displayTags = 1000

// Magic of the binary and the tag of its checksum. [facts/phones.md 2.6]
const (
	profileMagic  = "#ata"
	profileHeader = 11
	upgradeCode   = 0x1100
)

// profile builds ld<mac>, gk<mac> or ata<mac> and, with `file text`, its text.
func (b *builder) profile(m phone.Model, p sipPhone, name, dir string) []*File {
	r := func(stamp string) []byte {
		return b.profileBinary(b.profileValues(m, p, stamp), m, p.of(b.in.Global.Loads, m))
	}
	stamp := b.in.sync
	if stamp == "" {
		stamp = digitStamp(sum64(r("")))
	}
	out := []*File{{Name: name, Content: r(stamp), Location: dir + name, Stamp: stamp, Protocol: SIP, MAC: p.MAC}}
	if b.in.Global.FileText {
		out = append(out, &File{Name: name + ".txt", Content: profileText(b.profileValues(m, p, stamp), m), Location: dir + name + ".txt", Stamp: stamp, Protocol: SIP, MAC: p.MAC})
	}
	return out
}

// profileValues are the values by parameter name, of one line per text.
func (b *builder) profileValues(m phone.Model, p sipPhone, stamp string) map[string]string {
	g := b.in.Global
	v := map[string]string{
		"AutoLookUp": "1", "CallWaiting": "1", "CallForwardNumber": "0", "Conference": "1", "AttendedTransfer": "1", "BlindTransfer": "1",
		"SIPRegOn": "1", "SIPRegInterval": "3600", "SIPPort": "5060", "MediaPort": "16384", "UseTftp": "1", "UseLoginID": "0",
		"NTPIP": "0.0.0.0", "UID": "0", "PWD": "0", "LoginID": "0", "DirectoriesUrl": "0", "ServicesUrl": "0",
		"Proxy": address(g.SourceAddress.Addr), "Proxy2": address(g.SourceAddress.Secondary), "DisplayName": "0", "ShortName": "0",
		"TimeFormat": "h:ia", "DateFormat": "m/d/y", "CfgInterval": "3600", "ConfigVersionNumber": stamp,
		"VoiceMailNumber": cmp.Or(b.voicemail(&p), "0"), "DialPlan": p.dial.rule,
	}
	set := p.template()
	for name, off := range map[string]bool{"Conference": set.NoConference, "AttendedTransfer": set.NoTransferAttend, "BlindTransfer": set.NoTransferBlind} {
		if off {
			v[name] = "0"
		}
	}
	if pt := port(g.SourceAddress.Port, 5060); pt != 5060 && v["Proxy"] != "" {
		v["Proxy"] += ":" + strconv.Itoa(pt)
	}
	if v["Proxy2"] == "" {
		v["Proxy2"] = "0"
	}
	if g.TimeFormat == 24 {
		v["TimeFormat"] = "H:i"
	}
	if d := dateTemplate(g.DateFormat, 24); d[0] == 'D' {
		v["DateFormat"] = "d/m/y"
	} else if d[0] == 'Y' {
		v["DateFormat"] = "y/m/d"
	}
	if g.NTPServer.Is4() {
		v["NTPIP"] = address(g.NTPServer)
	}
	urls := b.urlsOf(&p)
	if u, _ := urlOf(urls, "directory", "directories"); u != "" {
		v["DirectoriesUrl"] = u
	}
	if u, _ := urlOf(urls, "service", "services"); u != "" {
		v["ServicesUrl"] = u
	}
	for _, l := range p.lines {
		if l.position == 1 {
			v["UID"], v["DisplayName"], v["ShortName"] = l.number, l.name, l.label
			if p.Username != "" {
				v["UseLoginID"], v["LoginID"] = "1", p.Username
			}
			if p.Password != "" {
				v["PWD"] = p.Password
			}
		}
	}
	for _, t := range tags {
		if t.kind == text {
			v[t.name] = atMost(oneLine(v[t.name]), t.size)
		}
	}
	return v
}

// absentTag reports that a parameter is not written: a phone without one has a
// dial plan of its own.
func absentTag(name string, v map[string]string) bool { return name == "DialPlan" && v[name] == "" }

func profileText(v map[string]string, m phone.Model) []byte {
	var out bytes.Buffer
	out.WriteString("#txt\n")
	for _, t := range tags {
		name := t.name
		if absentTag(t.name, v) {
			continue
		}
		if m.SIPFile == phone.ATA {
			if t.tag >= displayTags {
				continue
			}
			if n, ok := ataNames[name]; ok {
				name = n
			}
		}
		out.WriteString(name + ":" + v[t.name] + "\n")
	}
	return out.Bytes()
}

func (b *builder) profileBinary(v map[string]string, m phone.Model, l phone.Load) []byte {
	var body []byte
	for _, t := range tags {
		if m.SIPFile == phone.ATA && t.tag >= displayTags || absentTag(t.name, v) {
			continue
		}
		body = appendTag(body, t.tag, profileValue(t.kind, v[t.name]))
	}
	if l != "" {
		body = appendTag(body, upgradeCode, upgrade(imageFile(l)))
	}
	out := make([]byte, 0, profileHeader+len(body))
	out = append(out, profileMagic...)
	out = append(out, 0xff, 0xfe, 4)
	out = binary.BigEndian.AppendUint16(out, checksum(body))
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)))
	return append(out, body...)
}

// checksum is the sum of the bytes modulo 65536.
func checksum(body []byte) (sum uint16) {
	for _, c := range body {
		sum += uint16(c)
	}
	return sum
}

// appendTag writes tag, length and value; tags from 0x80 take two bytes with
// the top bit set.
func appendTag(out []byte, tag int, value []byte) []byte {
	if tag < 0x80 {
		out = append(out, byte(tag))
	} else {
		out = binary.BigEndian.AppendUint16(out, uint16(tag)|0x8000)
	}
	if len(value) > 255 {
		value = value[:255]
	}
	return append(append(out, byte(len(value))), value...)
}

func profileValue(k kind, s string) []byte {
	switch k {
	case integer:
		n, _ := strconv.ParseInt(s, 10, 32)
		return binary.BigEndian.AppendUint32(nil, uint32(n))
	case boolean:
		if s == "1" {
			return []byte{1}
		}
		return []byte{0}
	case ip:
		a, _ := netip.ParseAddr(s)
		if !a.Is4() {
			return make([]byte, 4)
		}
		b := a.As4()
		return b[:]
	}
	return []byte(s)
}

// imageFile is the file of the upgrade parameter; these loads keep their
// suffix, a name without one is a .sbin. [facts/cme.md 8.1]
func imageFile(l phone.Load) string {
	if l.Suffix() != "" {
		return atMost(oneLine(l.Typed()), 64)
	}
	return atMost(oneLine(l.Canonical()), 59) + ".sbin"
}

// upgrade is the value of upgradecode: from the server the profile came from,
// TFTP port 69. [facts/phones.md 2.6]
func upgrade(file string) []byte {
	v := []byte{3}
	v = binary.BigEndian.AppendUint32(v, 0x601)
	v = binary.BigEndian.AppendUint16(v, 0x0400)
	v = binary.BigEndian.AppendUint16(v, 0x0100)
	v = append(v, 0, 0, 0, 0) // address 0.0.0.0: the server of the profile
	v = binary.BigEndian.AppendUint16(v, 69)
	v = binary.BigEndian.AppendUint32(v, uint32(sum64([]byte(file)))) // image id: another image has another
	return append(append(v, file...), 0)
}
