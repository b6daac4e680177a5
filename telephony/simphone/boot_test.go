package simphone

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"option150/platform/capture"
	"option150/platform/ether"
)

const current = "SCCP41.9-4-2SR3-1S"

// TestWire7961 is a clean SCCP phone whose files are generated, on the wire [facts/phones.md 1.8].
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
				k.SrcMAC != p.spec.MAC || k.DstMAC != (ether.MAC{255, 255, 255, 255, 255, 255}) {
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
// [facts/phones.md 1.3]
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
	if n := len(rrq("CTLSEP2834A2823B58.tlv", 0)); n != 31 {
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
