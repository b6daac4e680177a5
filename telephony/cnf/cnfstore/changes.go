package cnfstore

import (
	"path"
	"strings"

	"option150/platform/ether"
	"option150/telephony/phone"
)

// notified counts what a change of the configuration or of what phones may be
// told has made different, by what it is: CUCM's database notifies its TFTP
// server of each such thing. A build that makes the same files is none. The lock
// is held.
func (s *Store) notified(names []string) {
	devices, softkeys, rules := map[ether.MAC]bool{}, map[string]bool{}, map[string]bool{}
	for _, n := range names {
		low := strings.ToLower(path.Base(n))
		mac, own := phone.MACOfFile(low)
		switch {
		case own:
			devices[mac] = true
		case strings.HasPrefix(low, "softkey"), strings.HasPrefix(low, "sk"):
			softkeys[low] = true
		case strings.HasPrefix(low, "dialplan"), strings.HasPrefix(low, "dr"), low == "appdialrules.xml":
			rules[low] = true
		}
	}
	c := &s.counters
	c.DeviceChangeNotifications += uint64(len(devices))
	c.SoftkeyChangeNotifications += uint64(len(softkeys))
	c.DialruleChangeNotifications += uint64(len(rules))
	c.ChangeNotifications = c.DeviceChangeNotifications + c.SoftkeyChangeNotifications + c.DialruleChangeNotifications
}
