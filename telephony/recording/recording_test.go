package recording

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"option150/dhcp"
	"option150/dhcp/v6"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/wire"
	"option150/telephony/firmware"
	"option150/telephony/inventory"
	"option150/telephony/phone"
)

var us = netip.MustParseAddr("10.0.0.1")

func mac(i int) ether.MAC         { return ether.MAC{0, 0x1e, 0x7a, 0, 0, byte(i)} }
func addr(i int) netip.Addr       { return netip.AddrFrom4([4]byte{10, 0, 0, byte(10 + i)}) }
func file(i int) string           { return mac(i).Device() + ".cnf.xml" }
func stringOf(v any) string       { return fmt.Sprintf("%+v", v) }
func client(i int) netip.AddrPort { return netip.AddrPortFrom(addr(i), 49152) }

// outside are answers of a box with one whole load and one that is not.
func outside() inventory.Outside {
	state := func(load string) firmware.State {
		s := firmware.State{Load: phone.Load(load), First: load + ".loads"}
		if strings.Contains(load, "9-4") {
			s.Set = &firmware.LoadSet{Name: s.First, Components: []firmware.Component{{Name: "jar41sccp.9-4-2ES26.sbn", Size: 10}, {Name: "cnu41.9-4-2ES26.sbn", Size: -1}}}
			s.Total, s.Present = 2, 1
			s.Missing = []firmware.Missing{{Load: load, File: "cnu41.9-4-2ES26.sbn", Kind: firmware.Absent}}
		}
		return s
	}
	return inventory.Outside{
		Setup: func(m ether.MAC) inventory.Setup {
			if m[5]%2 == 0 {
				return inventory.Setup{}
			}
			return inventory.Setup{Section: fmt.Sprintf("ephone %d", m[5]), Label: `ephone 1 "Desk"`, Type: "7961", Load: "SCCP41.9-4-2SR3-1S", Built: true,
				Changed: time.Unix(1_700_000_000, 0), Control: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.5:2000")}}
		},
		Load:  state,
		Loads: func(string) []string { return []string{"SCCP41.8-5-2S"} },
		Box: func() inventory.Box {
			return inventory.Box{Own: []netip.Addr{us}, HTTP: true, NewEphone: 9, NewPool: 2}
		},
	}
}

// world is an inventory and a tape that see the same.
type world struct {
	at   time.Time
	tape *Tape
	inv  *inventory.Inventory
	seq  uint64
}

func newWorld() *world {
	return &world{at: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), tape: NewTape(), inv: inventory.New(inventory.Options{Outside: outside()})}
}

func (w *world) tell(d time.Duration, events ...journal.Event) {
	for _, e := range events {
		w.at, w.seq = w.at.Add(d), w.seq+1
		x := journal.Entry{Seq: w.seq, Time: w.at, Event: e}
		w.tape.Fold(x)
		w.inv.Fold(x)
	}
}

