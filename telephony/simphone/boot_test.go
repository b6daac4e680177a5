package simphone

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/platform/capture"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

const current = "SCCP41.9-4-2SR3-1S"

// TestWire7961 is transcript 1 of phones.md (b), asserted on the wire.
func TestWire7961(t *testing.T) {
	w := newWorld(t, true)
	w.record()
	w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
	w.files["united_states/g3-tones.xml"] = "<tones/>"
	p := w.plug(Spec{Model: "7961", Load: current})
	o := w.boot(p)
	if o.Kind != Provisioned || o.Config != "SEP001E7A000001.cnf.xml" || o.Boots != 1 || o.Load != current ||
		o.Lease.Addr != netip.MustParsePrefix("10.0.0.100/24") || o.Settings.VersionStamp != "{Jan 01 2003 00:00:00}" {
		t.Errorf("%+v", o)
	}
	names := []string{"CTLSEP001E7A000001.tlv", "ITLSEP001E7A000001.tlv", "ITLFile.tlv", "SEP001E7A000001.cnf.xml",
		"united_states/g3-tones.xml", "english_united_states/mk-sccp.jar"}
	codes := []string{"404", "404", "404", "200", "200", "404"}
	var want []string
	for i, n := range names {
		want = append(want, "H "+n+" "+codes[i])
	}
	if d := cmp.Diff(append(want, "provisioned"), w.story(p)); d != "" {
		t.Error(d)
	}

	// DHCP, byte by byte.
	var dhcp [][]byte
	var requests []string
	for _, k := range w.wire() {
		switch {
		case k.UDP() && k.Dst.Port() == 67:
			if k.Src.String() != "0.0.0.0:68" || k.Dst.String() != "255.255.255.255:67" || k.TTL != 64 ||
				k.SrcMAC != p.spec.MAC || k.DstMAC != (phone.MAC{255, 255, 255, 255, 255, 255}) {
				t.Errorf("%+v", k)
			}
			dhcp = append(dhcp, k.Payload)
		case k.TCP() && k.Dst.Port() == 6970 && len(k.Payload) > 0:
			requests = append(requests, string(k.Payload))
		case k.UDP() && k.Dst.Port() == 69:
			t.Error("TFTP after a 404:", k)
		}
	}
	if len(dhcp) != 2 {
		t.Fatal(len(dhcp), "DHCP packets")
	}
	class := "Cisco Systems, Inc. IP Phone CP-7961G\x00"
	head := func(b []byte) []byte { // all but xid and secs
		b = bytes.Clone(b)
		clear(b[4:10])
		return b
	}
	expect := func(options string) []byte {
		b := make([]byte, payloadLen)
		copy(b, "\x01\x01\x06\x00\x00\x00\x00\x00\x00\x00\x80\x00")
		copy(b[28:], "\x00\x1e\x7a\x00\x00\x01")
		copy(b[236:], "\x63\x82\x53\x63"+options)
		return b
	}
	id := "\x3d\x07\x01\x00\x1e\x7a\x00\x00\x01\x0c\x0fSEP001E7A000001\x3c\x26" + class
	prl := "\x37\x07\x01\x42\x06\x03\x0f\x96\x23\xff"
	if d := cmp.Diff(expect("\x35\x01\x01"+id+prl), head(dhcp[0])); d != "" {
		t.Error("DISCOVER:", d)
	}
	if d := cmp.Diff(expect("\x35\x01\x03\x36\x04\x0a\x00\x00\x01"+id+"\x32\x04\x0a\x00\x00\x64"+prl), head(dhcp[1])); d != "" {
		t.Error("REQUEST:", d)
	}
	if x := dhcp[0][4:8]; !bytes.Equal(x, dhcp[1][4:8]) || x[0] != 0 || x[1] != 0 || bytes.Equal(x, make([]byte, 4)) {
		t.Errorf("xid %x %x", x, dhcp[1][4:8])
	}
	want = nil
	for _, n := range names {
		want = append(want, "GET /"+n+" HTTP/1.1\r\nHost:10.0.0.1:6970\r\n\r\n")
	}
	if d := cmp.Diff(want, requests); d != "" {
		t.Error(d)
	}
}

