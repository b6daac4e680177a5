package machine

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// branch is what an engineer writes before the first start.
const branch = `hostname Branch
enable secret lab
username lab privilege 15 secret lab
ip dhcp excluded-address 10.150.0.1 10.150.0.9
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 default-router 10.150.0.1
 option 150 ip 10.150.0.1
interface GigabitEthernet0/0
 ip address 10.150.0.1 255.255.255.0
ip http server
telephony-service
 hfs enable port 6970
 max-ephones 5
 max-dn 5
 ip source-address 10.150.0.1 port 2000
ephone-dn 1
 number 1001
ephone 1
 mac-address 001E.7A00.0001
 type 7961
 button 1:1
`

// What is typed at the desk.
const (
	lease  = "ip netns exec desk udhcpc -q -n -f -t 10 -T 1 -i eth1 -O 150 -s ./leased 2>&1 | grep lease.of"
	file   = "ip netns exec desk curl -sS -m 10 http://10.150.0.1:6970/SEP001E7A000001.cnf.xml | head -c 60"
	tftp   = "ip netns exec desk tftp -m binary 10.150.0.1 -c get SEP001E7A000001.cnf.xml got; head -c 60 got"
	shell  = "ip netns exec desk sshpass -p lab ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR lab@10.150.0.1 "
	active = "systemctl is-active option150"
	status = "systemctl show -p ActiveState,SubState,Result,NRestarts,ExecMainStatus option150"
	pid    = "systemctl show -p MainPID --value option150"
)

// TestDebianMachine: installed, started, held back, left by root, misconfigured,
// killed, upgraded, removed, installed again and started anew with the machine,
// the box does what its packaging page says.
func TestDebianMachine(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("not an architecture of a desk")
	}
	dist := t.TempDir()
	m := boot(t, dist)
	one, two := pack(t, dist)
	m.log.Reset()

	m.note("Installed: enabled, and not started.")
	m.do("dpkg -i dist/" + one)
	m.says("systemctl is-enabled option150", "enabled")
	m.says(active, "inactive")

	m.note("First start, as the packaging page has it, while the SSH server of the machine has port 22.")
	write(t, filepath.Join(dist, "branch.cfg"), branch)
	m.do("systemctl start ssh")
	m.do("cp dist/branch.cfg .")
	for _, line := range page(t, "## First start") {
		m.do(line)
	}
	m.says(active, "active")
	m.until("journalctl --no-pager -o cat -u option150 | grep -F ':22'", "22")
	m.do("systemctl stop ssh")
	m.phone("10.150.0.10")
	m.until(shell+"'show services' | grep -i ssh", "running")

	m.note("Who it runs as, with what.")
	m.says("ps -o user= -p $("+pid+")", "option150")
	m.says("grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/$("+pid+")/status", "CapEff:\t0000000000003400", "CapBnd:\t0000000000003400", "NoNewPrivs:\t1", "Seccomp:\t2")

	clients(t, m)
	members(t, m)

	m.note("The console on the terminal that started it, typed as root; then the service starts again.")
	recipe := page(t, "## Console on the terminal")
	for _, line := range recipe[:len(recipe)-1] {
		m.do(line)
	}
	m.says("printf '\\nenable\\nlab\\nconfigure terminal\\nephone 1\\ndescription by hand\\nend\\nwrite memory\\nlogout\\n' | timeout 20 "+recipe[len(recipe)-1], "[OK]")
	m.says("find /var/lib/option150 ! -user option150 | wc -l", "0\n")
	m.do("systemctl start option150")
	m.until(shell+"'show startup-config | include description'", "description by hand")
	m.phone("10.150.0.10")

	m.note("A start that ends by accident is made good; wrong settings are said once.")
	before := m.do(pid)
	m.do("kill -9 $(" + pid + ")")
	m.until(status, "NRestarts=1")
	m.until(active, "active")
	if after := m.do(pid); after == before {
		t.Errorf("still process %s", after)
	}
	m.do("cp -p /etc/option150/option150.toml good.toml; echo 'colour = \"red\"' >> /etc/option150/option150.toml")
	m.try("systemctl restart option150")
	m.until(active, "failed")
	m.do("sleep 5")
	m.says(status, "ActiveState=failed", "Result=exit-code", "NRestarts=0", "ExecMainStatus=78")
	m.says("journalctl --no-pager -o cat -u option150 | grep -c colour", "1\n")
	m.do("cp -p good.toml /etc/option150/option150.toml; systemctl start option150")
	m.until(active, "active")

	m.note("Upgraded while it runs, with settings that an administrator changed.")
	m.do("printf '\\n# of this branch\\n' >> /etc/option150/option150.toml")
	before = m.do(pid)
	m.do("dpkg -i dist/" + two)
	m.until(active, "active")
	if after := m.do(pid); after == before {
		t.Errorf("the old program still runs")
	}
	m.says("option150 version", "1.3.0")
	m.until(shell+"'show version' | head -n 2", "1.3.0")
	m.says("tail -n 1 /etc/option150/option150.toml", "# of this branch")
	m.says("systemctl is-enabled option150", "enabled")
	m.phone("10.150.0.10")

	m.note("Removed and installed again: enabled, with its configuration and its leases.")
	m.do("dpkg -r option150")
	m.says(active, "inactive")
	m.do("dpkg -i dist/" + two)
	m.says("systemctl is-enabled option150", "enabled")

	m.note("The machine is started anew.")
	old := m.leader
	m.try("systemctl reboot")
	m.again(old)
	m.until(active, "active")
	m.phone("10.150.0.10")
	m.until(shell+"'show ip dhcp binding' | grep 10.150", "10.150.0.10")
	m.says("systemctl --failed --no-legend --plain list-units 'option150*' | wc -l", "0\n")

	m.note("An administrator disabled it: an upgrade leaves that so. Purged: nothing is left.")
	m.do("systemctl --quiet disable --now option150; dpkg -i dist/" + one)
	m.says("systemctl is-enabled option150", "disabled")
	m.says(active, "inactive")
	m.do("dpkg -P option150")
	m.says("ls -d /var/lib/option150 /etc/option150 /usr/bin/option150 /etc/systemd/system/option150.service 2>/dev/null | wc -l", "0\n")

	if file := os.Getenv("OPTION150_MACHINE_LOG"); file != "" {
		write(t, file, m.log.String())
	}
}

