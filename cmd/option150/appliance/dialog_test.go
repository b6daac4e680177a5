package appliance

import (
	"net/netip"
	"testing"

	"option150/platform/config"
	"option150/platform/netif"
)

// TestDialogOwnAddress: where the interfaces are the host's, nobody is asked
// for an address, and the pool still says where the files are.
func TestDialogOwnAddress(t *testing.T) {
	f := config.Facts{Interfaces: []config.InterfaceFact{
		{Mapping: netif.Mapping{Name: "GigabitEthernet0/0", Device: "eth0"}, Addrs: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}},
		{Mapping: netif.Mapping{Name: "GigabitEthernet0/1", Device: "eth1"}, Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/24")}},
	}}
	pool := netip.MustParsePrefix("10.0.0.0/24")
	own := addressIn(f, pool)
	if own != netip.MustParseAddr("10.0.0.2") {
		t.Fatalf("the address in %s is %v", pool, own)
	}
	if a := addressIn(f, netip.MustParsePrefix("172.16.0.0/24")); a.IsValid() {
		t.Errorf("%v is in no such subnet", a)
	}
	c := config.Default(f)
	d := dialog{hostname: "Branch", user: "admin", pool: pool, own: own}
	if err := d.apply(c); err != nil {
		t.Fatal(err)
	}
	if p := c.DHCP.Pools; len(p) != 1 || len(p[0].Options) != 1 || p[0].Options[0].Addrs[0] != own || c.Telephony.Service.SourceAddress.Addr != own {
		t.Errorf("%+v %+v", p, c.Telephony.Service.SourceAddress)
	}
}
