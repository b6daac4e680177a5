package appliance_test

import (
	"strings"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/netns"
	"option150/telephony/inventory"
)

// A phone runs an older load: it fetches the new one, restarts into it and asks
// for its files again. That is one coming-up, and the log says so once.
func TestUpgradeIsOneComingUp(t *testing.T) {
	netns.Need(t)
	w := newWorld(t)
	w.pace = 0.08 // two and a half seconds from load to restart, more than one look
	w.startup = strings.Split(`interface GigabitEthernet0/0
 ip address 10.150.0.1 255.255.255.0
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 option 150 ip 10.150.0.1
ip http server
no phone-probe call-control
telephony-service
 load 7961 SCCP41.9-4-2SR3-1S
 max-ephones 10
 max-dn 10
 ip source-address 10.150.0.1 port 2000
 hfs enable port 6970
 hfs home-path flash:phones
ephone-dn 1
 number 1001
ephone 1
 mac-address 001E.7A00.0001
 type 7961
 button 1:1
end`, "\n")
	if _, err := w.Do("firmware SCCP41.9-4-2SR3-1S phones"); err != nil {
		t.Fatal(err)
	}
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	box := w.box.Box()
	events := box.Journal.Cursor()
	if err := w.phone([]string{"7961", "001e.7a00.0001", "boots", "SCCP41.9-3-1SR2-1S"}); err != nil {
		t.Fatal(err)
	}
	mac, _ := ether.ParseMAC("001e.7a00.0001")
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		p, _ := box.Inventory.Phone(mac, time.Now())
		if p.Boot == 2 && p.State == inventory.Provisioned {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%+v", p)
		}
	}
	time.Sleep(inventory.DefaultWaits().Quiet + 4*time.Second) // the log waits for silence and looks every second
	var said []string
	for {
		e, _, ok := events.TryNext()
		if !ok {
			break
		}
		if s, ok := e.Event.(inventory.Settled); ok {
			m, _ := s.LogMessage()
			said = append(said, m.String())
		}
	}
	if len(said) != 1 || said[0] != "%PHONE-6-PROVISIONED: SEP001E7A000001, "+addressOf(t, box.Inventory, mac)+", is provisioned" {
		t.Errorf("%q", said)
	}
}

func addressOf(t *testing.T, v *inventory.Inventory, mac ether.MAC) string {
	t.Helper()
	p, ok := v.Phone(mac, time.Now())
	if !ok {
		t.Fatal("no such phone")
	}
	return p.Addr.String()
}
