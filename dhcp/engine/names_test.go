package engine

import (
	"option150/dhcp/dhcptest"
)

// The requests and replies of the tests, by short names.
type (
	testRequest = dhcptest.Request
	tlv         = dhcptest.Option
	parsed      = dhcptest.Reply
)

const (
	us         = dhcptest.Server
	phoneClass = dhcptest.PhoneClass
)

var (
	ip           = dhcptest.IP
	ipb          = dhcptest.Addrs
	mac          = dhcptest.MAC
	idMAC        = dhcptest.ClientID
	opt          = dhcptest.NewOption
	parse        = dhcptest.Parse
	pcRequest    = dhcptest.PC
	phoneRequest = dhcptest.Phone
	epoch        = dhcptest.Epoch
	malformed    = dhcptest.Malformed
)
