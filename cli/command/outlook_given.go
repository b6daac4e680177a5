package command

import (
	"io"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/telephony/inventory"
	"option150/telephony/phone"
)

// Fold implements journal.Fold: it keeps what the file of a phone says at the
// moment it is sent, because a phone goes by that until it boots again,
// whatever is configured meanwhile. It reads files that are in memory and
// nothing else: it runs below the lock of the journal.
func (o *Outlook) Fold(e journal.Entry) {
	s, ok := e.Event.(fileserver.Served)
	if !ok || !s.Complete || s.Route != fileserver.RouteGenerated || phone.TrustFile(s.Name) || o.b.CNF == nil {
		return
	}
	mac, ok := phone.MACOfFile(s.Name)
	if !ok {
		return
	}
	text, _, _, ok := o.b.CNF.Generated(s.Name)
	if !ok {
		return
	}
	g := fileTold(text)
	g.At = e.Time
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.given) >= maxGiven {
		clear(o.given)
	}
	o.given[mac] = g
}

// Bounds of what is kept and read of phone files.
const (
	maxGiven  = 20_000
	maxPlaced = 2 << 20 // what phones take [facts/phones.md 1.7]
)

// placedFile reads what a phone file in flash: tells the phone.
func (o *Outlook) placedFile(name string) inventory.Given {
	return remembered(o, o.placed, stockLife, name, func() (g inventory.Given) {
		found, ok := o.b.Find(name)
		if !ok {
			return g
		}
		f, err := found.Open()
		if err != nil {
			return g
		}
		defer f.Close()
		if text, err := io.ReadAll(io.LimitReader(f, maxPlaced)); err == nil {
			g = fileTold(text)
		}
		return g
	})
}

// The elements of a phone file that verdicts rest on.
var (
	addOnModules   = regexp.MustCompile(`(?s)<addOnModules>.*?</addOnModules>`)
	controlElement = regexp.MustCompile(`(?s)<callManager>.{0,999}?</callManager>`)
	fileElement    = regexp.MustCompile(`<(loadInformation|loadServer|peerFirmwareSharing|processNodeName|sipPort|ethernetPhonePort)>\s*([^<]{0,256}?)\s*</`)
)

// fileTold reads what a phone file tells a phone.
func fileTold(text []byte) (g inventory.Given) {
	text = addOnModules.ReplaceAll(text, nil) // with loads of their own
	sip := strings.Contains(string(text), "<sipProfile>")
	for _, m := range fileElement.FindAllSubmatch(text, 256) {
		switch value := string(m[2]); string(m[1]) {
		case "loadInformation":
			if g.Load == "" {
				g.Load = phone.Load(value).Canonical()
			}
		case "loadServer":
			g.Server = value
		case "peerFirmwareSharing":
			g.Sharing = value == "1"
		}
	}
	for _, c := range controlElement.FindAll(text, 8) {
		field := map[string]string{}
		for _, m := range fileElement.FindAllSubmatch(c, 8) {
			field[string(m[1])] = string(m[2])
		}
		port, word := 2000, "ethernetPhonePort"
		if sip {
			port, word = 5060, "sipPort"
		}
		if n, err := strconv.ParseUint(field[word], 10, 16); err == nil {
			port = int(n)
		}
		if a, err := netip.ParseAddr(field["processNodeName"]); err == nil {
			g.Control = append(g.Control, netip.AddrPortFrom(a, uint16(port)))
		}
	}
	g.Known = strings.Contains(string(text), "</device>")
	return g
}