// TestRequestLengths are the five lengths that CUCM logged of an 8861.
// [phones.md 1.3]
func TestRequestLengths(t *testing.T) {
	server := netip.MustParseAddr("192.168.1.10")
	for name, n := range map[string]int{
		"CTLSEP2834A2823B58.tlv": 64, "ITLSEP2834A2823B58.tlv": 64, "SEP2834A2823B58.cnf.xml.sgn": 69, "AppDialRules.xml": 58,
		"SK72f64050-0000-0000-0000-000000000000.xml.sgn": 88,
	} {
		if got := len(httpRequest(server, name)); got != n {
			t.Errorf("%s: %d bytes, want %d", name, got, n)
		}
	}
	if n := len(rrq("CTLSEP2834A2823B58.tlv")); n != 31 {
		t.Error(n)
	}
}

// TestRefused is transcript 2: one connection attempt per file, then TFTP,
// seen as a fact by the watcher of platform/capture.
func TestRefused(t *testing.T) {
	w := newWorld(t, false)
	w.record()
	w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
	p := w.plug(Spec{Model: "7961", Load: current})
	if o := w.boot(p); o.Kind != Provisioned {
		t.Error(o)
	}
	want := []string{
		"H CTLSEP001E7A000001.tlv refused", "T CTLSEP001E7A000001.tlv error 1 No such file",
		"H ITLSEP001E7A000001.tlv refused", "T ITLSEP001E7A000001.tlv error 1 No such file",
		"H ITLFile.tlv refused", "T ITLFile.tlv error 1 No such file",
		"H SEP001E7A000001.cnf.xml refused", "T SEP001E7A000001.cnf.xml done",
		"H united_states/g3-tones.xml refused", "T united_states/g3-tones.xml error 1 No such file",
		"H english_united_states/mk-sccp.jar refused", "T english_united_states/mk-sccp.jar error 1 No such file",
		"provisioned"}
	if d := cmp.Diff(want, w.story(p)); d != "" {
		t.Error(d)
	}
	watch := capture.NewRefusals(6970)
	refused := 0
	var rrqs []string
	for _, k := range w.wire() {
		if e, ok := watch.Packet(k); ok {
			refused++
			if e.MAC != p.spec.MAC || e.Server != box {
				t.Errorf("%+v", e)
			}
		}
		if k.UDP() && k.Dst.Port() == 69 {
			rrqs = append(rrqs, string(k.Payload))
		}
	}
	if refused != 6 || len(rrqs) != 6 || rrqs[0] != "\x00\x01CTLSEP001E7A000001.tlv\x00octet\x00" {
		t.Errorf("%d refused, requests %q", refused, rrqs)
	}
}

// Test8861 is transcript 3: 503, TFTP at once, HTTP for the next file; with a
// trust list every name but the dial rules is signed.
func Test8861(t *testing.T) {
	w := newWorld(t, true)
	w.record()
	w.http["CTLSEP001E7A000001.tlv"] = 503
	w.files["ITLSEP001E7A000001.tlv"] = "list"
	w.files["SEP001E7A000001.cnf.xml.sgn"] = "signed:" + sipFile("sip88xx.12-1-1SR1-4")
	w.files["AppDialRules.xml"] = "<DialRules></DialRules>\r\n"
	p := w.plug(Spec{Model: "8861", Load: "sip88xx.12-1-1SR1-4"})
	if o := w.boot(p); o.Kind != Provisioned {
		t.Error(o)
	}
	want := []string{
		"H CTLSEP001E7A000001.tlv 503", "T CTLSEP001E7A000001.tlv error 1 No such file",
		"H ITLSEP001E7A000001.tlv 200",
		"H SEP001E7A000001.cnf.xml.sgn 200",
		"H AppDialRules.xml 200", "H softkey1.xml.sgn 404", "H dialplan1.xml.sgn 404",
		"H english_united_states/sl-be-sip.jar.sgn 404", "H united_states/g3-tones.xml.sgn 404",
		"provisioned"}
	if d := cmp.Diff(want, w.story(p)); d != "" {
		t.Error(d)
	}
	// The class of a G5 phone has no NUL, and it asks for option 42.
	for _, k := range w.wire() {
		if k.UDP() && k.Dst.Port() == 67 && k.Payload[242] == msgDiscover &&
			!bytes.Contains(k.Payload, []byte("CP-8861\x37\x08\x01\x2a\x42\x06\x03\x0f\x96\x23\xff")) {
			t.Errorf("%q", k.Payload)
		}
	}
}

