package appliance_test

import (
	"os/exec"
	"strings"
	"testing"

	"option150/platform/netns"
	"option150/platform/service"
	"option150/platform/testkit"
)

// TestCiscoCM1: a LAN whose DHCP cannot be changed: a gateway that asks this
// box for CiscoCM1, by its bare name or in the domain of the box, gets the
// address; the name in another letter case too.
func TestCiscoCM1(t *testing.T) {
	netns.Need(t)
	dig := testkit.NeedProgram(t, "dig", "bind9-dnsutils")
	w := newWorld(t)
	w.startup = strings.Split("hostname Router\nip domain name branch.example\nip dns server\nip host CiscoCM1 10.150.0.1\ninterface GigabitEthernet0/0\n ip address 10.150.0.1 255.255.255.0\nend", "\n")
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "the name server", func() bool { return w.box.Box().DNS.Status().State == service.Running })
	for _, args := range [][]string{{"CiscoCM1"}, {"+tcp", "CISCOCM1.branch.example"}, {"-x", "10.150.0.1"}} {
		out, err := exec.Command(dig, append([]string{"@10.150.0.1", "+short", "+time=5"}, args...)...).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != "10.150.0.1" && got != "CiscoCM1." {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
}
