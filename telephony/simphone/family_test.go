package simphone

import (
	"bytes"
	"context"
	"fmt"
	pixels "image"
	"image/png"
	"io"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/telephony/cnf"
	"option150/telephony/custom"
	"option150/telephony/phone"
)

// familyTypes are phones of each family, by protocol.
var familyTypes = map[Protocol][]string{
	SCCP: {"6901", "6921", "6945", "7906", "7921", "7925", "7931", "7935", "7936", "7937", "7941", "7960", "7965", "7970", "8945"},
	SIP:  {"3905", "3951", "6941", "7905", "7912", "7940", "7961", "7965", "7832", "7841", "8821", "8831", "8832", "8851", "8945", "8961", "9971", "ATA", "ATA-187", "ATA-190", "ATA-191"},
}

// flashOf has ring tones and pictures for every screen, and a list of the owner's
// that names a file nobody has.
func flashOf(t *testing.T) *flash.Flash {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, b []byte) {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("Old_Phone&Bell.raw", make([]byte, 480))
	put("Wide(1).rwb", make([]byte, 960))
	thumbs := map[string][2]int{"95x34x1": {23, 8}, "320x196x4": {80, 49}, "320x212x12": {80, 53}, "320x212x16": {80, 53}, "320x216x16": {80, 53}, "240x320x24": {117, 117}, "640x480x24": {123, 111}, "800x480x24": {139, 109}}
	for g, small := range thumbs {
		var w, h, d int
		_, _ = fmt.Sscanf(g, "%dx%dx%d", &w, &h, &d)
		for name, size := range map[string][2]int{"Sea&Sky.png": {w, h}, "Sea&Sky-thumb.png": small} {
			var b bytes.Buffer
			if err := png.Encode(&b, pixels.NewGray(pixels.Rect(0, 0, size[0], size[1]))); err != nil {
				t.Fatal(err)
			}
			put("Desktops/"+g+"/"+name, b.Bytes())
		}
	}
	f, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestFamilies: a phone of each family boots from the files the box makes for it,
// over the wire, follows every name in them, opens its menus, and finds every name
// it read. What it asks for without having read it may be absent.
func TestFamilies(t *testing.T) {
	w := newWorld(t, true)
	c := cnf.Default()
	g, s := &c.Global, &c.Service
	g.Present, g.SourceAddress = true, cnf.SourceAddress{Addr: netip.MustParseAddr("10.0.0.9")}
	s.Present, s.SourceAddress, s.CnfPer = true, cnf.SourceAddress{Addr: netip.MustParseAddr("10.0.0.9")}, "perphone"
	german := []cnf.Locale{{Code: "DE"}}
	g.UserLocales, g.NetworkLocales, s.UserLocales, s.NetworkLocales = german, german, german, german
	c.DNs = []cnf.RegisterDN{{Tag: 1, Number: "1001"}}
	c.Dialplans = []cnf.Dialplan{{Tag: 1, Type: cnf.PlanXML, Patterns: []cnf.DialPattern{{Position: 1, Digits: "1.."}}}}
	c.RegisterTemplates = []cnf.Template{{Tag: 1, Softkeys: []cnf.Softkeys{{State: "idle", Keys: "Redial"}}, Features: cnf.Features{Buttons: []cnf.FeatureButton{{Position: 1, Feature: "Park"}}}}}
	var specs []Spec
	for _, proto := range []Protocol{SCCP, SIP} {
		for _, typ := range familyTypes[proto] {
			n := len(specs) + 1
			spec := Spec{MAC: ether.MAC{0, 0x1e, 0x7a, 2, 0, byte(n)}, Model: typ, Protocol: proto}
			m, _ := phone.Lookup(typ)
			if typ == "7940" { // its protocol is that of its image
				spec.Load = m.SIPLoad
			}
			specs = append(specs, spec)
			if proto == SCCP {
				c.Ephones = append(c.Ephones, cnf.Ephone{Tag: n, MAC: spec.MAC, Type: typ})
			} else {
				c.Pools = append(c.Pools, cnf.RegisterPool{Tag: n, MAC: spec.MAC, Type: typ, Template: 1, Dialplan: 1, Numbers: []cnf.PoolNumber{{Position: 1, DN: 1}}})
			}
		}
	}
	// A language is named where its files are: here they are, for those models whose
	// files are known.
	var absent []string
	served := map[string]bool{}
	for _, n := range cnf.Names(&c) {
		if strings.HasSuffix(n, "/") {
			absent = append(absent, n)
		} else {
			served[n] = true
		}
	}
	set, err := cnf.Rebuild(nil, c, cnf.Options{Absent: absent})
	if err != nil {
		t.Fatal(err)
	}
	fl := flashOf(t)
	lists := &custom.Lists{Flash: fl, Home: func() string { return "" }}
	w.more = func(name string) (string, bool) {
		if f, ok := set.Lookup(name); ok {
			return string(f.Content), true
		}
		if served[name] {
			return "SYNTHETIC " + name, true
		}
		if f, err := fl.Find("", name); err == nil {
			defer f.Close()
			b, err := io.ReadAll(f)
			return string(b), err == nil
		}
		if hit, err := lists.Open(t.Context(), fileserver.Request{}, name); err == nil && hit != nil {
			b, err := io.ReadAll(hit.Content)
			return string(b), err == nil
		}
		return "", false
	}
	var phones []*Phone
	for _, spec := range specs {
		phones = append(phones, w.plug(spec))
	}
	var wg sync.WaitGroup
	for _, p := range phones {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			at := fmt.Sprintf("%s %s", p.spec.Model, p.n.proto)
			o, err := p.Boot(ctx)
			if err != nil || o.Kind != Provisioned {
				t.Error(at, o, err, w.story(p))
				return
			}
			missing, err := p.Menus(ctx)
			if err != nil || len(missing) > 0 {
				t.Error(at, "menus:", missing, err)
			}
			story := w.story(p)
			var asked, got []string
			for _, line := range story {
				kind, rest, _ := strings.Cut(line, " ")
				if kind != "H" && kind != "T" {
					continue
				}
				name, ok := strings.CutSuffix(rest, " 200")
				if !ok {
					name, ok = strings.CutSuffix(rest, " done")
				}
				if ok {
					got = append(got, name)
				} else {
					asked = append(asked, rest)
				}
			}
			for _, a := range asked {
				if b := path.Base(strings.TrimSuffix(strings.TrimSuffix(a, " 404"), " error 1 No such file")); !phone.ExpectedAbsent(b) && b != "RINGLIST.DAT" && !(p.n.profiled() && strings.HasPrefix(b, "SEP")) {
					t.Errorf("%s: it asked for %s", at, a)
				}
			}
			s := o.Settings
			named := []string{s.SoftKeys, s.DialTemplate, s.FeaturePolicy}
			if p.n.model.SIPFile == phone.SIPCNF && p.n.proto == SIP {
				named[1] += ".xml"
			}
			if jar, _ := p.n.model.LocaleFiles(p.n.proto == SIP); p.n.model.Jar != "" {
				if s.UserLocale != "German_Germany" || s.NetworkLocale != "Germany" {
					t.Errorf("%s: its file names the language %q and the country %q", at, s.UserLocale, s.NetworkLocale)
				}
				named = append(named, "German_Germany/"+jar)
			} else if p.n.proto == SCCP && s.UserLocale != "" && p.n.model.Generation != "G2" {
				t.Errorf("%s: its file names a language though nobody knows which files it asks for", at)
			}
			if p.n.proto == SIP && p.n.model.SIPFile == phone.SEPXML && (s.SoftKeys == "" || s.DialTemplate == "") {
				t.Errorf("%s: its file names no softkeys or no dial plan: %+v", at, s)
			}
			named = append(named, p.n.lists()...)
			for _, n := range named {
				if n != "" && !slices.Contains(got, n) && !slices.Contains(got, strings.ToLower(n)) {
					t.Errorf("%s: it did not get %s; it got %v", at, n, got)
				}
			}
			if rings := slices.ContainsFunc(got, func(n string) bool { return strings.HasSuffix(n, ".raw") || strings.HasSuffix(n, ".rwb") }); rings != (len(p.n.lists()) > 0) {
				t.Errorf("%s: rings %v of %v", at, rings, p.n.lists())
			}
		})
	}
	wg.Wait()
}

