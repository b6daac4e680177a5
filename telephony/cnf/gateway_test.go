package cnf

import (
	"slices"
	"strings"
	"testing"

	"option150/telephony/phone"
)

// TestGatewayFilesAreNotInvented: whatever a voice-gateway section says, no file
// of a gateway is in the set, no other file changes, and `create cnf-files` says
// which file it is that is not there.
func TestGatewayFilesAreNotInvented(t *testing.T) {
	c := whole()
	before := mustBuild(c, Options{})
	c.Gateways = []Gateway{{Tag: 1, Type: "VG224", MAC: mac(0x31), Ports: true, Last: 23, NetworkLocale: "FR"}, {Tag: 2, Type: "VG202"}}
	s := mustBuild(c, Options{})
	if !SameFiles(before, s) {
		t.Errorf("files change: %v", Summarise(before, s).Names())
	}
	const file = "SKIGW1E7A000031.cnf.xml"
	if got := c.Gateways[0].File(); got != file {
		t.Errorf("it asks for %s", got)
	}
	if c.Gateways[1].File() != "" {
		t.Error("a gateway without an address has a file")
	}
	if _, ok := s.Lookup(file); ok {
		t.Error("there is a file nobody knows the layout of")
	}
	lines := BuildLines(before, s, true)
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "withheld "+file) }) {
		t.Errorf("nothing is said of it:\n%s", strings.Join(lines, "\n"))
	}
}

// TestDeviceNames: a device whose name does not begin with SEP finds its file
// by the name it has, with the same content, over both protocols and whether it
// shares the file of its type or has one of its own; other models have no such
// name.
func TestDeviceNames(t *testing.T) {
	for _, per := range []string{"", "perphone"} {
		c := whole()
		c.Service.CnfPer = per
		c.Ephones = append(c.Ephones, Ephone{Tag: 80, MAC: mac(0x51), Type: "ATA"}, Ephone{Tag: 81, MAC: mac(0x52), Type: "vgc-phone"}, Ephone{Tag: 82, MAC: mac(0x53), Type: "7961"})
		for i, typ := range []string{"ATA-187", "ATA-190", "ATA-191", "8841"} {
			c.Pools = append(c.Pools, RegisterPool{Tag: 90 + i, MAC: mac(0x61 + byte(i)), Type: typ, Numbers: c.Pools[0].Numbers})
		}
		s := mustBuild(c, Options{})
		for device, hex := range map[string]string{"ATA": "001E7A000051", "VGC": "001E7A000052", "ata": "001E7A000061", "Ata": "001E7A000062", "aTA": "001E7A000063"} {
			own, ok := s.Lookup(device + hex + ".cnf.xml")
			sep, too := s.Lookup("SEP" + hex + ".cnf.xml")
			if !ok || !too || own != sep {
				t.Errorf("%q: %s%s: %v %v", per, device, hex, ok, too)
			}
			if m, ok := phone.MACOfFile(device + hex + ".cnf.xml"); !ok || m.Hex() != hex {
				t.Errorf("whose is %s%s.cnf.xml: %v", device, hex, m)
			}
		}
		for _, n := range []string{"ATA001E7A000053", "VGC001E7A000053", "ATA001E7A000064", "VGC001E7A000051"} {
			if _, ok := s.Lookup(n + ".cnf.xml"); ok {
				t.Errorf("%q: %s is served", per, n)
			}
		}
		// Taken over by the next set, with all its names.
		again, err := Rebuild(s, c.Clone(), Options{})
		if err != nil || !SameFiles(s, again) {
			t.Errorf("%q: the next set differs, %v", per, err)
		}
	}
}
