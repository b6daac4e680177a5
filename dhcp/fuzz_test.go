package dhcp

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

func FuzzDecode(f *testing.F) {
	for _, b := range malformed() {
		f.Add(b)
	}
	f.Add(phoneRequest(mac(0, 1), msgDiscover).bytes())
	r := phoneRequest(mac(0, 1), msgRequest, tlv{82, []byte{1, 2, 3, 4, 5, 4, 10, 88, 0, 0}}, tlv{52, []byte{3}})
	r.file, r.sname = []byte{0x32, 4, 10, 77, 0, 166, 255}, []byte{12, 1, 65, 255}
	f.Add(r.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		before := slices.Clone(b)
		p, err := decode(b)
		if !slices.Equal(b, before) {
			t.Fatal("the input was changed")
		}
		if err == nil && (len(p.id) > maxKey || len(p.relay) > maxRelayLen || p.maxSize < defPayload || p.maxSize > maxPayload) {
			t.Fatalf("out of bounds: %+v", p)
		}
	})
}

// FuzzEngine feeds packets to a whole engine: whatever is answered can be taken
// apart, is no larger than allowed, and gives nothing away that is reserved.
func FuzzEngine(f *testing.F) {
	for _, b := range malformed() {
		f.Add(b, true)
	}
	for _, typ := range []byte{msgDiscover, msgRequest, msgDecline, msgRelease, msgInform, msgLeaseQuery} {
		r := phoneRequest(mac(0, 1), typ, tlv{50, ipb("10.77.0.100")}, tlv{54, ipb(us)}, tlv{57, []byte{2, 64}})
		f.Add(r.bytes(), true)
		r.giaddr, r.ciaddr = "10.88.0.1", "10.77.0.100"
		f.Add(r.bytes(), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, bcast bool) {
		w := newWorld(t, func(s *Spec) {
			s.TrustAll, s.SubnetSelection, s.Authoritative = true, true, true
			s.Pools[0].RapidCommit, s.Pools[0].V6Only = true, time.Hour
		})
		for range 2 {
			gs := w.raw(slices.Clone(b), func(in *inbound) { in.broadcast = bcast; in.from = netip.MustParseAddrPort("10.77.0.9:68") })
			for _, g := range gs {
				if g.yiaddr.IsValid() && g.yiaddr != ip("10.77.0.50") && w.e.t.subnets[0].holds(g.yiaddr) && w.e.t.subnets[0].reserved(g.yiaddr) {
					t.Fatalf("reserved address %s", g.yiaddr)
				}
				if len(g.payload) > maxPayload+2*maxRelayLen {
					t.Fatalf("reply of %d bytes", len(g.payload))
				}
			}
			w.pass(time.Second)
		}
	})
}

// FuzzOptions writes what a fuzzer thinks up and reads it with a reader of its
// own: nothing is lost but what had to be dropped, in the order given.
func FuzzOptions(f *testing.F) {
	f.Add([]byte{53, 1, 2, 54, 4, 1, 2, 3, 4, 150, 8, 1, 2, 3, 4, 5, 6, 7, 8}, 548)
	f.Add([]byte{61, 255, 0, 82, 200, 1}, 300)
	f.Fuzz(func(t *testing.T, spec []byte, limit int) {
		var items []item
		var seen [256]bool
		for len(spec) >= 2 {
			code, n := spec[0], int(spec[1])*3
			spec = spec[2:]
			if code == optPad || code == optEnd || seen[code] || len(items) > 40 {
				continue
			}
			seen[code] = true
			v := make([]byte, n)
			copy(v, spec)
			items = append(items, item{code, v})
		}
		limit = defPayload + (limit&0x7fffffff)%(maxPayload-defPayload)
		want := slices.Clone(items)
		p := &packet{htype: 1, mac: mac(1, 1)}
		g := takeApart(t, reply{payload: marshal(header{req: p}, items, limit)})
		must := headerLen + cookieLen + 1
		for _, i := range want {
			if rank(i.code) == 0 {
				must += i.wireLen()
			}
		}
		if len(g.payload) > max(limit, must) {
			t.Fatalf("%d bytes, limit %d, needed %d", len(g.payload), limit, must)
		}
		at := 0
		for _, i := range want {
			v, ok := g.opts[i.code]
			if !ok {
				if rank(i.code) == 0 {
					t.Fatalf("option %d dropped", i.code)
				}
				continue
			}
			if !slices.Equal(v, i.val) {
				t.Fatalf("option %d differs", i.code)
			}
			for at < len(g.order) && g.order[at] != i.code {
				at++
			}
			if at == len(g.order) {
				t.Fatalf("order %v", g.order)
			}
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add(appendFrameUDP(nil, mac(1, 1), mac(2, 2), netip.MustParseAddrPort("10.0.0.1:67"), netip.MustParseAddrPort("10.0.0.2:68"), []byte("abc")))
	f.Add(appendARPProbe(nil, mac(1, 1), ip("10.0.0.1")))
	f.Fuzz(func(t *testing.T, b []byte) {
		parseARP(b)
		if d, ok := parseUDP(b); ok && len(d.payload) > len(b) {
			t.Fatal("payload larger than the frame")
		}
	})
}

func FuzzServerReply(f *testing.F) {
	p := &packet{htype: 1, mac: mac(1, 1)}
	f.Add(marshal(header{req: p, yiaddr: ip("10.77.0.5")}, []item{{53, []byte{2}}, {54, ipb("10.77.0.250")}, {150, []byte("10.1.1.1")}, {66, []byte("x\x00")}}, defPayload))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := newWorld(t)
		w.e.serverReply(w.now, &inbound{data: b, iface: "GigabitEthernet0/0", from: netip.MustParseAddrPort("10.77.0.250:67"), source: mac(3, 3)})
		w.collect()
		ShowForeignServers(w.e.foreignList(), epoch)
	})
}
