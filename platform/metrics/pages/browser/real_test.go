package browser

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/netns"
	"option150/telephony/simphone"
)

// TestMain gives the tests a network of their own: the real box opens its ports
// in it.
func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

// branch is a configuration with one phone.
const branch = `hostname Branch
enable secret lab
ip dhcp excluded-address 10.150.0.1 10.150.0.99
ip dhcp ping packets 0
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 default-router 10.150.0.1
 option 150 ip 10.150.0.1
username lab privilege 15 secret lab
interface GigabitEthernet0/0
 ip address 10.150.0.1 255.255.255.0
ip http server
telephony-service
 max-ephones 5
 max-dn 5
 ip source-address 10.150.0.1 port 2000
 cnf-file location flash:
 cnf-file perphone
 hfs enable port 6970
ephone-dn 1
 number 1001
ephone 1
 mac-address 001e.7a00.0001
 type 7961
 button 1:1
end
`

// TestRealBox opens the page of the binary, as `option150 run` serves it: a phone
// boots, its name is typed over SSH, and the box stops, all of it in sight.
func TestRealBox(t *testing.T) {
	w := testbox.New(t, netip.Prefix{}) // its machine "box" stays off: the browser has to have the box's loopback
	here, err := netns.Here()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { here.Close() })
	cable, err := w.LAN.Plug(here, netns.Cable{Interface: "eth0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cable.Unplug() })
	program, err := testbox.Build(w.Dir)
	if err != nil {
		t.Fatal(err)
	}
	w.File("root/nvram/startup-config", []byte(branch), 0o644)
	w.File("settings.toml", fmt.Appendf(nil, "root = %q\n[[interfaces]]\nname = \"GigabitEthernet0/0\"\ndevice = \"eth0\"\nmanaged = true\n[console]\ndevice = \"none\"\n[metrics]\nlisten = \"127.0.0.1:9150\"\n", w.Root), 0o644)
	w.Proc = testbox.Run(t, here, exec.Command(program, "run", "--config", w.Settings()))
	w.Within(patience/3, "no page", func() bool {
		c, err := testbox.DialFrom(here, "tcp4", "127.0.0.1:9150")
		if err == nil {
			c.Close()
		}
		return err == nil
	})

	x := newDesk(t).tab(t)
	x.open("http://127.0.0.1:9150/")
	x.until(isLive + ` && ` + rows + ` === 1 && document.getElementById("sum").innerText === "0 of 1 phone is up"`)
	if s := js[string](x, `document.querySelector("#table tbody").innerText`); !strings.Contains(s, "SEP001E7A000001") || !strings.Contains(s, "unseen") {
		t.Errorf("a phone that was not seen: %q", s)
	}
	mac := macOf(1)
	h := w.Plug("phone", netns.Cable{Interface: "eth0", MAC: mac[:]})
	phone, err := simphone.New(simphone.Spec{MAC: mac, Model: "7961", Load: "SCCP41.9-4-2SR3-1S"}, simphone.Options{In: h.Do})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := phone.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	x.until(`/provisioned/.test(document.querySelector("#table tbody").innerText) && /R25/.test(document.getElementById("causes").innerText)`)
	s := w.Login()
	for _, line := range []string{"configure terminal", "ephone 1", "description Reception", "end"} {
		s.Do(line)
	}
	x.until(`/Reception/.test(document.querySelector("#table tbody").innerText)`)
	x.shot("real", false)
	for path, want := range map[string]string{"phones/SEP001E7A000001": "SEP001E7A000001.cnf.xml", "firmware": "7961", "log": "CONFIG_I", "changes": "description Reception"} {
		x.open("http://127.0.0.1:9150/" + path)
		x.until(isLive + fmt.Sprintf(` && document.getElementById("main").innerText.includes(%q)`, want))
	}
	x.shot("real changes", false)
	x.quiet()

	x.open("http://127.0.0.1:9150/")
	x.until(isLive)
	if _, err := w.Proc.Stop(syscall.SIGTERM, 30*time.Second); err != nil {
		t.Fatal(err)
	}
	x.until(`!document.getElementById("stale").hidden`)
}
