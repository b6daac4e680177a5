package proof

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"option150/platform/fileserver"
	"option150/telephony/advice"
	"option150/telephony/phone"
)

// got is how a question for a file ended.
type got struct {
	name  string
	data  []byte
	ok    bool
	found bool   // it is there, whatever it is worth
	why   string // of a refusal, or of a file that cannot be read
}

// maxFile bounds what is read of a file: what the newest phones take. Phones of
// the third generation take less. [Cisco TAC 214535; CME Administrator Guide]
const (
	maxFile = 2048 << 10
	maxOld  = 550_000
)

func (w *walker) limit(m phone.Model) int {
	switch m.Generation {
	case "G4", "G5":
		return maxFile
	}
	return maxOld
}

// fetch asks for a file as the phone does: port 6970 first if its model may, and
// port 69 if nothing answers there. A file that 6970 has not is not asked for
// elsewhere. [source 000]
func (w *walker) fetch(s *station, m phone.Model, name string, read bool) got {
	http, tftp := w.HTTP(s.Addr), w.TFTP(s.Addr)
	var ways []fileserver.Transport
	switch {
	case m.HTTP == "yes" && http.Closed == "":
		ways = []fileserver.Transport{fileserver.HTTP}
	case m.HTTP == "no" || http.Closed != "":
		ways = []fileserver.Transport{fileserver.TFTP}
	default: // which it uses depends on its firmware: both have to do
		ways = []fileserver.Transport{fileserver.HTTP, fileserver.TFTP}
	}
	var g got
	for _, t := range ways {
		d := map[fileserver.Transport]Door{fileserver.HTTP: http, fileserver.TFTP: tftp}[t]
		switch {
		case d.Closed != "":
			return got{name: name, why: fmt.Sprintf("%s does not answer: %s", t, d.Closed)}
		case d.Denied:
			return got{name: name, why: fmt.Sprintf("%s is closed to %s by an access class", t, s.Addr)}
		}
		if g = w.open(s, t, name, read); !g.ok {
			return g
		}
	}
	return g
}

func (w *walker) open(s *station, t fileserver.Transport, name string, read bool) (g got) {
	g.name = name
	f, err := w.Files.Open(w.ctx, fileserver.Request{Transport: t, Client: netip.AddrPortFrom(s.Addr, 49152), Local: netip.AddrPortFrom(s.lease.files[0], 0), Name: name})
	switch {
	case errors.Is(err, fileserver.ErrDenied):
		g.why = strings.TrimPrefix(err.Error(), fileserver.ErrDenied.Error()+": ")
		return g
	case errors.Is(err, fileserver.ErrNotFound):
		if err.Error() != fileserver.ErrNotFound.Error() {
			g.why = err.Error()
		}
		return g
	case err != nil:
		g.why = err.Error()
		return g
	}
	defer f.Finish(fileserver.Result{Complete: true, Bytes: f.Size})
	g.ok, g.found = true, true
	if read {
		if g.data, err = io.ReadAll(io.LimitReader(f.Content, maxFile+1)); err != nil {
			g.ok, g.why = false, "it cannot be read: "+err.Error()
		}
	}
	return g
}

// boot is what follows on the lease.
func (w *walker) boot(s *station) {
	if s.ended() {
		return
	}
	m, known := phone.Lookup(s.typ)
	if w.Guard(s.Addr) {
		s.stop(verdict{Not, "R35", "the scan guard keeps " + s.Addr.String() + " out at present", advice.Steps{advice.Do("show phones scans")}})
		return
	}
	signed, v, ok := w.trust(s, m)
	if !ok {
		s.stop(v)
		return
	}
	told, name, v, ok := w.configuration(s, m, signed)
	if !ok {
		s.stop(v)
		return
	}
	if v, ok := w.control(s, told, name); !ok {
		s.stop(v)
		return
	}
	if v, ok := w.firmware(s, m, known, told); !ok {
		s.stop(v)
		return
	}
	w.names(s, m, told, name)
	w.world(s, told)
}

// trust asks for the trust lists. A phone that gets one wants every later name
// signed, and this box signs nothing.
func (w *walker) trust(s *station, m phone.Model) (signed bool, v verdict, ok bool) {
	names := []string{"CTL" + s.MAC.Device() + ".tlv", "ITL" + s.MAC.Device() + ".tlv", "ITLFile.tlv"}
	if m.Generation == "G2" {
		names = names[:1]
	}
	for _, n := range names {
		g := w.fetch(s, m, n, false)
		if !g.ok && strings.Contains(g.why, "does not answer") {
			return false, verdict{Not, "R10", g.why, advice.Steps{advice.Do("show services")}}, false
		}
		signed = signed || g.ok
	}
	return signed, verdict{}, true
}

// candidates are the names of the configuration in the order of the hunt. [source
// 004, Table 11-3; CME Administrator Guide, Configuration Files for Phones]
func (s *station) candidates(m phone.Model) []string {
	mac := s.MAC.Hex()
	sep, def := s.MAC.Device()+".cnf.xml", "XMLDefault.cnf.xml"
	if s.sip {
		switch m.SIPFile {
		case phone.SIPCNF:
			return []string{sep, "SIP" + mac + ".cnf"}
		case phone.LD, phone.GK, phone.ATA:
			return []string{sep, string(m.SIPFile) + strings.ToLower(mac)}
		}
	}
	return []string{sep, def}
}

