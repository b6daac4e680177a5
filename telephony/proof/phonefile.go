package proof

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"option150/telephony/phone"
)

// told is what a file tells a phone.
type told struct {
	sip     bool // it has lines of SIP
	def     bool // it is the default file
	opaque  bool // a binary profile
	load    string
	server  string // load server
	control []netip.AddrPort
	files   []string // names of other files
}

var errRoot = errors.New("it is no configuration of a phone")

// read reads a file as the phone would: XML, the text of the 7940 and 7960, or a
// binary profile.
func read(name string, data []byte, id int) (told, error) {
	low := strings.ToLower(name)
	switch {
	case strings.HasSuffix(low, ".xml"):
		return readXML(data, id)
	case strings.HasSuffix(low, ".cnf"):
		return readText(data)
	}
	if !bytes.HasPrefix(data, []byte("#ata")) {
		return told{}, errRoot
	}
	return told{opaque: true, sip: true}, nil
}

const maxDepth = 32

func readXML(data []byte, id int) (told, error) {
	var t told
	var path []string
	var text strings.Builder
	var node string
	var ports [2]string // SCCP, SIP
	locale, network := "", ""
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		if strings.EqualFold(label, "iso-8859-1") {
			return r, nil // its texts are not looked at
		}
		return nil, fmt.Errorf("encoding %q", label)
	}
	seen := false
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return told{}, fmt.Errorf("it is not well formed: %w", err)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			seen = true
			if path = append(path, x.Name.Local); len(path) > maxDepth || path[0] != "device" && path[0] != "Default" {
				return told{}, errRoot
			}
			text.Reset()
			switch strings.Join(path, "/") {
			case "Default":
				t.def = true
			case "device/sipProfile":
				t.sip = true
			}
			if x.Name.Local == "callManager" {
				node, ports = "", [2]string{}
			}
		case xml.CharData:
			if text.Len()+len(x) <= 1024 {
				text.Write(x)
			}
		case xml.EndElement:
			v := strings.TrimSpace(text.String())
			last := x.Name.Local
			switch last {
			case "processNodeName":
				node = v
			case "ethernetPhonePort":
				ports[0] = v
			case "sipPort":
				ports[1] = v
			case "callManager":
				if a, err := netip.ParseAddr(node); err == nil {
					t.control = append(t.control, netip.AddrPortFrom(a, portOf(ports, strings.Contains(string(data), "<sipProfile>"))))
				}
			}
			switch full := strings.Join(path, "/"); full {
			case "device/loadInformation", "Default/loadInformation" + strconv.Itoa(id):
				t.load = phone.Load(v).Canonical()
			case "device/vendorConfig/loadServer":
				t.server = v
			case "device/sipProfile/softKeyFile", "device/sipProfile/dialTemplate", "device/featurePolicyFile":
				if v != "" {
					t.files = append(t.files, v)
				}
			case "device/userLocale/name":
				locale = v
			case "device/networkLocale":
				network = v
			}
			path = path[:len(path)-1]
			text.Reset()
		}
	}
	if !seen {
		return told{}, errRoot
	}
	if m, ok := phone.ByID(id); ok && !t.def {
		t.files = append(t.files, localeFiles(m, t.sip, locale, network)...)
	}
	return t, nil
}

func portOf(ports [2]string, sip bool) uint16 {
	text, def := ports[0], uint16(2000)
	if sip {
		text, def = ports[1], 5060
	}
	if n, err := strconv.ParseUint(text, 10, 16); err == nil && n > 0 {
		return uint16(n)
	}
	return def
}

// localeFiles are the files of the languages that a file names, without those of
// English: it is in every image, and nobody misses them.
func localeFiles(m phone.Model, sip bool, user, network string) (out []string) {
	english := func(dir string) bool { return dir == "" || strings.HasPrefix(dir, "English") || dir == "United_States" }
	texts, tones := m.LocaleFiles(sip)
	if texts != "" && !english(user) {
		out = append(out, user+"/"+texts)
	}
	if !english(network) {
		out = append(out, network+"/"+tones)
	}
	return out
}

// readText reads SIPDefault.cnf and SIP<MAC>.cnf.
func readText(data []byte) (told, error) {
	t, any, port := told{sip: true}, false, uint16(5060)
	var proxy string
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, ";")
		k, v, ok := strings.Cut(line, ":")
		if k = strings.ToLower(strings.TrimSpace(k)); !ok || k == "" || k[0] == '#' {
			continue
		}
		any = true
		switch v = strings.Trim(strings.TrimSpace(v), `"`); k {
		case "image_version":
			t.load = v
		case "proxy1_address":
			proxy = v
		case "proxy1_port":
			if n, err := strconv.ParseUint(v, 10, 16); err == nil {
				port = uint16(n)
			}
		case "dial_template":
			if v != "" {
				t.files = append(t.files, v+".xml")
			}
		}
	}
	if !any {
		return t, errRoot
	}
	if a, err := netip.ParseAddr(proxy); err == nil {
		t.control = append(t.control, netip.AddrPortFrom(a, port))
	}
	return t, nil
}
