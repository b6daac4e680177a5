package wire

import (
	"option150/dhcp/dhcptest"
)

// The requests and replies of the tests, by short names.
var (
	ip           = dhcptest.IP
	mac          = dhcptest.MAC
	opt          = dhcptest.NewOption
	parse        = dhcptest.Parse
	phoneRequest = dhcptest.Phone
	malformed    = dhcptest.Malformed
)
