package dhcp

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/platform/testkit/golden"
)

func TestShow(t *testing.T) {
	now := time.Date(2018, 12, 14, 12, 0, 0, 0, time.UTC)
	bs := []engine.Binding{
		{Addr: ip("10.1.1.101"), ClientID: []byte{1, 0, 0x50, 0x79, 0x66, 0x68, 0}, Expiry: time.Date(2018, 12, 14, 13, 3, 0, 0, time.UTC), Type: "Automatic"},
		{Addr: ip("10.1.1.102"), ClientID: []byte("\x00cisco-0050.7966.6801-Gi0/0"), Expiry: time.Date(2018, 12, 15, 0, 59, 0, 0, time.UTC), Type: "Automatic"},
		{Addr: ip("10.1.1.103"), MAC: mac(0, 1), Expiry: time.Date(2018, 12, 15, 1, 0, 0, 0, time.UTC), Type: "Automatic"},
		{Addr: ip("10.100.88.26"), ClientID: []byte{1, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa}, Type: "Manual"},
	}
	golden.Check(t, "testdata/binding.txt", ShowBinding(bs, now).String())
	golden.Check(t, "testdata/pool.txt", ShowPool([]engine.PoolStat{
		{Name: "NAME", High: 100, Total: 254, Leased: 81, Subnets: []engine.SubnetStat{{Current: ip("192.168.40.92"), First: ip("192.168.40.1"), Last: ip("192.168.40.254"), Leased: 81}}},
		{Name: "TWO", High: 80, Low: 50, Total: 508, Leased: 3, Subnets: []engine.SubnetStat{
			{Current: ip("10.0.0.4"), First: ip("10.0.0.1"), Last: ip("10.0.0.254"), Leased: 3}, {Current: ip("10.0.1.1"), First: ip("10.0.1.1"), Last: ip("10.0.1.254")}}},
		{Name: "EMPTY", High: 100},
	}).String())
	st := engine.Statistics{MemoryUsage: 40921, AddressPools: 2, Automatic: 81, Manual: 1, Expired: 3, Malformed: 4, Renew: 7}
	st.Received = engine.Received{BootRequest: 12, Discover: 200, Request: 178, Release: 5, Inform: 6, Decline: 1}
	st.Sent = engine.Sent{BootReply: 12, Offer: 190, Ack: 172, Nak: 6}
	golden.Check(t, "testdata/statistics.txt", ShowStatistics(st).String())
	golden.Check(t, "testdata/counters.txt", ShowCounters(st).String())
	golden.Check(t, "testdata/conflict.txt", ShowConflict([]engine.ConflictEntry{{Addr: ip("10.0.3.102"), Method: engine.MethodPing, Since: epoch}, {Addr: ip("10.2.2.11"), Method: engine.MethodARP, Since: epoch}}, now).String())
	golden.Check(t, "testdata/excluded.txt", ShowExcluded([]engine.VRFRange{{Range: engine.Range{First: ip("10.77.0.1"), Last: ip("10.77.0.99")}}, {Range: engine.Range{First: ip("10.88.0.1"), Last: ip("10.88.0.1")}}}).String())
	golden.Check(t, "testdata/foreign.txt", ShowForeignServers([]engine.ForeignEntry{{Last: epoch, ForeignServer: engine.ForeignServer{Server: ip("10.77.0.250"), MAC: mac(0xf0, 1), Addr: ip("10.77.0.33"), Mask: ip("255.255.255.0")}}, {Last: epoch, ForeignServer: engine.ForeignServer{Server: ip("10.0.0.9")}}}, now).String())
}

// The rows are those of facts/dhcp.md 1.6.
func TestShowKnownRows(t *testing.T) {
	got := ShowBinding([]engine.Binding{{Addr: ip("10.1.1.101"), ClientID: []byte{1, 0, 0x50, 0x79, 0x66, 0x68, 0}, Expiry: time.Date(2018, 12, 14, 13, 3, 0, 0, time.UTC), Type: "Automatic"}}, epoch).String()
	if want := "10.1.1.101          0100.5079.6668.00       Dec 14 2018 01:03 PM    Automatic\n"; !bytes.HasSuffix([]byte(got), []byte(want)) {
		t.Errorf("%q", got)
	}
	got = ShowPool([]engine.PoolStat{{Subnets: []engine.SubnetStat{{Current: ip("192.168.40.92"), First: ip("192.168.40.1"), Last: ip("192.168.40.254"), Leased: 81}}}}).String()
	if want := " 192.168.40.92        192.168.40.1     - 192.168.40.254    81    / 0     / 254\n"; !bytes.HasSuffix([]byte(got), []byte(want)) {
		t.Errorf("%q", got)
	}
}

func TestShowNothing(t *testing.T) {
	if got := engine.FormatClientID(nil); got != "" {
		t.Errorf("%q", got)
	}
	if (engine.Range{First: netip.Addr{}, Last: netip.Addr{}}).Count() != 0 {
		t.Error("count of nothing")
	}
}
