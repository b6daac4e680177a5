package command

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/ether"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// recoverPhones is `recover 7960`: the published cure of a 7940 or 7960 that
// hangs between two images. [verdict R20]
func recoverPhones(b *Box) []language.Declaration {
	const doc = "docs/provisioning.md"
	return []language.Declaration{
		action(`recover("Lead a phone that hangs back to its load")
			7960("A 7940 or 7960 between two images, by an empty CTL file")
			<phone:WORD>("SEP name, hardware address or IP address")
			[ stop$stop("Not any more") ]`, privileged, doc, b.recover7960),
		table(`file-server("File service information") recover("Phones that are led back to their load")`, 0, doc, b.recoverText, recoverTable),
	}
}

// phoneOf is the phone that is meant by a name, an address of either kind.
func (b *Box) phoneOf(name string) (ether.MAC, bool) {
	if m, err := phone.ParseDevice(name); err == nil {
		return m, true
	}
	if m, err := ether.ParseMAC(name); err == nil {
		return m, true
	}
	if _, err := netip.ParseAddr(name); err == nil {
		if p, ok := b.Inventory.Find(name, time.Now()); ok && !p.MAC.IsZero() {
			return p.MAC, true
		}
	}
	return ether.MAC{}, false
}

func (b *Box) recover7960(in *language.Invocation) error {
	mac, ok := b.phoneOf(in.Args.String("phone"))
	if !ok {
		return language.Answer("% No phone " + in.Args.String("phone") + " has been seen")
	}
	dev := mac.Device()
	if in.Args.Has("stop") {
		if !b.Rescue.End(mac) {
			return language.Answer("% " + dev + " is not being recovered")
		}
		return nil
	}
	set := b.Outlook.current().setups[mac]
	switch m, known := phone.Lookup(set.Type); {
	case set.Section == "":
		return language.Answer("% " + dev + " is not configured: make an ephone or a voice register pool with it first, or the empty file leads it nowhere")
	case known && m.Generation != "G2":
		return language.Answer(fmt.Sprintf("%% %s is a %s: an empty CTL file is for the 7940 and 7960", dev, set.Type))
	}
	load := b.Outlook.setup(mac).Load
	c, ok := b.Rescue.Begin(mac, load)
	if !ok {
		return language.Answer("% Too many phones are being recovered")
	}
	var w strings.Builder
	fmt.Fprintf(&w, "CTL%s.tlv is an empty file until %s, over TFTP and HTTP\n", dev, in.Config.Clock.Local(c.Until).Format("15:04:05"))
	config := dev + ".cnf.xml"
	if set.SIP {
		config = "SIP" + mac.Hex() + ".cnf"
	}
	if _, _, _, built := b.CNF.Generated(config); built {
		fmt.Fprintf(&w, "%s is generated from %s\n", config, set.Section)
	} else {
		fmt.Fprintf(&w, "%%Warning: there is no %s: `show provisioning audit` tells why\n", config)
	}
	switch state := firmware.Examine(b.Find, phone.Load(load), false); {
	case load == "":
		fmt.Fprintf(&w, "%%Warning: no load is configured for its type: the phone finds no image to go on with\n")
	case !state.Complete() && in.Config.Upstream.Abroad():
		fmt.Fprintf(&w, "%%Warning: load %s is not whole in flash:, an alternate may have it: `hfs prefetch load %s` fetches it from there\n", load, phone.Load(load).Canonical())
	case !state.Complete():
		fmt.Fprintf(&w, "%%Warning: load %s is not whole in flash: `show firmware` tells what is missing\n", load)
	default:
		fmt.Fprintf(&w, "%s is whole in flash:\n", load)
	}
	w.WriteString("Restart the phone: unplug it\n")
	_, err := fmt.Fprint(in.Out, w.String())
	return err
}

// recoverTable is that of recoverText.
var recoverTable = columns.New("%-16s %-9s %6s %-16s %s", "Phone", "Until", "Given", "Asked by", "Image")

// recoverText is `show file-server recover`.
func (b *Box) recoverText(in *language.Invocation) *columns.Page {
	all := b.Rescue.Cases()
	if len(all) == 0 {
		return columns.Empty("No phone is being recovered\n")
	}
	w := &columns.Page{}
	t := w.Table(recoverTable)
	for _, c := range all {
		by, image := "-", c.Image
		if c.Addr.IsValid() {
			by = c.Addr.String()
		}
		if image == "" {
			image = "-"
		}
		t.Row(c.MAC.Device(), in.Config.Clock.Local(c.Until).Format("15:04:05"), c.Given, by, image)
	}
	return w
}