func TestUpgradeAndReboot(t *testing.T) {
	w := newWorld(t, true)
	w.record()
	w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
	w.files[current+".loads"] = "jar41sccp.9-4-2ES26.sbn cnu41.9-4-2ES26.sbn"
	w.files["jar41sccp.9-4-2ES26.sbn"] = "jar41sccp.9-4-2ES26.sbn" + strings.Repeat("x", 100_000)
	w.files["cnu41.9-4-2ES26.sbn"] = "cnu41.9-4-2ES26.sbn"
	p := w.plug(Spec{Model: "7961", Load: "SCCP41.9-3-1SR2-1S"})
	if o := w.boot(p); o.Kind != Provisioned || o.Boots != 2 || o.Load != current || p.Load() != current {
		t.Error(o)
	}
	trust := []string{"H CTLSEP001E7A000001.tlv 404", "H ITLSEP001E7A000001.tlv 404", "H ITLFile.tlv 404", "H SEP001E7A000001.cnf.xml 200"}
	want := append(append([]string{}, trust...), "H "+current+".loads 200", "H jar41sccp.9-4-2ES26.sbn 200", "H cnu41.9-4-2ES26.sbn 200",
		"install "+current+" installed", "reboot")
	want = append(append(want, trust...), "H united_states/g3-tones.xml 404", "H english_united_states/mk-sccp.jar 404", "provisioned")
	if d := cmp.Diff(want, w.story(p)); d != "" {
		t.Error(d)
	}
	// The second DISCOVER asks for the address of the first.
	n := 0
	for _, k := range w.wire() {
		if k.UDP() && k.Dst.Port() == 67 && k.Payload[242] == msgDiscover {
			if n++; bytes.Contains(k.Payload, []byte("\x32\x04\x0a\x00\x00\x64\x37")) != (n == 2) {
				t.Errorf("DISCOVER %d: %q", n, k.Payload)
			}
		}
	}
}

// TestFactoryReset is transcript 8: TFTP only until the image runs.
func TestFactoryReset(t *testing.T) {
	w := newWorld(t, true)
	w.files["term42.default.loads"] = "jar42sccp.sbn"
	w.files["jar42sccp.sbn"] = "jar42sccp.sbn"
	w.files["XMLDefault.cnf.xml"] = `<Default><callManagerGroup><members><member><callManager><processNodeName>10.0.0.1</processNodeName></callManager></member></members></callManagerGroup><loadInformation434 model="IP Phone 7942"></loadInformation434></Default>`
	p := w.plug(Spec{Model: "7942", Load: "SCCP42.9-4-2SR1-1S", FactoryReset: true})
	if o := w.boot(p); o.Kind != Provisioned || o.Config != "XMLDefault.cnf.xml" {
		t.Error(o)
	}
	want := []string{"T term42.default.loads done", "T jar42sccp.sbn done", "install term42.default installed", "reboot",
		"H CTLSEP001E7A000001.tlv 404", "H ITLSEP001E7A000001.tlv 404", "H ITLFile.tlv 404", "H SEP001E7A000001.cnf.xml 404",
		"H XMLDefault.cnf.xml 200", "provisioned"}
	if d := cmp.Diff(want, w.story(p)); d != "" {
		t.Error(d)
	}
}

