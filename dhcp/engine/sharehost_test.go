package engine

import (
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/wire"
)

// A manual binding that only one box is configured with waits for the lease that another box
// gave out at its address.
func TestManualWaitsForALease(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	const manual = "10.77.0.50"
	now := a.e.stamp(a.now)
	r := Record{Kind: RecordBinding, State: StateLeased, Addr: ip(manual), Key: hardwareKey(mac(2, 9)), MAC: mac(2, 9), HType: 1, Start: now, Expiry: now + 600, Lease: 600}
	d.rev++
	d.at[r.Addr] = Bound{r, d.rev} // of a box without the manual binding
	d.pass(time.Second)
	host := phoneRequest(mac(0x0a, 1), wire.MsgDiscover)
	if o := a.one(host); o.YIAddr == r.Addr {
		t.Fatal("it is offered while another client has it")
	}
	d.pass(700 * time.Second)
	if o := a.one(host); o.YIAddr != r.Addr {
		t.Errorf("offered %s afterwards", o.YIAddr)
	}
}

// The addresses of the other boxes are nobody's, also while those are off and answer no
// probe.
func TestAddressesOfPeersAreNotOffered(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	first := a.one(phoneRequest(mac(2, 1), wire.MsgDiscover)).YIAddr
	a.pass(61 * time.Second)
	a.e.Peers("B", []netip.Addr{first})
	d.pass(time.Second)
	if o := a.one(phoneRequest(mac(2, 2), wire.MsgDiscover, opt(50, ipb(first.String())))); o.YIAddr == first {
		t.Errorf("%s is of B", first)
	}
}

// A client that another box gave the address of its manual binding does not wait for itself.
func TestManualOfItsOwnLease(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	host := phoneRequest(mac(0x0a, 1), wire.MsgDiscover)
	now := a.e.stamp(a.now)
	r := Record{Kind: RecordBinding, State: StateLeased, Addr: ip("10.77.0.50"), Key: "i" + string(dhcptest.ClientID(host.MAC)), MAC: host.MAC, HType: 1, Start: now, Expiry: now + 600, Lease: 600}
	d.rev++
	d.at[r.Addr] = Bound{r, d.rev}
	d.pass(time.Second)
	if o := a.one(host); o.YIAddr != r.Addr {
		t.Errorf("offered %s", o.YIAddr)
	}
}
