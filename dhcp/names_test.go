package dhcp

import (
	"option150/dhcp/dhcptest"
)

// The requests and replies of the tests, by short names.
type (
	tlv         = dhcptest.Option
	testRequest = dhcptest.Request
	parsed      = dhcptest.Reply
)

const (
	us = dhcptest.Server
)

var (
	ip           = dhcptest.IP
	ipb          = dhcptest.Addrs
	mac          = dhcptest.MAC
	idMAC        = dhcptest.ClientID
	opt          = dhcptest.NewOption
	parse        = dhcptest.Parse
	phoneRequest = dhcptest.Phone
	epoch        = dhcptest.Epoch
	malformed    = dhcptest.Malformed
)