// TestOrders are the requests of one boot, by generation, without firmware.
func TestOrders(t *testing.T) {
	trust := "H CTLSEP001E7A000001.tlv 404,H ITLSEP001E7A000001.tlv 404,H ITLFile.tlv 404,"
	for _, c := range []struct {
		spec  Spec
		files map[string]string
		want  string
	}{
		{Spec{Model: "7941", Protocol: SIP, Load: "SIP41.9-4-2-1S"}, map[string]string{"SEP001E7A000001.cnf.xml": sipFile("")},
			trust + "H SEP001E7A000001.cnf.xml 200,H dialplan1.xml 404,H softkey1.xml 404,H united_states/g3-tones.xml 404,H english_united_states/mk-sip.jar 404,provisioned"},
		{Spec{Model: "7965", Load: "SCCP45.9-4-2SR4-3S"}, map[string]string{"SEP001E7A000001.cnf.xml": sccpFile("SCCP45.9-4-2SR4-3S.loads")},
			trust + "H SEP001E7A000001.cnf.xml 200,H united_states/g3-tones.xml 404,H english_united_states/be-sccp.jar 404,provisioned"},
		{Spec{Model: "7841", Load: "sip78xx.12-1-1-12"}, map[string]string{"SEP001E7A000001.cnf.xml": sipFile("sip78xx.12-1-1-12")},
			trust + "H SEP001E7A000001.cnf.xml 200,H AppDialRules.xml 404,H softkey1.xml 404,H dialplan1.xml 404,H english_united_states/sp-sip.jar 404,H united_states/g3-tones.xml 404,provisioned"},
		{Spec{Model: "8841"}, map[string]string{"XmlDefault.cnf.xml": "<Default></Default>"},
			trust + "H SEP001E7A000001.cnf.xml 404,H XmlDefault.cnf.xml 200,H AppDialRules.xml 404,stuck"},
		// old firmware: TFTP only
		{Spec{Model: "7961", Load: "SCCP41.8-5-2S"}, map[string]string{"SEP001E7A000001.cnf.xml": sccpFile("")},
			"T CTLSEP001E7A000001.tlv error 1 No such file,T ITLSEP001E7A000001.tlv error 1 No such file,T ITLFile.tlv error 1 No such file,T SEP001E7A000001.cnf.xml done,T united_states/g3-tones.xml error 1 No such file,T english_united_states/mk-sccp.jar error 1 No such file,provisioned"},
		// transcript 6, the hunt of the 7940
		{Spec{Model: "7940", Protocol: SCCP, Load: "P0030801SR02"}, map[string]string{"XMLDefault.cnf.xml": "<Default><loadInformation8>P0030801SR02</loadInformation8><callManagerGroup><members><member><callManager><processNodeName>10.0.0.1</processNodeName></callManager></member></members></callManagerGroup></Default>"},
			"T CTLSEP001E7A000001.tlv error 1 No such file,T SEP001E7A000001.cnf.xml error 1 No such file,T SIP001E7A000001.cnf error 1 No such file,T XMLDefault.cnf.xml done,provisioned"},
		{Spec{Model: "7960", Protocol: SIP, Load: "P0S3-8-12-00"}, map[string]string{"SIPDefault.cnf": "image_version: P0S3-8-12-00\nproxy1_address: \"10.0.0.9\"", "SIP001E7A000001.cnf": "# mine\nproxy1_address: 10.0.0.1 ; that one\n"},
			"T CTLSEP001E7A000001.tlv error 1 No such file,T SIPDefault.cnf done,T SIP001E7A000001.cnf done,T RINGLIST.DAT error 1 No such file,T dialplan.xml error 1 No such file,provisioned"},
		// a file that is no configuration is as none
		{Spec{Model: "7961", Load: current}, map[string]string{"SEP001E7A000001.cnf.xml": "<device><oops></device>", "XMLDefault.cnf.xml": "<html/>"},
			trust + "H SEP001E7A000001.cnf.xml 200,H XMLDefault.cnf.xml 200,stuck"},
		// signed files of our own cluster are asked for only by those who trust it
		{Spec{Model: "7961", Load: current, ForeignTrust: true}, map[string]string{"SEP001E7A000001.cnf.xml": sccpFile(""), "ITLSEP001E7A000001.tlv": "x"},
			"H CTLSEP001E7A000001.tlv 404,H ITLSEP001E7A000001.tlv 200,H SEP001E7A000001.cnf.xml.sgn 404,H XMLDefault.cnf.xml.sgn 404,stuck"},
	} {
		t.Run(c.spec.Model+" "+c.spec.Load, func(t *testing.T) {
			w := newWorld(t, true)
			w.files = c.files
			p := w.plug(c.spec)
			o := w.boot(p)
			if d := cmp.Diff(strings.Split(c.want, ","), w.story(p)); d != "" {
				t.Error(o, d)
			}
		})
	}
}

