package simphone

import (
	"bytes"
	"context"
	"encoding/xml"
	"strings"
)

// maxEntries are what a phone takes of a list of rings or pictures. [phone
// administration guides, Creating Custom Phone Rings; usecallmanager.nz: ring
// tones, background images]
const maxEntries = 50

// desktops are the directories of background pictures by model. [phone
// administration guides, Creating Custom Background Images]
var desktops = map[string]string{
	"7906": "95x34x1", "7911": "95x34x1", "7941": "320x196x4", "7942": "320x196x4", "7961": "320x196x4", "7962": "320x196x4", "7945": "320x212x16", "7965": "320x212x16",
	"7970": "320x212x12", "7971": "320x212x12", "7975": "320x216x16", "8821": "240x320x24", "8841": "800x480x24", "8845": "800x480x24", "8851": "800x480x24", "8861": "800x480x24", "8865": "800x480x24",
	"8961": "640x480x24", "9951": "640x480x24", "9971": "640x480x24",
}

// lists are the lists a phone asks for when its user opens the menus of ring tones
// and of background pictures.
func (n nature) lists() (out []string) {
	switch g := n.model.Generation; {
	case n.profiled(), g == "G2", g == "ATA", g == "conf", g == "SIP basic":
		return nil
	case g == "G5", n.model.Keyword == "8821":
		out = []string{"Ringlist-wb.xml"}
	default:
		out = []string{"Ringlist.xml", "DistinctiveRinglist.xml"}
	}
	if d := desktops[strings.TrimSuffix(n.model.Keyword, "GE")]; d != "" {
		out = append(out, "Desktops/"+d+"/List.xml")
	}
	return out
}

// Menus is what a user does at a phone that has booted: opens each menu of ring
// tones and pictures, and tries every entry. It gives the names that it found in
// a list and that nobody served; a list that is not there is an empty menu.
func (p *Phone) Menus(ctx context.Context) (missing []string, err error) {
	for _, list := range p.n.lists() {
		a, err := p.ask(ctx, signed(list, p.trusts))
		if err != nil {
			return missing, err
		}
		if a.status != got {
			continue
		}
		names, err := parseList(a.data)
		if err != nil {
			p.log(Step{Kind: Config, Name: list, Result: err.Error()})
			missing = append(missing, list)
			continue
		}
		for _, n := range names {
			a, err := p.ask(ctx, n)
			if err != nil {
				return missing, err
			}
			if a.status != got {
				missing = append(missing, n)
			}
		}
	}
	return missing, nil
}

// parseList reads the names of files in a list of rings or of pictures. Pictures
// are named as TFTP:NAME, however they are fetched.
func parseList(b []byte) (names []string, err error) {
	var x struct {
		XMLName   xml.Name
		Ring      []struct{ FileName string }
		ImageItem []struct {
			Image string `xml:",attr"`
			URL   string `xml:",attr"`
		}
	}
	if err := xml.NewDecoder(bytes.NewReader(b)).Decode(&x); err != nil {
		return nil, err
	}
	if n := x.XMLName.Local; n != "CiscoIPPhoneRingList" && n != "CiscoIPPhoneImageList" {
		return nil, errConfig
	}
	for i, r := range x.Ring {
		if i < maxEntries && r.FileName != "" {
			names = append(names, strings.TrimSpace(r.FileName))
		}
	}
	for i, e := range x.ImageItem {
		if i < maxEntries {
			names = append(names, strings.TrimPrefix(e.Image, "TFTP:"), strings.TrimPrefix(e.URL, "TFTP:"))
		}
	}
	return names, nil
}
