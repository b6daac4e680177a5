package phonepage

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/wire"
)

const device = `<?xml version="1.0" encoding="UTF-8"?>
<?xml version="1.0" encoding="UTF-8"?>
<DeviceInformation><MACAddress>001E7A000001</MACAddress><HostName>SEP001E7A000001</HostName><phoneDN>1001</phoneDN>
<appLoadID>jar41sccp.9-4-2ES26.sbn</appLoadID><bootLoadID>tnp41.9-3-1.bin</bootLoadID><versionID>SCCP41.9-4-2SR3-1S</versionID>
<serialNumber>FCH1234ABCD</serialNumber><modelNumber>CP-7961G</modelNumber></DeviceInformation>`

const network = `<NetworkConfiguration><VLANId>20</VLANId><TFTPServer1>10.0.0.1</TFTPServer1><CallManager1>10.0.0.9  Standby</CallManager1><CallManager2>10.0.0.5  Active</CallManager2></NetworkConfiguration>`

const port = `<PortInformation><CDPNeighborDeviceId>access-1</CDPNeighborDeviceId><CDPNeighborPort>GigabitEthernet1/0/7</CDPNeighborPort></PortInformation>`

var mac = ether.MAC{0, 0x1e, 0x7a, 0, 0, 1}

func TestTake(t *testing.T) {
	var got wire.Told
	for _, p := range []string{device, network, port} {
		Take(&got, []byte(p))
	}
	want := wire.Told{MAC: mac, Model: "CP-7961G", Load: "SCCP41.9-4-2SR3-1S", Serial: "FCH1234ABCD", Switch: "access-1", Port: "GigabitEthernet1/0/7", VLAN: 20, CallControl: "10.0.0.5"}
	if got != want {
		t.Errorf("%+v", got)
	}
	for text, load := range map[string]string{
		"<DeviceInformation><appLoadID>P0030801SR02</appLoadID><versionID>8.1(2.0)</versionID></DeviceInformation>": "P0030801SR02",
		"<DeviceInformation><versionID>sip88xx.12-8-1-0001-455</versionID></DeviceInformation>":                     "sip88xx.12-8-1-0001-455",
		"<DeviceInformation><versionID>what</versionID></DeviceInformation>":                                        "",
	} {
		var got wire.Told
		if Take(&got, []byte(text)); got.Load != load {
			t.Errorf("%s: %q", text, got.Load)
		}
	}
}

// facts collects what is recorded.
type facts struct {
	come chan wire.Told
}

func (f *facts) Record(e journal.Event) {
	if t, ok := e.(wire.Told); ok {
		f.come <- t
	}
}

// TestPoll: off by default; a phone is asked once it is switched on, a stranger
// at its address is not believed, and a redirection is not followed.
func TestPoll(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.RequestURI()]++
		mu.Unlock()
		switch r.URL.Path {
		case "/DeviceInformationX":
			_, _ = w.Write([]byte(device))
		case "/NetworkConfigurationX":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case "/PortInformationX":
			_, _ = w.Write([]byte(strings.Repeat(" ", 2*maxPage) + port)) // beyond what is read
		default:
			t.Errorf("it asked for %s", r.URL)
		}
	}))
	defer s.Close()
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	f := &facts{come: make(chan wire.Told, 8)}
	targets := []Target{{MAC: mac, Addr: at.Addr(), Boot: 1}, {MAC: ether.MAC{0, 0x1e, 0x7a, 0, 0, 2}, Addr: at.Addr(), Boot: 1}}
	p := New(Options{Targets: func() []Target { return targets }, Recorder: f, Port: at.Port()})
	defer p.Close()
	if st := p.Status(); st.State != "disabled" {
		t.Errorf("it is %v", st)
	}
	ch, err := p.Prepare(context.Background(), nil, Config{Minutes: 1})
	if err != nil {
		t.Fatal(err)
	}
	ch.Commit()
	got := <-f.come
	want := wire.Told{MAC: mac, Addr: at.Addr(), By: wire.Page, Model: "CP-7961G", Load: "SCCP41.9-4-2SR3-1S", Serial: "FCH1234ABCD"}
	if got != want {
		t.Errorf("%+v", got)
	}
	p.Close()
	mu.Lock()
	defer mu.Unlock()
	if asked["/DeviceInformationX"] > 2 || asked["/PortInformationX?1"] != 1 {
		t.Errorf("asked %v", asked)
	}
	select {
	case e := <-f.come:
		t.Errorf("a stranger is believed: %+v", e)
	default:
	}
}

// TestSilentPhonesAreAskedLess: half as often each time, up to a day, and as
// usual once it answers.
func TestSilentPhonesAreAskedLess(t *testing.T) {
	k := &asked{wait: time.Hour}
	now := time.Unix(0, 0)
	for _, want := range []time.Duration{2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, seldom, seldom} {
		if k.answer(false, time.Hour, now); k.next.Sub(now) != want || !k.silent {
			t.Errorf("%v, want %v", k.next.Sub(now), want)
		}
	}
	if k.answer(true, time.Hour, now); k.next.Sub(now) != time.Hour || k.silent {
		t.Errorf("%v", k.next.Sub(now))
	}
}

func FuzzTake(f *testing.F) {
	for _, s := range []string{device, network, port, "<a><b>", "<MACAddress>zz</MACAddress>", "<VLANId>-1</VLANId>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got wire.Told
		Take(&got, body)
		for _, s := range []string{got.Model, got.Load, got.Serial, got.Switch, got.Port, got.CallControl} {
			if len(s) > wire.MaxTold || s != wire.Printable(s) {
				t.Errorf("%q", s)
			}
		}
		if got.VLAN < 0 || got.VLAN > 4094 {
			t.Error(got.VLAN)
		}
	})
}