// TestStuck: every reason has its way to get there.
func TestStuck(t *testing.T) {
	for _, c := range []struct {
		reason Reason
		spec   Spec
		change func(*world)
		story  string
	}{
		{NoLease, Spec{}, func(w *world) { w.mute = true }, "stuck"},
		{NoServer, Spec{}, func(w *world) { delete(w.offer, optTFTP150) }, "stuck"},
		// option 150 as text: four octets at a time, an address nobody has
		{ServerSilent, Spec{}, func(w *world) {
			w.offer[optTFTP150] = []byte("10.0.0.1")
			delete(w.offer, optRouter)
		}, strings.Repeat("H CTLSEP001E7A000001.tlv no answer,T CTLSEP001E7A000001.tlv no answer,H CTLSEP001E7A000001.tlv no answer,T CTLSEP001E7A000001.tlv no answer,", 2) + "stuck"},
		{NoConfiguration, Spec{}, func(w *world) {}, ""},
		{NoImage, Spec{FactoryReset: true}, func(w *world) {}, "T term61.default.loads error 1 No such file,stuck"},
		{IncompleteLoad, Spec{Load: "SCCP41.9-3-1SR2-1S"}, func(w *world) {
			w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
			w.files[current+".loads"] = "jar cnu"
			w.files["jar"] = "jar"
		}, ""},
		{BrokenLoad, Spec{Load: "SCCP41.9-3-1SR2-1S"}, func(w *world) {
			w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
			w.files[current+".loads"] = "jar"
			w.files["jar"] = "cnu"
		}, ""},
		{BrokenLoad, Spec{Load: "SCCP41.9-3-1SR2-1S"}, func(w *world) {
			w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
			w.files[current+".loads"] = " "
		}, ""},
		{AuthFail, Spec{Load: "SCCP41.8-3-2S"}, func(w *world) {
			w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
			w.files[current+".loads"] = "jar"
		}, ""},
	} {
		t.Run(string(c.reason), func(t *testing.T) {
			w := newWorld(t, true)
			if c.change(w); c.spec.Load == "" {
				c.spec.Load = current
			}
			c.spec.Model = "7961"
			p := w.plug(c.spec, func(o *Options) {
				o.MaxBoots = 3
				o.Timers.DHCP, o.Timers.DHCPTries, o.Timers.SilentRounds = 20*time.Millisecond, 3, 2
				o.Timers.TFTP = 20 * time.Millisecond
				if w.mute {
					return
				}
				o.Timers.DHCP = 5 * time.Second
			})
			o := w.boot(p)
			if o.Kind != Stuck || o.Reason != c.reason {
				t.Fatalf("%v, want %s; %q", o, c.reason, w.story(p))
			}
			if d := cmp.Diff(strings.Split(c.story, ","), w.story(p)); c.story != "" && d != "" {
				t.Error(d)
			}
		})
	}
}

