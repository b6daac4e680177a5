package appliance_test

import (
	"strings"
	"testing"
	"time"

	"option150/platform/netns"
)

// A startup configuration with another host name than the boxes know that this one shares
// bindings with cannot be refused. The box says everywhere that it does not share by that
// name; the line it advises ends it.
func TestStartsRenamed(t *testing.T) {
	netns.Need(t)
	w := newWorld(t)
	w.startup = []string{"hostname HQ-2", "interface GigabitEthernet0/0", " ip address 10.150.0.1 255.255.255.0", "ip dhcp pool VOICE", " network 10.150.0.0 255.255.255.0",
		"fleet", " domain WEST", " server http://127.0.0.1:9", " bindings share"}
	if err := w.put("nvram/bindings.share", []byte(`{"box":"HQ-1","domain":"WEST","boxes":["HQ-1","HQ-3"],"last":1700000000,"generation":4}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	const why = "the boxes of WEST know this one as HQ-1, not by its host name HQ-2: enter `name HQ-1` below fleet if it is that, `name HQ-2` if it is another"
	told := func(line, want string) {
		t.Helper()
		text := ""
		for range 600 {
			text, _ = say(w.box, 15, line)
			if strings.Contains(strings.Join(strings.Fields(text), " "), want) {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("%s:\n%s\nwant %s", line, text, want)
	}
	told("show fleet", "Bindings: not shared yet: "+why)
	told("show fleet bindings", "Bindings are not shared yet: "+why)
	told("show services", "bindings are not shared yet: "+why)
	told("show logging | include NAME", "%DHCPD-3-SHARED_NAME: The boxes of WEST know this one as HQ-1, not by its host name HQ-2")
	if out, _ := say(w.box, 15, "configure terminal\nfleet\nname HQ-1\nend\n"); strings.Contains(out, "% ") {
		t.Errorf("the line that is advised: %s", out)
	}
	told("show fleet", "Bindings: shared, isolated")
}
