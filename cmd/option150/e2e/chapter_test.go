package e2e

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/ether"
	"option150/platform/netns"
	"option150/platform/testkit"
	"option150/telephony/simphone"
)

// The boxes before the page begins: the second has neither pool nor phones.
const (
	chapterBox = `hostname %[1]s
enable secret lab
username lab privilege 15 secret lab
interface GigabitEthernet0/0
 ip address %[2]s 255.255.255.0
ip http server
%[3]sline vty 0 15
 login local
end
`
	chapterPhones = `ip dhcp excluded-address 10.150.0.1 10.150.0.99
ip dhcp ping packets 0
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 default-router 10.150.0.1
 option 150 ip 10.150.0.11 10.150.0.12
 lease 0 8
telephony-service
 max-ephones 10
 max-dn 10
 ip source-address 10.150.0.30 port 2000
 cnf-file location flash:
 cnf-file perphone
 hfs enable port 6970
ephone-dn  1
 number 1001
ephone  1
 mac-address 001e.7a00.0001
 type 7961
 button  1:1
ephone  2
 mac-address 001e.7a00.0002
 type 7961
 button  1:1
`
)

var (
	shBlock      = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	consoleLines = regexp.MustCompile("(?m)^(HQ-[12])\\(config[\\w-]*\\)#(.*)\n((?:%.*\n)*)")
)

// chapter is a page with its blocks.
type chapter struct {
	t    *testing.T
	text string
}

// sh is the one block that has a word.
func (c chapter) sh(word string) string {
	c.t.Helper()
	for _, m := range shBlock.FindAllStringSubmatch(c.text, -1) {
		if strings.Contains(m[1], word) {
			return m[1]
		}
	}
	c.t.Fatalf("the page has no block with %q", word)
	return ""
}

// below has a block do what it does below a directory, as who runs it. What is to be
// replaced has to be there: else the page says something else than is tried.
func (c chapter) below(block string, replace ...string) string {
	c.t.Helper()
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(block, replace[i]) {
			c.t.Fatalf("the block does not have %q:\n%s", replace[i], block)
		}
	}
	return strings.NewReplacer(replace...).Replace(block)
}