// again exports a phone, reads the recording, and gives what it says and what
// the box says.
func (w *world) again(t *testing.T, name string, now time.Time) (live, replayed string, text []byte) {
	t.Helper()
	p, ok := w.inv.Find(name, now)
	if !ok {
		t.Fatalf("%s is not there", name)
	}
	var out bytes.Buffer
	s := Source{Version: "1.0", Now: now, Phone: p, Label: "label", Outside: outside(), Waits: w.inv.Waits(), Events: w.tape.Of(p.MAC, p.Addr)}
	if err := Export(&out, s); err != nil {
		t.Fatal(err)
	}
	rec, err := Read(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := rec.Replay(3)
	if err != nil {
		t.Fatal(err)
	}
	return inventory.ShowBoots(p, now, "label", 3), got, out.Bytes()
}

// boot is a healthy boot up to the configuration, and the load it asks for.
func (w *world) boot(i int) {
	w.tell(10*time.Millisecond,
		dhcp.Discover{MAC: mac(i), Hostname: mac(i).Device(), VendorClass: "Cisco Systems, Inc. IP Phone CP-7961G", Requested: "1,66,6,3,15,150,35", Interface: "GigabitEthernet0/0"},
		dhcp.Offer{MAC: mac(i), Addr: addr(i), Pool: "VOICE", Option150: []netip.Addr{us}},
		dhcp.Requested{MAC: mac(i), Hostname: mac(i).Device(), Addr: addr(i), Server: us},
		dhcp.Ack{MAC: mac(i), Hostname: mac(i).Device(), VendorClass: "Cisco Systems, Inc. IP Phone CP-7961G", Addr: addr(i), Pool: "VOICE", Option150: []netip.Addr{us}, Lease: time.Hour},
		fileserver.Asked{Transport: fileserver.HTTP, Client: client(i), Name: "CTL" + mac(i).Device() + ".tlv"},
		fileserver.NotFound{Transport: fileserver.HTTP, Client: client(i), Name: "CTL" + mac(i).Device() + ".tlv", Expected: true},
		fileserver.Asked{Transport: fileserver.HTTP, Client: client(i), Name: file(i)},
		fileserver.Served{Transport: fileserver.HTTP, Client: client(i), Name: file(i), Size: 1748, Bytes: 1748, Complete: true, Duration: 2 * time.Millisecond})
}

// TestReplaySaysTheSame: the verdict of a recording is the verdict of the box,
// word for word.
func TestReplaySaysTheSame(t *testing.T) {
	load := "SCCP41.9-4-2SR3-1S.loads"
	ask := func(w *world, i int, name string, ok bool) {
		w.tell(20*time.Millisecond, fileserver.Asked{Transport: fileserver.HTTP, Client: client(i), Name: name})
		if ok {
			w.tell(20*time.Millisecond, fileserver.Served{Transport: fileserver.HTTP, Client: client(i), Name: name, Size: 10, Bytes: 10, Complete: true})
		} else {
			w.tell(20*time.Millisecond, fileserver.NotFound{Transport: fileserver.HTTP, Client: client(i), Name: name, Nearest: "near"})
		}
	}
	for _, c := range []struct {
		name string
		run  func(w *world)
		says string // in the output
	}{
		{"it asks for an address", func(w *world) {
			w.tell(time.Second, dhcp.Discover{MAC: mac(1), Hostname: mac(1).Device(), VendorClass: "Cisco Systems, Inc. IP Phone CP-7961G"})
		}, "DISCOVER"},
		{"a healthy boot", func(w *world) { w.boot(1) }, file(1)},
		{"a component is missing", func(w *world) { w.boot(1); ask(w, 1, load, true); ask(w, 1, "cnu41.9-4-2ES26.sbn", false) }, "R08"},
		{"a load that is not there", func(w *world) { w.boot(1); ask(w, 1, "SCCP41.9-4-2SR3-2S.loads", false) }, "R07"},
		{"an unknown phone", func(w *world) { w.boot(2); ask(w, 2, "XMLDefault.cnf.xml", true) }, "XMLDefault"},
		{"another DHCP server", func(w *world) {
			w.tell(time.Second, dhcp.ForeignServer{Server: netip.MustParseAddr("10.0.0.9"), Interface: "GigabitEthernet0/0", Option150: `not addresses: "10.0.0.9"`})
			w.boot(1)
		}, "SEP001E7A000001"},
		{"a connection that was refused", func(w *world) {
			w.boot(1)
			w.tell(time.Second, wire.Refused{Client: addr(1), MAC: mac(1), Server: us, Port: 6970})
		}, "refused"},
		{"two boots", func(w *world) { w.boot(1); w.at = w.at.Add(time.Hour); w.boot(1) }, "boot #2"},
		{"an address of another phone before", func(w *world) {
			w.tell(time.Second, dhcp.Ack{MAC: mac(3), Hostname: mac(3).Device(), VendorClass: "Cisco Systems, Inc. IP Phone CP-7961G", Addr: addr(1), Option150: []netip.Addr{us}})
			w.boot(1)
		}, file(1)},
	} {
		for _, later := range []time.Duration{0, 15 * time.Second, 10 * time.Minute} {
			w := newWorld()
			c.run(w)
			name := mac(1).Device()
			if c.name == "an unknown phone" {
				name = mac(2).Device()
			}
			live, replayed, text := w.again(t, name, w.at.Add(later))
			if live != replayed {
				t.Errorf("%s, %v later: the box says\n%s\nthe recording\n%s", c.name, later, live, replayed)
			}
			if !strings.Contains(live, c.says) {
				t.Errorf("%s: no %q in\n%s", c.name, c.says, live)
			}
			if first, _, _ := bytes.Cut(text, []byte("\n")); !bytes.HasPrefix(first, []byte(`{"Form":"option150 phone recording 1","Version":"1.0","Now":"2026-`)) {
				t.Errorf("the first line is %.200s", first)
			}
		}
	}
}

// TestNobody: a phone of which only the address is known.
func TestNobody(t *testing.T) {
	w := newWorld()
	w.tell(time.Second, fileserver.Asked{Transport: fileserver.TFTP, Client: client(7), Name: "XMLDefault.cnf.xml"}, fileserver.Served{Transport: fileserver.TFTP, Client: client(7), Name: "XMLDefault.cnf.xml", Size: 9, Bytes: 9, Complete: true})
	live, replayed, _ := w.again(t, addr(7).String(), w.at)
	if live != replayed {
		t.Errorf("the box says\n%s\nthe recording\n%s", live, replayed)
	}
}

// TestSix: what a phone of IPv6 did is recorded as well, without its packets.
func TestSix(t *testing.T) {
	six := netip.MustParseAddr("2001:db8::77")
	for name, more := range map[string][]journal.Event{
		"an address":       {v6.Sent{Type: "REPLY", To: "REQUEST", MAC: mac(1), Addr: six, Pool: "VOICE6", Phone: true, Interface: "GigabitEthernet0/0"}},
		"no address":       {v6.NoAddress{MAC: mac(1), Why: "POOL EXHAUSTED"}},
		"it gave it back":  {v6.Sent{Type: "REPLY", To: "REQUEST", MAC: mac(1), Addr: six, Pool: "VOICE6", Phone: true}, v6.Released{MAC: mac(1), Addr: six}},
		"another got it":   {v6.Sent{Type: "REPLY", To: "REQUEST", MAC: mac(1), Addr: six, Pool: "VOICE6", Phone: true}, v6.Sent{Type: "REPLY", To: "REQUEST", MAC: mac(2), Addr: six, Pool: "VOICE6", Phone: true}},
		"a router":         {v6.RouterHeard{Interface: "GigabitEthernet0/0", Router: netip.MustParseAddr("fe80::1"), Other: true}},
		"no router at all": {v6.Sent{Type: "REPLY", To: "REQUEST", MAC: mac(1), Addr: six, Pool: "VOICE6", Phone: true, Interface: "GigabitEthernet0/0"}, v6.NoRouter{Interface: "GigabitEthernet0/0"}},
	} {
		w := newWorld()
		w.tell(time.Second, v6.Received{Type: "SOLICIT", MAC: mac(1), Phone: true, Class: "Cisco Systems, Inc. IP Phone CP-8841", Interface: "GigabitEthernet0/0"})
		for _, e := range more {
			w.tell(time.Second, e)
		}
		live, replayed, _ := w.again(t, mac(1).Device(), w.at.Add(5*time.Minute))
		if live != replayed || !strings.Contains(live, "DHCPv6") {
			t.Errorf("%s: the box says\n%s\nthe recording\n%s", name, live, replayed)
		}
	}
}

// TestRandomStories: whatever happened to three phones, the recording of each
// says what the box says.
func TestRandomStories(t *testing.T) {
	names := []string{"XMLDefault.cnf.xml", "SCCP41.9-4-2SR3-1S.loads", "SCCP41.8-5-2S.loads", "cnu41.9-4-2ES26.sbn", "jar41sccp.9-4-2ES26.sbn", "ringlist.xml", "term61.default.loads", "OS79XX.TXT"}
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 150))
		w := newWorld()
		w.boot(1)
		for range 60 {
			i := 1 + r.IntN(3)
			d := time.Duration(r.IntN(3000)) * time.Millisecond
			name := names[r.IntN(len(names))]
			if r.IntN(3) == 0 {
				name = file(i)
			}
			tr := []fileserver.Transport{fileserver.HTTP, fileserver.TFTP}[r.IntN(2)]
			switch r.IntN(9) {
			case 0:
				w.boot(i)
			case 1, 2:
				w.tell(d, fileserver.Asked{Transport: tr, Client: client(i), Name: name}, fileserver.Served{Transport: tr, Client: client(i), Name: name, Size: 4096, Bytes: int64(r.IntN(2) * 4096)})
			case 3, 4:
				w.tell(d, fileserver.Asked{Transport: tr, Client: client(i), Name: name}, fileserver.NotFound{Transport: tr, Client: client(i), Name: name})
			case 5:
				w.tell(d, dhcp.NoLease{MAC: mac(i), Why: "POOL EXHAUSTED"})
			case 6:
				w.tell(d, wire.Sought{MAC: mac(i), Client: addr(i), Target: netip.MustParseAddr("10.0.0.5")})
			case 7:
				w.tell(d, dhcp.Requested{MAC: mac(i), Hostname: mac(i).Device(), Addr: addr(i), Server: netip.MustParseAddr("10.0.0.9")})
			case 8:
				w.tell(d, dhcp.ForeignServer{Server: netip.MustParseAddr("10.0.0.9"), Interface: "GigabitEthernet0/0", Option150: "10.0.0.9"})
			}
		}
		for i := 1; i <= 3; i++ {
			if _, ok := w.inv.Phone(mac(i), w.at); !ok {
				continue
			}
			if live, replayed, _ := w.again(t, mac(i).Device(), w.at.Add(3*time.Second)); live != replayed {
				t.Fatalf("seed %d, phone %d: the box says\n%s\nthe recording\n%s", seed, i, live, replayed)
			}
		}
	}
}

