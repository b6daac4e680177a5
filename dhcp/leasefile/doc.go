// Package leasefile reads the lists of leases that other DHCP servers keep, so
// that a box which takes the place of one knows its clients before they ask:
// what IOS prints for `show ip dhcp binding`, its `ip dhcp database` file (facts/dhcp.md
// 1.9), ISC dhcpd.leases(5), the CSV file of Kea's memfile backend, and
// dnsmasq.leases.
//
// FormatDatabase writes IOS's file.
//
// Pure: text in, leases out. Of an address that is listed twice the last entry
// counts, as in the files themselves. Failure: ErrUnknown for a text that is
// none of these; entries that cannot be read are counted and do not keep the
// others from being taken. What is read is bounded. Testing: a text of each kind
// and a fuzz target.
package leasefile