// TestTwoBoxesInTenCommands types what docs/pair.md says: the certificates, three members
// of etcd, and ten commands on two boxes. Phones are served then, by both, also when
// the machine of the first is dead, with its box and its member.
func TestTwoBoxesInTenCommands(t *testing.T) {
	t.Parallel()
	etcd := testkit.NeedProgram(t, "etcd", "etcd-server")
	testkit.NeedProgram(t, "etcdctl", "etcd-client")
	testkit.NeedProgram(t, "openssl", "openssl")
	text, err := os.ReadFile("../../../docs/pair.md")
	if err != nil {
		t.Fatal(err)
	}
	page := chapter{t, string(text)}
	w := &world{testbox.New(t, netip.MustParsePrefix("10.150.0.1/24"))}
	shell := func(h *netns.Host, dir, script string) string {
		t.Helper()
		cmd := exec.Command("bash", "-eu", "-c", script)
		cmd.Dir = dir
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := h.Start(cmd); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%v\n%s\n%s", err, script, out.String())
		}
		return out.String()
	}

	// Certificates, and a member on each of three machines.
	keys := filepath.Join(w.Dir, "keys")
	if err := os.Mkdir(keys, 0o700); err != nil {
		t.Fatal(err)
	}
	shell(w.Desk, keys, page.sh("openssl req"))
	addrs := []string{"10.150.0.11", "10.150.0.12", "10.150.0.20"}
	hosts, members := map[string]*netns.Host{}, map[string]*testbox.Process{}
	for _, a := range addrs {
		h := w.Host("machine "+a, netip.PrefixFrom(netip.MustParseAddr(a), 24))
		root := filepath.Join(w.Dir, a)
		for _, d := range []string{"etc/default", "var/lib/etcd"} {
			if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		block := page.below(page.sh("/etc/default/etcd"), "A=10.150.0.11\n", "A="+a+"\n", "apt-get install -y etcd-server etcd-client\n", "", "systemctl enable etcd\n", "", "systemctl restart --no-block etcd\n", "",
			" -o etcd -g etcd", "", "/etc/", root+"/etc/", "/var/lib/etcd/", root+"/var/lib/etcd/")
		if a != addrs[2] {
			block += page.below(page.sh("/nvram/fleet-ca.pem"), " -o option150 -g option150", "", "/var/lib/option150/", root+"/")
		}
		shell(h, keys, block)
		conf, err := os.ReadFile(filepath.Join(root, "etc/default/etcd"))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(etcd, "--log-level", "error") // as the unit of Debian starts it
		cmd.Env = append(os.Environ(), strings.Fields(string(conf))...)
		hosts[a], members[a] = h, testbox.Run(t, h, cmd)
	}
	health := page.sh("endpoint health")
	w.Within(60*time.Second, "the members are not healthy", func() bool {
		cmd := exec.Command("bash", "-c", "A=10.150.0.11\n"+health)
		cmd.Dir = keys
		return w.Desk.Start(cmd) == nil && cmd.Wait() == nil
	})

	// The two boxes.
	boxes := map[string]*cluster{}
	for i, more := range []string{chapterPhones, ""} {
		name, a := fmt.Sprintf("HQ-%d", i+1), addrs[i]
		w.file(a+"/nvram/startup-config", fmt.Appendf(nil, chapterBox, name, a, more))
		w.file(a+"/flash/.keep", nil)
		w.file(a+".toml", fmt.Appendf(nil, "root = %q\n[[interfaces]]\nname = \"GigabitEthernet0/0\"\ndevice = \"eth0\"\nmanaged = false\n[console]\ndevice = \"none\"\n", filepath.Join(w.Dir, a)))
		boxes[name] = &cluster{w: w, host: hosts[a], addr: a, proc: testbox.Run(t, hosts[a], exec.Command(binary(), "run", "--config", filepath.Join(w.Dir, a+".toml")))}
		w.Within(15*time.Second, name+" does not answer", func() bool {
			c, err := w.Dial("tcp4", a+":22")
			if err == nil {
				c.Close()
			}
			return err == nil
		})
	}
	typed, all := map[string][][]string{}, 0
	for _, m := range consoleLines.FindAllStringSubmatch(page.text, -1) {
		typed[m[1]] = append(typed[m[1]], m[2:])
		all++
	}
	if all != 10 {
		t.Fatalf("the page has %d commands: %q", all, typed)
	}
	for _, name := range []string{"HQ-1", "HQ-2"} {
		s := boxes[name].shell()
		s.Do("configure terminal")
		for _, line := range typed[name] {
			if a := strings.TrimSpace(s.Do(line[0])); a != strings.TrimSpace(line[1]) {
				t.Errorf("%s: %s: %s\nnot %s", name, line[0], a, line[1])
			}
		}
		s.Do("end")
	}
	show := func(name, command string, want ...string) {
		t.Helper()
		text := ""
		w.Within(60*time.Second, name+": "+command+" does not show "+strings.Join(want, ", "), func() bool {
			text = boxes[name].exec(command)
			for _, s := range want {
				if !strings.Contains(text, s) {
					return false
				}
			}
			return !strings.Contains(text, "New clients get nothing")
		})
	}
	show("HQ-2", "show fleet configuration", "In force: yes", "those of box HQ-1")
	show("HQ-1", "show fleet", "nvram:fleet-ca.pem", "Access: certificate nvram:fleet-certificate.pem", "2 there")
	for name := range boxes {
		show(name, "show fleet bindings", "Engine: answers", "HQ-1 ", "HQ-2 ")
	}

	// Phones boot; then the machine of the first box dies.
	boot := func(n byte) netip.Addr {
		t.Helper()
		mac := ether.MAC{0x00, 0x1e, 0x7a, 0, 0, n}
		host := w.Plug(mac.Device()+" at "+time.Now().Format("15:04:05.000"), netns.Cable{MAC: net.HardwareAddr(mac[:])})
		defer host.Close()
		p, err := simphone.New(simphone.Spec{MAC: mac, Model: "7961"}, simphone.Options{In: host.Do})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		o, err := p.Boot(ctx)
		if err != nil || o.Kind != simphone.Provisioned {
			t.Fatalf("phone %d: %+v, %v", n, o, err)
		}
		return o.Lease.Addr.Addr()
	}
	before := boot(1)
	for _, kill := range []*testbox.Process{boxes["HQ-1"].proc, members["10.150.0.11"]} {
		kill.Kill()
	}
	show("HQ-2", "show fleet boxes", "HQ-1", "gone")
	if after := boot(1); after != before {
		t.Errorf("the first box is dead: the phone that had %s has %s", before, after)
	}
	if other := boot(2); other == before {
		t.Errorf("a new phone has the address of another, %s", other)
	}
}