func (w *walker) configuration(s *station, m phone.Model, signed bool) (told, string, verdict, bool) {
	names := s.candidates(m)
	suffix := ""
	if signed {
		suffix = ".sgn"
	}
	var refused *got
	var bad verdict
	for i, n := range names {
		g := w.fetch(s, m, n+suffix, true)
		if !g.ok {
			if g.why != "" && refused == nil {
				refused = &g
			}
			continue
		}
		t, err := read(n, g.data, m.ID)
		if len(g.data) > w.limit(m) {
			err = fmt.Errorf("it has more than the %d bytes that a %s takes", w.limit(m), cmp.Or(m.Keyword, "phone"))
		}
		if err != nil { // as if it were not there: the hunt goes on
			bad = verdict{Not, "R16", fmt.Sprintf("it would not accept %s: %v", n, err), advice.Steps{advice.Do("show provisioning audit")}}
			continue
		}
		switch {
		case s.sip && !t.sip && i == 0:
			return t, n, verdict{Not, "R21", n + " is one for SCCP, and " + s.Section + " is for SIP", advice.Steps{advice.Do("show provisioning audit")}}, false
		case t.def && s.typ != "" && !m.DefaultFileOnly:
			if bad.code == "" {
				bad = verdict{Not, "R37", "there is no file for it: it would get the default file", w.build(s)}
			}
			return t, n, bad, false
		case t.def && s.sip:
			return t, n, verdict{Not, "R37", s.Section + " has no type: there is no file for it", w.build(s)}, false
		case t.def && s.typ == "":
			s.Notes = append(s.Notes, s.Section+" has no type: it gets the default file")
		}
		if kind, listed := phone.BinaryOf(m); listed && !s.sip {
			return t, n, verdict{Unsure, "R49", fmt.Sprintf("there is %s for it; Cisco lists the %s (%s) among the devices that read a binary .cnf file in its place, which is not built", n, kind.Name, kind.Type), nil}, false
		}
		if strings.HasSuffix(n, ".cnf") {
			t = w.shared(s, m, t)
		}
		return t, n, verdict{}, true
	}
	switch {
	case bad.code != "":
		return told{}, "", bad, false
	case refused != nil:
		return told{}, "", verdict{Not, "R35", fmt.Sprintf("it is refused %s: %s", refused.name, refused.why), advice.Steps{advice.Do("show provisioning exposure")}}, false
	case signed:
		return told{}, "", verdict{Not, "R12", "a trust list of it lies in flash:, so it asks for " + names[0] + ".sgn, and this box signs nothing", advice.Steps{advice.Do("dir flash:")}}, false
	}
	return told{}, "", verdict{Not, "R37", "there is no file for it: neither " + strings.Join(names, " nor "), w.build(s)}, false
}

// shared adds what SIPDefault.cnf says, which the file of the phone overrides.
func (w *walker) shared(s *station, m phone.Model, own told) told {
	if g := w.fetch(s, m, "SIPDefault.cnf", true); g.ok {
		if d, err := read(g.name, g.data, m.ID); err == nil {
			own.control = append(own.control, d.control...)
			own.load = cmp.Or(own.load, d.load)
			own.files = append(own.files, d.files...)
		}
	}
	return own
}

// build is the line that has the files of a protocol built.
func (w *walker) build(s *station) advice.Steps {
	if s.sip {
		if w.Telephony.Global.NoCreate {
			return advice.Steps{advice.In("voice register global", "create profile")}
		}
	} else if w.Telephony.Service.NoCreate {
		return advice.Steps{advice.In("telephony-service", "create cnf-files")}
	}
	return advice.Steps{advice.Do("show provisioning audit")}
}

// control looks at whom the file sends it to.
func (w *walker) control(s *station, t told, name string) (verdict, bool) {
	if t.opaque {
		return verdict{}, true
	}
	if len(t.control) == 0 {
		return verdict{Not, "R25", name + " names no call control", advice.Steps{advice.Do("show provisioning audit")}}, false
	}
	for _, c := range t.control {
		if s.lease.addr.Bits() == 32 || s.lease.router.IsValid() || s.lease.addr.Contains(c.Addr()) {
			return verdict{}, true
		}
	}
	return verdict{Not, "R28", fmt.Sprintf("its call control %s is on another network, and its lease has no default-router", t.control[0].Addr()), w.inPool(s.lease, "default-router")}, false
}

// names follows the names in its file. What is missing stops no phone.
func (w *walker) names(s *station, m phone.Model, t told, in string) {
	for _, n := range t.files {
		if g := w.fetch(s, m, n, false); !g.ok && !strings.Contains(g.why, abroadMark) {
			s.Notes = append(s.Notes, fmt.Sprintf("%s names %s, which it would not get", in, n))
		}
	}
}

// abroadMark is in the error of a file that only another server may have.
const abroadMark = "alternate"

// elsewhere are the verdicts no line of this box decides.
var elsewhere = []string{"R01", "R03", "R04", "R05", "R11", "R12", "R13", "R15", "R18", "R19", "R20", "R22", "R25", "R26", "R36"}

// world looks at what is known of the phone as it is.
func (w *walker) world(s *station, t told) {
	if slices.Contains(elsewhere, s.seen.Stuck) {
		s.stop(verdict{Unsure, s.seen.Stuck, "on paper it would come up, and now it does not: " + s.seen.StuckText, advice.Steps{advice.Do("show phone " + s.Device)}})
		return
	}
	for _, c := range t.control {
		if why, asked := w.Calls(c); !asked || why == "" {
			return
		}
	}
	if len(t.control) > 0 {
		why, _ := w.Calls(t.control[0])
		s.stop(verdict{Unsure, "R25", fmt.Sprintf("it would get all its files; its call control %s %s", t.control[0], why), nil})
	}
}
