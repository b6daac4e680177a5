package netif

import (
	"strings"
	"testing"
	"time"
)

// TestClearing: counters begin at what they stood at, of one interface only,
// and a device that was made anew is not counted below nothing.
func TestClearing(t *testing.T) {
	var c Clearing
	i := Interface{Mapping: Mapping{Name: "GigabitEthernet0/0", Device: "eth0"}, Present: true, Counters: Counters{InPackets: 10, OutBytes: 500}}
	c.Clear(i, time.Now().Add(-90*time.Minute))
	for _, tt := range []struct {
		device string
		now    Counters
		want   Counters
		text   string
	}{
		{"eth0", Counters{InPackets: 12, OutBytes: 500, InCRC: 1}, Counters{InPackets: 2, InCRC: 1}, "counters 01:30:00\n"},
		{"eth0", Counters{InPackets: 3, OutBytes: 600}, Counters{InPackets: 3, OutBytes: 100}, "counters 01:30:00\n"},
		{"eth1", Counters{InPackets: 12}, Counters{InPackets: 12}, "counters never\n"},
	} {
		v := View{Interface: i}
		v.Device, v.Counters = tt.device, tt.now
		c.Apply(&v)
		if v.Counters != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.device, v.Counters, tt.want)
		}
		if s := ShowInterfaces([]View{v}); !strings.Contains(s, tt.text) {
			t.Errorf("%s: no %q in\n%s", tt.device, tt.text, s)
		}
	}
}