// TestEventsComeBack: every field of every kind of event survives the file.
func TestEventsComeBack(t *testing.T) {
	for name, typ := range kinds {
		v := reflect.New(typ).Elem()
		fill(v, 1)
		var out bytes.Buffer
		s := Source{Now: time.Unix(1_700_000_000, 5).UTC(), Phone: inventory.Phone{MAC: mac(1)}, Events: []journal.Entry{{Seq: 1, Time: time.Unix(1_700_000_000, 7).UTC(), Event: v.Interface().(journal.Event)}}}
		if err := Export(&out, s); err != nil {
			t.Fatal(err)
		}
		r, err := Read(&out)
		if err != nil || len(r.Events) != 1 {
			t.Fatalf("%s: %v", name, err)
		}
		if got := r.Events[0]; !reflect.DeepEqual(got.Event, s.Events[0].Event) || !got.Time.Equal(s.Events[0].Time) {
			t.Errorf("%s: %s, want %s", name, stringOf(got.Event), stringOf(s.Events[0].Event))
		}
	}
}

// fill gives every leaf a value that is not its zero.
func fill(v reflect.Value, n int) {
	switch v.Interface().(type) {
	case netip.Addr:
		v.Set(reflect.ValueOf(addr(n)))
		return
	case netip.AddrPort:
		v.Set(reflect.ValueOf(client(n)))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.MustParsePrefix("10.0.0.0/24")))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1_700_000_000, 9).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() { // the packet of an event is for debug alone
				fill(v.Field(i), n+i)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n+i)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n+1)
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d \"<&\x01", n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(int64(n))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(n))
	}
}

