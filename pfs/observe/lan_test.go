package observe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"option150/pfs"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/netns"
	"option150/platform/service"
)

func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

var boxAddr = netip.MustParseAddr("10.0.0.1")

func phoneAddr(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(10 + n)}) }
func phoneMAC(n int) ether.MAC   { return ether.MAC{0, 0x1e, 0x7a, 0, 0, byte(n)} }

// lan is the box and some phones on a switch.
type lan struct {
	t      *testing.T
	net    *netns.LAN
	box    *netns.Host
	phones []*netns.Host
	state  *pfs.State
	j      *journal.Journal
	s      *Server
}

func newLAN(t *testing.T, n int) *lan {
	t.Helper()
	netns.Need(t)
	l, err := netns.NewLAN()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	plug := func(name string, mac []byte, a netip.Addr) *netns.Host {
		h, err := netns.NewHost(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		if _, err := l.Plug(h, netns.Cable{MAC: mac, Addr: netip.PrefixFrom(a, 24)}); err != nil {
			t.Fatal(err)
		}
		return h
	}
	w := &lan{t: t, net: l, state: pfs.NewState()}
	w.box = plug("box", []byte{2, 0, 0, 0, 0, 1}, boxAddr)
	for i := range n {
		m := phoneMAC(i)
		w.phones = append(w.phones, plug(fmt.Sprint("phone", i), m[:], phoneAddr(i)))
	}
	w.j = journal.New(0, w.state)
	w.s = New(Options{State: w.state, Recorder: w.j})
	t.Cleanup(w.s.Close)
	return w
}

// know makes phones known by what they asked for.
func (w *lan) know(n ...int) {
	for _, i := range n {
		w.j.Record(fileserver.Asked{Transport: fileserver.TFTP, Client: netip.AddrPortFrom(phoneAddr(i), 49152), Name: "SEP" + phoneMAC(i).Hex() + ".cnf.xml"})
	}
}

func (w *lan) want(spec Spec) {
	w.t.Helper()
	if err := w.box.Do(func() error {
		c, err := w.s.Prepare(w.t.Context(), nil, spec)
		if err == nil {
			c.Commit()
		}
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *lan) until(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("%s: not so after 20 s: %+v", what, w.s.View())
		}
	}
}

func (w *lan) send(from *netns.Host, to, text string) {
	w.t.Helper()
	err := from.Do(func() error {
		c, err := net.Dial("udp4", to)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Write([]byte(text))
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *lan) peer(n int) pfs.Peer {
	for _, p := range w.state.Snapshot(nil).Peers {
		if p.MAC == phoneMAC(n) {
			return p
		}
	}
	return pfs.Peer{}
}

var gi0 = Interface{Name: "GigabitEthernet0/0", Device: "eth0"}

// TestBroadcasts: the broadcasts of phones are seen, nobody hears of them, and
// who is no phone leaves no trace but a count.
func TestBroadcasts(t *testing.T) {
	w := newLAN(t, 2)
	w.know(0)
	w.want(Spec{Interfaces: []Interface{gi0}, Ring: 1 << 20})
	for i := range 3 {
		w.send(w.phones[0], "10.0.0.255:4051", fmt.Sprint("PFS-TEST ", i))
		w.send(w.phones[1], "10.0.0.255:4051", "PFS-TEST of a stranger")
	}
	w.until("three frames", func() bool { p := w.peer(0); return len(p.Bursts) == 1 && p.Bursts[0].Frames == 3 })
	w.until("strangers counted", func() bool {
		v := w.s.View().Sensors
		return len(v) == 1 && v[0].Strangers == 3 && v[0].Broadcasts == 3
	})
	if b := w.peer(0).Bursts[0]; b.Addr != phoneAddr(0) || b.Interface != gi0.Name || b.Strings != "PFS-TEST" {
		t.Errorf("%+v", b)
	}
	if len(w.state.Snapshot(nil).Peers) != 1 {
		t.Error("the stranger has a record")
	}
	if r := w.s.View().Ring; r.Frames != 3 || r.Used == 0 {
		t.Errorf("%+v", r)
	}
	if st := w.s.Status(); st.State != service.Running {
		t.Errorf("%+v", st)
	}
	// Nobody listens on 4051 here: the box must not answer.
	if err := w.phones[0].Do(func() error {
		c, err := net.DialTimeout("tcp4", "10.0.0.1:4051", time.Second)
		if err == nil {
			c.Close()
			return errors.New("the box accepts connections on 4051")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if w.want(Spec{}); len(w.s.View().Sensors) != 0 || w.s.Status().State != service.Disabled {
		t.Errorf("%+v %+v", w.s.View(), w.s.Status())
	}
}

// TestLogServer: phones that are known are heard, their records come in
// however the datagrams cut them; others are refused.
func TestLogServer(t *testing.T) {
	w := newLAN(t, 2)
	w.know(0)
	w.want(Spec{Log: []listen.Endpoint{{Proto: listen.UDP, Port: 514, Owner: "PFS log server"}}})
	for _, d := range []string{
		"<31>DBG 02:19:22.634167 DLoad: +++ fd=7 Listening on peer TCP port 4051",
		"<31>INF 02:19:23.162700 DLoad: XID080027F8 TxBdcst ClaimRoot(tent): map=ff9d7cb9",
		"strength=31d4d43d",
		"NOT 02:19:24.412095 DLoad: UT:Confirmed root bumping strength\nNOT 02:19:24.412806 DLoad: @@@HROOT:XID080027F8 H=1 m=CP-7961G\nROOT=10.0.0.10 /dnld/SCCP41.9-4-2SR2-2S.loads",
		"DBG 02:19:25.000000 DLoad: nobody knows this text",
	} {
		w.send(w.phones[0], "10.0.0.1:514", d)
		w.send(w.phones[1], "10.0.0.1:514", d)
	}
	w.until("five records", func() bool { return w.peer(0).Log.Total == 5 })
	l := w.peer(0).Log
	if l.XID != "080027F8" || l.Role(phoneAddr(0)) != pfs.Root || l.Path != "/dnld/SCCP41.9-4-2SR2-2S.loads" || l.Records[1].Kind != pfs.LogClaim || l.Records[1].Strength != "31d4d43d" {
		t.Errorf("%+v", l)
	}
	if v := w.s.View().Log; v.Accepted != 5 || v.Refused != 5 || v.Records != 5 || v.Unknown != 1 || v.Port != 514 || v.State != "running" {
		t.Errorf("%+v", v)
	}
}

// TestRefusedInterface: a line that names an interface that cannot be looked at
// is refused and changes nothing; one that merely serves phones is waited for.
func TestRefusedInterface(t *testing.T) {
	w := newLAN(t, 0)
	bad := Interface{Name: "GigabitEthernet0/9", Device: "nothing9"}
	err := w.box.Do(func() error {
		_, err := w.s.Prepare(context.Background(), nil, Spec{Interfaces: []Interface{gi0, bad}})
		return err
	})
	if err == nil || len(w.s.View().Sensors) != 0 {
		t.Errorf("%v, %+v", err, w.s.View())
	}
	bad.Auto = true
	w.want(Spec{Interfaces: []Interface{bad}})
	if st := w.s.Status(); st.State != service.Waiting || w.s.View().Sensors[0].Running {
		t.Errorf("%+v", st)
	}
}

// TestFlood: forged frames by the hundred thousand: memory stays, they are
// counted, and a phone that claims meanwhile is seen.
func TestFlood(t *testing.T) {
	w := newLAN(t, 2)
	w.know(0)
	w.want(Spec{Interfaces: []Interface{gi0}})
	const many = 100_000
	if err := w.phones[1].Do(func() error {
		c, err := net.Dial("udp4", "10.0.0.255:4051")
		if err != nil {
			return err
		}
		defer c.Close()
		for i := range many {
			if _, err := c.Write([]byte("PFS-TEST flood")); err != nil {
				return err
			}
			if i%(many/5) == 0 {
				w.send(w.phones[0], "10.0.0.255:4051", "PFS-TEST real")
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.until("all seen or counted as dropped", func() bool {
		v := w.s.View().Sensors[0]
		return v.Received == many+5 && v.Strangers+v.Broadcasts+v.Dropped == many+5
	})
	// The phone is in view still, and again.
	before := w.s.View().Sensors[0].Broadcasts
	w.send(w.phones[0], "10.0.0.255:4051", "PFS-TEST real, after it")
	w.until("the phone is seen", func() bool { return w.s.View().Sensors[0].Broadcasts == before+1 })
	if table := pfs.ShowStatistics(w.s.View(), w.state.Snapshot(nil)).String(); !strings.Contains(table, fmt.Sprint(many+6)) {
		t.Errorf("it is not counted:\n%s", table)
	}
	if n := len(w.state.Snapshot(nil).Peers); n != 1 {
		t.Errorf("%d phones", n)
	}
	t.Logf("%+v", w.s.View().Sensors[0])
}