// TestSteppingStone: a phone on 8.3(2) ends on 9.4(2) in exactly two upgrades
// when it is led over 8.5(2). [phones.md 3.4, diagnosis.md 6]
func TestSteppingStone(t *testing.T) {
	w := newWorld(t, true)
	for _, l := range []string{"SCCP41.8-5-2S", current} {
		w.files[l+".loads"], w.files["jar."+l] = "jar."+l, "jar."+l
	}
	p := w.plug(Spec{Model: "7961", Load: "SCCP41.8-3-2S"})
	for _, l := range []string{"SCCP41.8-5-2S", current} {
		w.mu.Lock()
		w.files["SEP001E7A000001.cnf.xml"] = sccpFile(l)
		w.mu.Unlock()
		if o := w.boot(p); o.Kind != Provisioned || o.Load != l {
			t.Fatal(o, w.story(p))
		}
	}
	var got []string
	for _, s := range w.story(p) {
		if strings.HasPrefix(s, "install") {
			got = append(got, s)
		}
	}
	if d := cmp.Diff([]string{"install SCCP41.8-5-2S installed", "install " + current + " installed"}, got); d != "" {
		t.Error(d)
	}
}

// TestRebootLoop: a phone that would install for ever comes to an end.
func TestRebootLoop(t *testing.T) {
	w := newWorld(t, true)
	w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
	w.files[current+".loads"], w.files["jar"] = "jar", "jar"
	p := w.plug(Spec{Model: "7961", Load: "SCCP41.9-3-1SR2-1S"}, func(o *Options) { o.MaxBoots = 1 })
	if o := w.boot(p); o.Reason != RebootLoop {
		t.Error(o)
	}
}

// TestLoadAbsent: what is not there is not installed, and the phone goes on.
func TestLoadAbsent(t *testing.T) {
	w := newWorld(t, true)
	w.files["SEP001E7A000001.cnf.xml"] = sccpFile("SCCP41.9-4-2SR3-2S")
	p := w.plug(Spec{Model: "7961", Load: current})
	if o := w.boot(p); o.Kind != Provisioned || o.Load != current || o.Boots != 1 {
		t.Error(o, w.story(p))
	}
}

