package simphone

import (
	"context"
	"encoding/binary"
	"fmt"
	"path"
	"strings"
	"time"

	"option150/telephony/phone"
)

// The second generation asks for its firmware in ways of its own: images of the
// 7940 and 7960 before 5.0 take one unsigned .bin and ask OS79XX.TXT before
// anything else; the 7905 and 7912 take one image, .sbin, or .zup while they
// cannot check signatures, and with a SIP image are told of it by a profile.
// [Cisco, 7960 and 7940 firmware upgrade matrix; 7905G and 7912G administrator
// guide for SIP, upgradecode; facts/phones.md 1.6, 2.6]

// profiled reports a 7905 or 7912, or an ATA 186.
func (n nature) profiled() bool {
	return n.model.SIPFile == phone.LD || n.model.SIPFile == phone.GK || n.model.SIPFile == phone.ATA
}

// signedSince is the first firmware of a 7940 or 7960 that takes signed images,
// and no others.
var signedSince = phone.Version{Major: 5}

// unsigned reports that the firmware that runs cannot check signatures.
func (p *Phone) unsigned() bool {
	if p.n.profiled() {
		return p.bare
	}
	v := phone.Load(p.load).Version()
	return p.n.model.SIPFile == phone.SIPCNF && v.Known && v.Compare(signedSince) < 0
}

// firstFile is what the phone asks for first of a load.
func (p *Phone) firstFile(load string) string {
	suffix := phone.Load(load).Suffix()
	name := strings.TrimSuffix(load, suffix) // with the blank that somebody left at its end
	switch {
	case p.n.profiled() && p.unsigned():
		return name + ".zup"
	case p.n.profiled() && suffix == "":
		return name + ".sbin"
	case p.n.profiled():
		return load
	case p.unsigned():
		return name + ".bin"
	}
	return loadFile(load)
}

// image reports that a file is a whole load, not a list.
func image(name string) bool { return !strings.EqualFold(path.Ext(name), ".loads") }

// installed makes a load the one that runs.
func (p *Phone) installed(load string) {
	p.load, p.bare = load, false
	if n := Protocol(phone.Load(load).Protocol()); p.n.model.Generation == "G2" && n != "" {
		p.n.proto = n
	}
	p.log(Step{Kind: Install, Name: p.load, Result: "installed"})
}

// universal is the boot mechanism of images before 5.0: OS79XX.TXT names an
// image, and one of another protocol than the phone's is loaded.
func (p *Phone) universal(ctx context.Context) (o *Outcome, reboot bool, err error) {
	const name = "OS79XX.TXT"
	a, err := p.ask(ctx, name)
	switch {
	case err != nil:
		return nil, false, err
	case a.status == silent:
		return stuck(ServerSilent, addrsText(p.asksFiles.list)), false, nil
	case a.status != got:
		return nil, false, nil
	}
	line, _, _ := strings.Cut(string(a.data), "\n")
	line = strings.TrimSuffix(line, "\r")
	if len(line) < 4 || len(line) > 64 || len(p.load) < 4 || line[:4] == p.load[:4] {
		return nil, false, nil
	}
	return p.upgrade(ctx, Settings{Load: line})
}

// profile is the boot of a SIP image on a 7905 or 7912: whatever comes of the
// XML file, its own profile decides, else the default one. [facts/phones.md 1.6]
func (p *Phone) profile(ctx context.Context) (s Settings, name, why string, err error) {
	kind := string(p.n.model.SIPFile)
	own := kind + strings.ToLower(p.spec.MAC.Hex())
	names := []string{p.configNames()[0], own, kind + "default.cfg"}
	if p.n.model.SIPFile == phone.ATA { // it knows profiles alone [Cisco ATA 186 administrator guide for SIP]
		names = names[1:]
	}
	for i, n := range names {
		a, err := p.ask(ctx, n)
		switch {
		case err != nil:
			return s, "", "", err
		case a.status == silent:
			return s, "", "", errSilent
		case a.status != got || i == 0 && n != own:
			continue
		}
		if s, err = parseProfile(a.data); err != nil {
			p.log(Step{Kind: Config, Name: n, Result: err.Error()})
			continue
		}
		p.log(Step{Kind: Config, Name: n, Result: "taken, version " + s.VersionStamp})
		return s, n, "", p.pause(ctx, p.n.parseTime())
	}
	return s, "", "neither " + own + " nor " + names[len(names)-1], nil
}

// Tags of a profile that a boot is about. [facts/phones.md 2.6]
const (
	profileHead  = "#ata\xff\xfe\x04"
	tagProxy     = 29
	tagInterval  = 50
	tagStamp     = 1021
	tagUpgrade   = 0x1100
	upgradeFixed = 19 // bytes before the name of the image
)

// parseProfile reads the binary of ld<mac> and gk<mac>.
func parseProfile(file []byte) (Settings, error) {
	var s Settings
	body, ok := strings.CutPrefix(string(file), profileHead)
	if !ok || len(body) < 4 {
		return s, fmt.Errorf("%w: no profile", errConfig)
	}
	total, size := binary.BigEndian.Uint16(file[len(profileHead):]), int(binary.BigEndian.Uint16(file[len(profileHead)+2:]))
	body = body[4:]
	if size != len(body) {
		return s, fmt.Errorf("%w: %d bytes, its head says %d", errConfig, len(body), size)
	}
	for i := range len(body) {
		total -= uint16(body[i])
	}
	if total != 0 {
		return s, fmt.Errorf("%w: checksum", errConfig)
	}
	for b := []byte(body); len(b) > 0; {
		tag, head := int(b[0]), 1
		if tag >= 0x80 && len(b) > 1 {
			tag, head = int(binary.BigEndian.Uint16(b)&0x7fff), 2
		}
		if len(b) <= head || len(b) <= head+int(b[head]) {
			return Settings{}, fmt.Errorf("%w: tag %d is longer than the file", errConfig, tag)
		}
		v := b[head+1:][:b[head]]
		b = b[head+1+len(v):]
		switch {
		case tag == tagProxy && len(v) > 0 && string(v) != "0":
			host, _, _ := strings.Cut(string(v), ":")
			s.CallControl = []string{host}
		case tag == tagInterval && len(v) == 4:
			s.Again = time.Duration(binary.BigEndian.Uint32(v)) * time.Second
		case tag == tagStamp:
			s.VersionStamp = string(v)
		case tag == tagUpgrade && len(v) > upgradeFixed:
			s.Load = text(v[upgradeFixed:])
		}
	}
	return s, nil
}
