package store

import (
	"option150/dhcp/dhcptest"
)

// The requests and replies of the tests, by short names.
const (
	phoneClass = dhcptest.PhoneClass
)

var (
	ip    = dhcptest.IP
	mac   = dhcptest.MAC
	idMAC = dhcptest.ClientID
)