// TestTransports: broken answers, a busy server, losses, two servers.
func TestTransports(t *testing.T) {
	start := func(t *testing.T, http bool) *world {
		w := newWorld(t, http)
		w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current) + strings.Repeat(" ", 20_000)
		return w
	}
	check := func(t *testing.T, w *world, p *Phone, wants ...string) {
		t.Helper()
		if o := w.boot(p); o.Kind != Provisioned {
			t.Error(o)
		}
		story := w.story(p)
		for _, want := range wants {
			if !slices.ContainsFunc(story, func(s string) bool { return strings.HasSuffix(s, want) }) {
				t.Errorf("%q lacks %q", story, want)
			}
		}
	}
	t.Run("cut off", func(t *testing.T) {
		w := start(t, true)
		w.http["SEP001E7A000001.cnf.xml"] = 1
		p := w.plug(Spec{Model: "7961", Load: current})
		check(t, w, p, "H SEP001E7A000001.cnf.xml cut off", "T SEP001E7A000001.cnf.xml done")
	})
	t.Run("everything 503", func(t *testing.T) {
		w := start(t, true)
		w.http["*"] = 503
		check(t, w, w.plug(Spec{Model: "7961", Load: current}), "T SEP001E7A000001.cnf.xml done")
	})
	t.Run("falls silent and comes back", func(t *testing.T) {
		w := start(t, false)
		w.deaf["SEP001E7A000001.cnf.xml"] = 4 // one boot, then DHCP again
		p := w.plug(Spec{Model: "7961", Load: current}, func(o *Options) { o.Timers.TFTP = 50 * time.Millisecond })
		check(t, w, p, "T SEP001E7A000001.cnf.xml no answer")
		for _, s := range w.story(p) {
			if strings.Contains(s, "XMLDefault") {
				t.Error("took silence for absence:", s)
			}
		}
	})
	t.Run("busy", func(t *testing.T) {
		w := start(t, false)
		w.busy["SEP001E7A000001.cnf.xml"] = 2
		p := w.plug(Spec{Model: "7961", Load: current})
		check(t, w, p, "T SEP001E7A000001.cnf.xml error 3 TFTP process allocation exceeded")
	})
	t.Run("losses", func(t *testing.T) {
		w := start(t, false)
		w.drop = 7
		check(t, w, w.plug(Spec{Model: "7961", Load: current}, func(o *Options) { o.Timers.TFTP = 50 * time.Millisecond }), "T SEP001E7A000001.cnf.xml done")
	})
	t.Run("second server", func(t *testing.T) {
		w := start(t, true)
		w.offer[optTFTP150] = append(box2.AsSlice(), box.AsSlice()...)
		p := w.plug(Spec{Model: "7961", Load: current}, func(o *Options) {
			o.Timers.Connect, o.Timers.TFTP = 100*time.Millisecond, 20*time.Millisecond
		})
		check(t, w, p, "T SEP001E7A000001.cnf.xml no answer", "H SEP001E7A000001.cnf.xml 200")
	})
	t.Run("NAK", func(t *testing.T) {
		w := start(t, true)
		w.naks = 2
		check(t, w, w.plug(Spec{Model: "7961", Load: current}), "nak")
	})
	t.Run("set by hand", func(t *testing.T) {
		w := start(t, true)
		w.offer[optTFTP150] = box2.AsSlice()
		check(t, w, w.plug(Spec{Model: "7961", Load: current, AlternateTFTP: box}), "H SEP001E7A000001.cnf.xml 200")
	})
	t.Run("option 66", func(t *testing.T) {
		w := start(t, true)
		delete(w.offer, optTFTP150)
		w.offer[optTFTPName] = []byte("10.0.0.1\x00")
		check(t, w, w.plug(Spec{Model: "7961", Load: current}), "H SEP001E7A000001.cnf.xml 200")
	})
	t.Run("siaddr", func(t *testing.T) {
		w := start(t, true)
		delete(w.offer, optTFTP150)
		w.offer[0] = box.AsSlice()
		check(t, w, w.plug(Spec{Model: "7961", Load: current}), "H SEP001E7A000001.cnf.xml 200")
	})
}