// TestMenus: a list of the owner's that names a file nobody has is found out, and
// so is one that is none.
func TestMenus(t *testing.T) {
	for text, want := range map[string]string{
		`<CiscoIPPhoneRingList><Ring><DisplayName>A</DisplayName><FileName>a &amp; b.raw</FileName></Ring></CiscoIPPhoneRingList>`: "a & b.raw",
		`<CiscoIPPhoneImageList><ImageItem Image="TFTP:Desktops/1/t.png" URL="TFTP:Desktops/1/f.png"/></CiscoIPPhoneImageList>`:    "Desktops/1/t.png Desktops/1/f.png",
		`<CiscoIPPhoneRingList>` + strings.Repeat(`<Ring><FileName>x</FileName></Ring>`, 60) + `</CiscoIPPhoneRingList>`:           strings.TrimSpace(strings.Repeat("x ", 50)),
		`<other/>`: "!", `no list`: "!", `<CiscoIPPhoneRingList>`: "!", ``: "!",
	} {
		names, err := parseList([]byte(text))
		if got := strings.Join(names, " "); (err != nil) != (want == "!") || err == nil && got != want {
			t.Errorf("%.40s: %q %v", text, got, err)
		}
	}
	w := newWorld(t, true)
	w.files["SEP001E7A000001.cnf.xml"] = sccpFile("")
	w.files["Ringlist.xml"] = `<CiscoIPPhoneRingList><Ring><FileName>here.raw</FileName></Ring><Ring><FileName>gone.raw</FileName></Ring></CiscoIPPhoneRingList>`
	w.files["here.raw"], w.files["Desktops/320x196x4/List.xml"] = "x", "<oops"
	p := w.plug(Spec{Model: "7961", Load: current})
	if o := w.boot(p); o.Kind != Provisioned {
		t.Fatal(o)
	}
	if missing, err := p.Menus(t.Context()); err != nil || !slices.Equal(missing, []string{"gone.raw", "Desktops/320x196x4/List.xml"}) {
		t.Error(missing, err)
	}
}
