package appliance_test

import (
	"bytes"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"option150/platform/netns"
)

// fleetParts are the packages that work for a fleet.
var fleetParts = []string{"option150/platform/fleet", "option150/dhcp/share"}

// goroutinesOf are stacks of those packages that something runs in.
func goroutinesOf(t *testing.T, parts []string) (found []string) {
	t.Helper()
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 2); err != nil {
		t.Fatal(err)
	}
	for stack := range strings.SplitSeq(b.String(), "\n\n") {
		for _, p := range parts {
			if strings.Contains(stack, p) {
				found = append(found, stack)
				break
			}
		}
	}
	return found
}

// TestWithoutFleet: a box at work that is in no fleet has no goroutine for one, and so
// no port and nothing that grows; one that is in a fleet has.
func TestWithoutFleet(t *testing.T) {
	netns.Need(t)
	lines := []string{"interface GigabitEthernet0/0", " ip address 10.150.0.1 255.255.255.0", "ip dhcp pool VOICE", " network 10.150.0.0 255.255.255.0", "ip http server", "telephony-service", " hfs enable port 6970"}
	w := newWorld(t)
	w.startup = lines
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	if found := goroutinesOf(t, fleetParts); len(found) > 0 {
		t.Errorf("%d goroutines:\n%s", len(found), strings.Join(found, "\n\n"))
	}
	w.close()

	w = newWorld(t)
	w.startup = append(lines, "fleet", " name A", " domain D", " server http://127.0.0.1:9", " bindings share", "fleet configuration follow B")
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"platform/fleet.", "platform/fleet/follow.", "platform/fleet/pair.", "dhcp/share/claim."} {
		for range 600 { // they begin beside each other
			if len(goroutinesOf(t, []string{p})) > 0 {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if len(goroutinesOf(t, []string{p})) == 0 {
			t.Errorf("a box of a fleet has no goroutine of %s: what is looked for is not what there is", p)
		}
	}
}
