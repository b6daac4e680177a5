package recording

import (
	"net/netip"
	"reflect"

	"option150/dhcp"
	"option150/dhcp/v6"
	"option150/pfs"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/wire"
	"option150/telephony/phone"
)

// kinds are the events the inventory folds, by their names.
var kinds = func() map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, e := range []journal.Event{
		dhcp.Discover{}, dhcp.Offer{}, dhcp.Requested{}, dhcp.Ack{}, dhcp.Nak{}, dhcp.NoLease{}, dhcp.Release{}, dhcp.Expired{}, dhcp.ForeignServer{}, dhcp.Conflict{},
		v6.Received{}, v6.Sent{}, v6.NoAddress{}, v6.Released{}, v6.Expired{}, v6.Conflict{}, v6.RouterHeard{}, v6.NoRouter{},
		fileserver.Asked{}, fileserver.Served{}, fileserver.NotFound{}, fileserver.Busy{}, fileserver.Denied{}, fileserver.Looped{},
		wire.Refused{}, wire.Secure{}, wire.Sought{}, wire.Shared{}, wire.Booting{}, wire.Told{}, pfs.Roles{},
	} {
		out[e.EventName()] = reflect.TypeOf(e)
	}
	return out
}()

// whose tells of which phone an event is: by its hardware address, by the name
// of a file, else by its address alone. all is an event of the whole segment.
func whose(e journal.Event) (mac ether.MAC, addr netip.Addr, all bool) {
	client := func(c netip.AddrPort, name string) (ether.MAC, netip.Addr, bool) {
		m, _ := phone.MACOfFile(name)
		return m, c.Addr().Unmap(), false
	}
	switch x := e.(type) {
	case dhcp.Discover:
		return x.MAC, netip.Addr{}, false
	case dhcp.Offer:
		return x.MAC, netip.Addr{}, false
	case dhcp.Requested:
		return x.MAC, netip.Addr{}, false
	case dhcp.Ack:
		return x.MAC, x.Addr, false
	case dhcp.Nak:
		return x.MAC, netip.Addr{}, false
	case dhcp.NoLease:
		return x.MAC, netip.Addr{}, false
	case dhcp.Release:
		return x.MAC, x.Addr, false
	case dhcp.Expired:
		return ether.MAC{}, x.Addr, false
	case dhcp.Conflict:
		return ether.MAC{}, x.Addr, false
	case v6.Received:
		return x.MAC, netip.Addr{}, false
	case v6.Sent:
		if x.Type != "REPLY" {
			return x.MAC, netip.Addr{}, false
		}
		return x.MAC, x.Addr, false
	case v6.NoAddress:
		return x.MAC, netip.Addr{}, false
	case v6.Released:
		return x.MAC, x.Addr, false
	case v6.Expired:
		return ether.MAC{}, x.Addr, false
	case v6.Conflict:
		return ether.MAC{}, x.Addr, false
	case dhcp.ForeignServer, v6.RouterHeard, v6.NoRouter:
		return ether.MAC{}, netip.Addr{}, true
	case fileserver.Asked:
		return client(x.Client, x.Name)
	case fileserver.Served:
		return client(x.Client, x.Name)
	case fileserver.NotFound:
		return client(x.Client, x.Name)
	case fileserver.Busy:
		return client(x.Client, x.Name)
	case fileserver.Denied:
		return client(x.Client, x.Name)
	case fileserver.Looped:
		m, _ := phone.MACOfFile(x.Name)
		return m, netip.Addr{}, false
	case wire.Refused:
		return x.MAC, x.Client, false
	case wire.Secure:
		return x.MAC, x.Client, false
	case wire.Sought:
		return x.MAC, x.Client, false
	case wire.Shared:
		return x.MAC, x.Client, false
	case pfs.Roles:
		return x.MAC, x.Addr, false
	case wire.Told:
		if x.MAC.IsZero() { // a registration that does not name the phone
			return x.MAC, x.Addr.Unmap(), false
		}
		return x.MAC, netip.Addr{}, false
	case wire.Booting:
		return x.MAC, netip.Addr{}, false
	}
	return ether.MAC{}, netip.Addr{}, false
}