// phone has its lease and its files.
func (m *machine) phone(addr string) {
	m.t.Helper()
	m.until(lease, "lease of "+addr+", option 150: 0a960001")
	m.until(file, "<device")
	m.says(tftp, "<device")
}

// pack makes the package of the box, and that of its next version from it.
func pack(t *testing.T, dir string) (one, two string) {
	t.Helper()
	top := filepath.Join("..", "..", "..")
	do := func(env []string, name string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	build := func(version, path string) {
		t.Helper()
		do([]string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+version+" -X main.commit=of-the-test", "-o", path, "option150/cmd/option150")
	}
	build("1.2.0", filepath.Join(dir, "option150-linux-"+runtime.GOARCH))
	do(nil, "bash", filepath.Join(top, "packaging", "deb"), runtime.GOARCH, "1.2.0", dir)
	one = "option150_1.2.0_" + runtime.GOARCH + ".deb"

	// The next version: the same package with another program, stored and not
	// compressed, which takes a quarter of a minute less.
	tree := filepath.Join(dir, "next")
	do(nil, "dpkg-deb", "-R", filepath.Join(dir, one), tree)
	build("1.3.0", filepath.Join(tree, "usr/bin/option150"))
	do(nil, "sed", "-i", "s/^Version: .*/Version: 1.3.0/", filepath.Join(tree, "DEBIAN/control"))
	two = "option150_1.3.0_" + runtime.GOARCH + ".deb"
	do(nil, "dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, filepath.Join(dir, two))
	return one, two
}

// page reads the commands below a heading of the packaging page.
func page(t *testing.T, heading string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "packaging", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n"+heading)
	_, rest, found2 := strings.Cut(rest, "\n```\n")
	block, _, found3 := strings.Cut(rest, "\n```")
	if !found || !found2 || !found3 {
		t.Fatalf("the packaging page has no commands below %q", heading)
	}
	return strings.Split(block, "\n")
}