// TestCatalogue: all phones of the lab at the same time in one process, with
// synthetic firmware in real containers.
func TestCatalogue(t *testing.T) {
	w := newWorld(t, true)
	sets := map[string]string{"7941": "41", "7961": "41", "7965": "45"}
	specs := Catalogue()
	upgrades := 0
	for _, s := range specs {
		load := map[string]string{"7841": "sip78xx.12-1-1-12", "8841": "sip88xx.12-0-1MN-113", "8861": "sip88xx.12-0-1MN-113"}[s.Model]
		if f := sets[s.Model]; f != "" {
			load = fmt.Sprintf("%s%s.9-4-2SR3-1S", s.Protocol, f)
		}
		w.files[s.MAC.Device()+".cnf.xml"] = sccpFile(load)
		if s.Protocol == SIP {
			w.files[s.MAC.Device()+".cnf.xml"] = sipFile(load)
		}
		if load != s.Load {
			upgrades++
		}
		files, err := firmware.Synthesise(load, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		for n, b := range files {
			w.files[n] = string(b)
		}
	}
	var wg sync.WaitGroup
	var installed atomic.Int32
	var phones []*Phone
	for _, s := range specs {
		phones = append(phones, w.plug(s, func(o *Options) { o.Images = nil }))
	}
	for _, p := range phones {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if o, err := p.Boot(ctx); err != nil || o.Kind != Provisioned {
				t.Error(p.spec, o, err, w.story(p))
			}
			for _, s := range w.story(p) {
				if strings.HasSuffix(s, " installed") {
					installed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := int(installed.Load()); n != upgrades || n < 5 {
		t.Errorf("%d phones installed a load, want %d", n, upgrades)
	}
}

// TestPeers: of three phones that share firmware one asks for it.
func TestPeers(t *testing.T) {
	w := newWorld(t, true)
	w.record()
	w.files[current+".loads"], w.files["jar"] = "jar", "jar"
	peers := NewPeers()
	var wg sync.WaitGroup
	var phones []*Phone
	for i := range 3 {
		mac := phone.MAC{0, 0x1e, 0x7a, 0, 1, byte(i + 1)}
		w.files[mac.Device()+".cnf.xml"] = sccpFile(current)
		phones = append(phones, w.plug(Spec{Model: "7961", Load: "SCCP41.9-3-1SR2-1S", MAC: mac}, func(o *Options) { o.Peers = peers }))
	}
	for _, p := range phones {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if o, err := p.Boot(ctx); err != nil || o.Load != current {
				t.Error(o, err)
			}
		})
	}
	wg.Wait()
	asked := 0
	for _, p := range phones {
		for _, s := range w.story(p) {
			if s == "H jar 200" {
				asked++
			}
		}
	}
	ads := map[phone.MAC]int{}
	for _, k := range w.wire() {
		if k.UDP() && k.Dst.Port() == 4051 && k.Dst.Addr() == netip.MustParseAddr("10.0.0.255") && bytes.HasPrefix(k.Payload, []byte("PFS-TEST SEP001E7A0001")) {
			ads[k.SrcMAC]++
		}
	}
	if asked != 1 || len(ads) != 3 || ads[phones[0].spec.MAC] != 5 {
		t.Error(asked, ads)
	}
}

func TestRenewalAndRelease(t *testing.T) {
	w := newWorld(t, true)
	w.record()
	w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
	p := w.plug(Spec{Model: "7961", Load: current})
	if ok, err := p.Renewal(t.Context()); ok || err == nil {
		t.Error("renewed without a lease")
	}
	o := w.boot(p)
	if o.Lease.Renew != 50*time.Second {
		t.Error(o.Lease.Renew)
	}
	if ok, err := p.Renewal(t.Context()); !ok || err != nil {
		t.Error(ok, err)
	}
	w.mu.Lock()
	w.naks = 1
	w.mu.Unlock()
	if ok, err := p.Renewal(t.Context()); ok || err != nil {
		t.Error(ok, err)
	}
	if err := p.Release(); err != nil {
		t.Error(err)
	}
	var release []byte
	for _, k := range w.wire() {
		if k.UDP() && k.Dst.Port() == 67 && k.Payload[242] == msgRelease {
			release = k.Payload[240:262]
		}
	}
	if want := "\x35\x01\x07\x36\x04\x0a\x00\x00\x01\x3d\x07\x01\x00\x1e\x7a\x00\x00\x01\xff\x00\x00\x00"; string(release) != want {
		t.Errorf("%q, want %q", release, want)
	}
}

// TestLive: a stuck phone tries again, and comes up when its file is there.
func TestLive(t *testing.T) {
	w := newWorld(t, true)
	p := w.plug(Spec{Model: "7961", Load: current}, func(o *Options) { o.Pace = 0.001 })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var seen []Kind
	err := p.Live(ctx, time.Minute, func(o Outcome) {
		seen = append(seen, o.Kind)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
		if o.Kind == Provisioned {
			cancel()
		}
	})
	if d := cmp.Diff([]Kind{Stuck, Provisioned}, seen); err != nil || d != "" {
		t.Error(err, d)
	}
}

// TestCancel: a phone in the middle of waiting lets go at once.
func TestCancel(t *testing.T) {
	w := newWorld(t, true)
	w.mute = true
	p := w.plug(Spec{Model: "7961"}, func(o *Options) { o.Timers.DHCP = time.Hour })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.Boot(ctx); !ctxErr(err) {
		t.Error(err)
	}
	bad := w.plug(Spec{Model: "7961", MAC: phone.MAC{0, 1, 2, 3, 4, 5}}, func(o *Options) { o.Interface = "nothing0" })
	if _, err := bad.Boot(t.Context()); err == nil || !strings.Contains(err.Error(), "interface nothing0") {
		t.Error(err)
	}
}