// TestTapeIsBounded: a flood of phones and a chatty one.
func TestTapeIsBounded(t *testing.T) {
	tape := NewTape()
	at := time.Unix(1_700_000_000, 0)
	for i := range 2 * maxAll {
		at = at.Add(time.Millisecond)
		tape.Fold(journal.Entry{Seq: uint64(i), Time: at, Event: dhcp.Ack{MAC: ether.MAC{2, 0, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)},
			Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})}})
	}
	for i := range 2 * maxEvents {
		tape.Fold(journal.Entry{Seq: uint64(i), Time: at, Event: dhcp.Discover{MAC: mac(1)}})
	}
	n := 0
	for _, r := range tape.phones {
		n += len(r.entries)
	}
	if len(tape.phones)+len(tape.nobody) != tape.line.Len() || len(tape.byAddr) > tape.line.Len() {
		t.Errorf("%d phones, %d addresses, %d in line, %d of which the address is known", len(tape.phones), len(tape.nobody), tape.line.Len(), len(tape.byAddr))
	}
	if tape.phones[mac(1)] == nil || n != tape.all || n > maxAll || len(tape.phones[mac(1)].entries) > maxEvents {
		t.Errorf("%d events, counted %d, of one %d", n, tape.all, len(tape.phones[mac(1)].entries))
	}
}

func TestReadRefuses(t *testing.T) {
	head := `{"Form":"option150 phone recording 1","Phone":"SEP001E7A000001"}` + "\n"
	for text, want := range map[string]string{
		"":                  "no recording",
		"{}\n":              "no recording",
		"hello\n":           "no recording",
		head + "nonsense\n": "line 2",
		head + `{"Event":"dhcp.Ack","Data":{"Addr":7}}` + "\n": "dhcp.Ack",
		`{"Form":"option150 phone recording 2"}` + "\n":        "no recording",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	r, err := Read(strings.NewReader(head + `{"Event":"something.New","Data":{}}` + "\n"))
	if err != nil || r.Skipped != 1 {
		t.Errorf("%v %+v", err, r)
	}
	if _, err := r.Replay(1); err == nil {
		t.Error("an empty recording says something")
	}
}

func FuzzRead(f *testing.F) {
	w := newWorld()
	w.boot(1)
	p, _ := w.inv.Phone(mac(1), w.at)
	var out bytes.Buffer
	if err := Export(&out, Source{Now: w.at, Phone: p, Outside: outside(), Waits: w.inv.Waits(), Events: w.tape.Of(p.MAC, p.Addr)}); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte(`{"Form":"option150 phone recording 1","Phone":"10.0.0.1"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		_, _ = r.Replay(3)
	})
}
