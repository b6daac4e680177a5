package simphone

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/platform/ether"
)

// profileFile is a profile with a proxy and an image, by the layout of two
// public samples. [facts/phones.md 2.6]
func profileFile(interval uint32, image string) string {
	var b []byte
	tag := func(t int, v string) {
		if t < 0x80 {
			b = append(b, byte(t))
		} else {
			b = binary.BigEndian.AppendUint16(b, uint16(t)|0x8000)
		}
		b = append(append(b, byte(len(v))), v...)
	}
	tag(tagProxy, "10.0.0.1:5060")
	tag(tagInterval, string(binary.BigEndian.AppendUint32(nil, interval)))
	tag(tagStamp, "20261128")
	tag(tagUpgrade, "\x03\x00\x00\x06\x01\x04\x00\x01\x00\x00\x00\x00\x00\x00\x45\x00\x00\x00\x07"+image+"\x00")
	sum := uint16(0)
	for _, c := range b {
		sum += uint16(c)
	}
	head := binary.BigEndian.AppendUint16([]byte("#ata\xff\xfe\x04"), sum)
	return string(append(binary.BigEndian.AppendUint16(head, uint16(len(b))), b...))
}

// TestSecondGeneration: what a 7940 before 5.0, a 7905 and a 7912 ask for, in
// its order, and how each comes to a signed image.
func TestSecondGeneration(t *testing.T) {
	w := newWorld(t, true)
	w.record()
	set := func(files ...string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for i := 0; i < len(files); i += 2 {
			if files[i+1] == "" {
				delete(w.files, files[i])
			} else {
				w.files[files[i]] = files[i+1]
			}
		}
		clear(w.steps)
	}
	boots := func(p *Phone, load, story string) {
		t.Helper()
		if o := w.boot(p); o.Kind != Provisioned || o.Load != load {
			t.Errorf("%v", o)
		}
		if d := cmp.Diff(strings.Split(story, "\n"), w.story(p)); d != "" {
			t.Errorf("%s %s: %s", p.spec.Model, load, d)
		}
	}
	absent := " error 1 No such file\n"
	tones := func(kind string) string {
		return "T united_states/" + kind + "-tones.xml" + absent + "T english_united_states/" + kind + "-dictionary.xml" + absent + "provisioned"
	}
	const signed, stone = "P0030801SR02", "P00307020300"

	p := w.plug(Spec{Model: "7940", Load: "P00303020214"})
	set("SEP001E7A000001.cnf.xml", sccpFile(signed), signed+".loads", signed+".sbn", signed+".sbn", signed+".sbn")
	boots(p, "P00303020214", "T OS79XX.TXT"+absent+"T SEP001E7A000001.cnf.xml done\nT "+signed+".bin"+absent+
		"install "+signed+" no such load, goes on with P00303020214\n"+tones("7960"))
	set("SEP001E7A000001.cnf.xml", sccpFile(stone+".bin"), stone+".bin", stone+".bin")
	boots(p, stone+".bin", "T OS79XX.TXT"+absent+"T SEP001E7A000001.cnf.xml done\nT "+stone+".bin done\ninstall "+stone+".bin installed\nreboot\n"+
		"T CTLSEP001E7A000001.tlv"+absent+"T SEP001E7A000001.cnf.xml done\n"+tones("7960"))
	set("SEP001E7A000001.cnf.xml", sccpFile(signed))
	boots(p, signed, "T CTLSEP001E7A000001.tlv"+absent+"T SEP001E7A000001.cnf.xml done\nT "+signed+".loads done\nT "+signed+".sbn done\ninstall "+signed+" installed\nreboot\n"+
		"T CTLSEP001E7A000001.tlv"+absent+"T SEP001E7A000001.cnf.xml done\n"+tones("7960"))

	// The blank at the end of OS79XX.TXT is a part of the name. [CSCdv19260]
	p = w.plug(Spec{Model: "7960", Load: "P00303020214", MAC: ether.MAC{0, 0x1e, 0x7a, 0, 0, 2}})
	set("SEP001E7A000002.cnf.xml", sccpFile(""), "OS79XX.TXT", "P0S3-05-3-00 \r\n", "P0S3-05-3-00.bin", "P0S3-05-3-00.bin")
	boots(p, "P00303020214", "T OS79XX.TXT done\nT P0S3-05-3-00 .bin"+absent+"install P0S3-05-3-00  no such load, goes on with P00303020214\n"+
		"T SEP001E7A000002.cnf.xml done\n"+tones("7960"))
	set("OS79XX.TXT", "P0S3-05-3-00", "SIPDefault.cnf", "proxy1_address: 10.0.0.1\nimage_version: P0S3-05-3-00")
	boots(p, "P0S3-05-3-00", "T OS79XX.TXT done\nT P0S3-05-3-00.bin done\ninstall P0S3-05-3-00 installed\nreboot\n"+
		"T CTLSEP001E7A000002.tlv"+absent+"T SIPDefault.cnf done\nT SIP001E7A000002.cnf"+absent+"T RINGLIST.DAT"+absent+"T dialplan.xml"+absent+"provisioned")
	set("OS79XX.TXT", "")

	const sbin, zup = "CP7905080003SCCP070409A", "CP7905080001SCCP051117A"
	p = w.plug(Spec{Model: "7905", Protocol: SCCP, Load: "CP7905040000SCCP040101A", Unsigned: true, MAC: ether.MAC{0, 0x1e, 0x7a, 0, 0, 0xa3}})
	set("SEP001e7a0000a3.cnf.xml", sccpFile(sbin), sbin+".sbin", sbin+".sbin")
	boots(p, "CP7905040000SCCP040101A", "T SEP001e7a0000a3.cnf.xml done\nT "+sbin+".zup"+absent+"install "+sbin+" no such load, goes on with CP7905040000SCCP040101A\n"+tones("7905"))
	set("SEP001e7a0000a3.cnf.xml", sccpFile(zup), zup+".zup", zup+".zup")
	boots(p, zup, "T SEP001e7a0000a3.cnf.xml done\nT "+zup+".zup done\ninstall "+zup+" installed\nreboot\nT SEP001e7a0000a3.cnf.xml done\n"+tones("7905"))
	set("SEP001e7a0000a3.cnf.xml", sccpFile(sbin))
	boots(p, sbin, "T SEP001e7a0000a3.cnf.xml done\nT "+sbin+".sbin done\ninstall "+sbin+" installed\nreboot\nT SEP001e7a0000a3.cnf.xml done\n"+tones("7905"))

	const sip, sipStone = "CP7912010301SIP050414A", "CP7912010101SIP041201A"
	p = w.plug(Spec{Model: "7912", Load: "CP7912010000SIP030101A", Unsigned: true, MAC: ether.MAC{0, 0x1e, 0x7a, 0, 0, 0xa4}})
	set("gkdefault.cfg", profileFile(3600, sip+".sbin"), sip+".sbin", sip+".sbin", sipStone+".zup", sipStone+".zup")
	boots(p, "CP7912010000SIP030101A", "T SEP001e7a0000a4.cnf.xml"+absent+"T gk001e7a0000a4"+absent+"T gkdefault.cfg done\nT "+sip+".zup"+absent+
		"install "+sip+".sbin no such load, goes on with CP7912010000SIP030101A\nprovisioned")
	set("gk001e7a0000a4", profileFile(3600, sipStone+".zup"))
	boots(p, sipStone+".zup", "T SEP001e7a0000a4.cnf.xml"+absent+"T gk001e7a0000a4 done\nT "+sipStone+".zup done\ninstall "+sipStone+".zup installed\nreboot\n"+
		"T SEP001e7a0000a4.cnf.xml"+absent+"T gk001e7a0000a4 done\nprovisioned")
	// It reads its profile again by itself.
	set("gk001e7a0000a4", profileFile(3600, sip+".sbin"))
	if err := p.keep(t.Context(), time.Second); err != nil || p.Load() != sip+".sbin" {
		t.Errorf("%v, runs %s, %q", err, p.Load(), w.story(p))
	}

	order := "\x35\x01\x01\x3d\x07\x01\x00\x1e\x7a\x00\x00\xa4\x3c!Cisco Systems, Inc. IP Phone 7912\x0c\x0fSEP001E7A0000A4\x37\x07\x01\x03\x06\x0f\x2a\x42\x96"
	seen := false
	for _, k := range w.wire() {
		seen = seen || k.UDP() && k.Dst.Port() == 67 && strings.HasPrefix(string(k.Payload[240:]), order)
	}
	if !seen {
		t.Error("no DISCOVER of a 7912 with its options in their order")
	}
}

// TestProfile: what is no whole profile is none.
func TestProfile(t *testing.T) {
	good := profileFile(60, "x.zup")
	if s, err := parseProfile([]byte(good)); err != nil || s.Load != "x.zup" || s.Again != time.Minute || cmp.Diff([]string{"10.0.0.1"}, s.CallControl) != "" {
		t.Errorf("%+v %v", s, err)
	}
	for i := range len(good) {
		if s, err := parseProfile([]byte(good[:i])); err == nil {
			t.Errorf("cut at %d: %+v", i, s)
		}
		bad := []byte(good)
		bad[i] ^= 0x10
		if s, err := parseProfile(bad); err == nil {
			t.Errorf("a bit of byte %d: %+v", i, s)
		}
	}
}
