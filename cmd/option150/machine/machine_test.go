package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"option150/platform/testkit"
)

// envRoot names the root directory of the Debian that is used instead of the one
// the test runs on.
const envRoot = "OPTION150_MACHINE"

// machine is a Debian with systemd.
type machine struct {
	t      *testing.T
	nspawn *exec.Cmd // the namespaces around systemd-nspawn, which end with it
	leader int       // process 1 of the machine, as seen from outside
	log    strings.Builder
}

// layer makes the machine's file system and starts it. $1 is an empty directory,
// $2 the root directory below the overlay, $3 what is laid over it, $4 a
// directory shown at /srv/dist, $5 a name: control groups of its own keep two runs
// apart.
const layer = `
for h in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
	if [ -e $h/cgroup.procs ]; then mkdir -p $h/$5; echo $$ > $h/$5/cgroup.procs; fi
done
mount -t tmpfs -o mode=755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o lowerdir="$2",upperdir="$1/upper",workdir="$1/work" overlay "$1/root"
cd "$1/root"
rm -rf etc/systemd/system/*.wants etc/systemd/system/ssh* etc/rc?.d etc/fstab usr/sbin/policy-rc.d var/lib/systemd/linger var/lib/option150 etc/option150
cp -R "$3/." .
[ -e etc/ssh/ssh_host_ed25519_key ] || ! [ -e usr/bin/ssh-keygen ] || ssh-keygen -q -t ed25519 -N '' -f etc/ssh/ssh_host_ed25519_key
mkdir -p srv/dist
again=133 # what it ends with when the machine is started anew
while [ $again = 133 ]; do
	again=0
	systemd-nspawn --quiet --directory="$1/root" --boot --register=no --keep-unit --private-network --hostname=branch \
		--link-journal=no --console=pipe --bind-ro="$4:/srv/dist" || again=$?
done
`

// lan is the branch: the interface of the machine, and a phone at the other end
// of its cable.
const lan = `[Unit]
Description=The LAN of the branch
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target network.target
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=ip netns add desk
ExecStart=ip link add eth0 type veth peer name eth1 netns desk address 00:1e:7a:00:00:01
ExecStart=ip addr add 10.150.0.1/24 dev eth0
ExecStart=ip link set eth0 up
ExecStart=ip -n desk link set lo up
ExecStart=ip -n desk link set eth1 up
`

// leased is what udhcpc does with a lease.
const leased = `#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr flush dev "$interface"
ip addr add "$ip/$mask" dev "$interface"
echo "lease of $ip, option 150: $opt150"
`

// boot starts the machine; dist is shown to it at /srv/dist.
func boot(t *testing.T, dist string) *machine {
	t.Helper()
	if os.Geteuid() != 0 || !initialUsers() {
		testkit.Missing(t, "a machine with systemd needs root: run the test as root of this machine")
	}
	testkit.NeedProgram(t, "systemd-nspawn", "systemd-container")
	root := os.Getenv(envRoot)
	if root == "" {
		root = "/"
		for program, pkg := range map[string]string{"sshd": "openssh-server", "udhcpc": "udhcpc", "curl": "curl", "tftp": "tftp-hpa", "sshpass": "sshpass", "telnetd": "telnetd", "ip": "iproute2"} {
			testkit.NeedProgram(t, program, pkg)
		}
		testkit.NeedFile(t, "/lib/systemd/systemd", "systemd")
	}
	dir, seed := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{
		"etc/systemd/system/branch-lan.service": lan,
		"etc/machine-id":                        strings.Repeat("150a", 8) + "\n",
		"srv/leased":                            leased,
	} {
		write(t, filepath.Join(seed, name), content)
	}
	wants := filepath.Join(seed, "etc/systemd/system/sysinit.target.wants")
	if err := errors.Join(os.MkdirAll(wants, 0o755), os.Symlink("../branch-lan.service", filepath.Join(wants, "branch-lan.service"))); err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t}
	m.nspawn = exec.Command("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
		"bash", "-euc", layer, "layer", dir, root, seed, dist, m.group())
	var said bytes.Buffer
	m.nspawn.Stdout, m.nspawn.Stderr = &said, &said
	m.nspawn.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := m.nspawn.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = m.nspawn.Wait(); close(ended) }()
	t.Cleanup(func() {
		if t.Failed() && m.leader != 0 {
			_, _ = m.try("journalctl --no-pager -o cat -u option150 | tail -n 60")
			t.Logf("typed on the machine:\n%s", m.log.String())
		}
		_ = m.nspawn.Process.Kill() // and all below it, which is in a namespace of its processes
		<-ended
		m.groupsGo()
	})
	for limit := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		select {
		case <-ended:
			if strings.Contains(said.String(), "ermission denied") || strings.Contains(said.String(), "not permitted") {
				testkit.Missing(t, "a machine with systemd cannot be started here: "+strings.TrimSpace(said.String()))
			}
			t.Fatalf("the machine did not start: %s", said.String())
		default:
		}
		if m.running() {
			return m
		}
		if time.Now().After(limit) {
			t.Fatalf("the machine is not up after a minute: %s", said.String())
		}
	}
}

// initialUsers reports that this is no user namespace: root is root.
func initialUsers() bool {
	b, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && strings.Join(strings.Fields(string(b)), " ") == "0 0 4294967295"
}

// running looks for process 1 of the machine and asks it whether all is started.
func (m *machine) running() bool {
	m.leader = systemd(m.nspawn.Process.Pid)
	if m.leader == 0 {
		return false
	}
	out, _ := m.run("systemctl is-system-running")
	return out == "running\n" || out == "degraded\n"
}

// systemd finds a process of that name below one.
func systemd(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, f := range strings.Fields(string(b)) {
		child, err := strconv.Atoi(f)
		if err != nil {
			continue
		}
		if comm, err := os.ReadFile("/proc/" + f + "/comm"); err == nil && string(comm) == "systemd\n" {
			return child
		}
		if found := systemd(child); found != 0 {
			return found
		}
	}
	return 0
}

// again waits until the machine has started anew after a process 1 that was.
func (m *machine) again(old int) {
	m.t.Helper()
	for limit := time.Now().Add(time.Minute); !m.running() || m.leader == old; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(limit) {
			m.t.Fatal("the machine is not up again after a minute")
		}
	}
}

// group is the name of the control groups of the machine.
func (m *machine) group() string { return fmt.Sprintf("option150-machine-%d", os.Getpid()) }

// groupsGo removes the control groups of the machine, the inner ones first.
func (m *machine) groupsGo() {
	for _, h := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"} {
		top := filepath.Join(h, m.group())
		for range 100 { // processes of the machine end a moment after their process 1
			if _, err := os.Stat(top); err != nil {
				break
			}
			_ = exec.Command("find", top, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";").Run()
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// run types a line on the machine, as root.
func (m *machine) run(line string) (string, int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", "-t", strconv.Itoa(m.leader), "-m", "-u", "-i", "-n", "-p", "-C", "--",
		"env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
		"sh", "-c", "cd /srv; "+line)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		m.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// try is run, and the log has it.
func (m *machine) try(line string) (string, int) {
	out, status := m.run(line)
	m.log.WriteString("root@branch:/srv# " + line + "\n" + out)
	if out != "" && !strings.HasSuffix(out, "\n") {
		m.log.WriteString("\n")
	}
	return out, status
}

// do is try for lines that work.
func (m *machine) do(line string) string {
	m.t.Helper()
	out, status := m.try(line)
	if status != 0 {
		m.t.Fatalf("%s: status %d\n%s", line, status, out)
	}
	return out
}

// says is do for lines whose answer has a text.
func (m *machine) says(line string, want ...string) string {
	m.t.Helper()
	out, _ := m.try(line)
	for _, w := range want {
		if !strings.Contains(out, w) {
			m.t.Errorf("%s does not say %q:\n%s", line, w, out)
		}
	}
	return out
}

// until types a line until its answer has a text; the log has the last answer.
func (m *machine) until(line, want string) {
	m.t.Helper()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if out, _ := m.run(line); strings.Contains(out, want) {
			break
		}
		if time.Now().After(limit) {
			out, _ := m.try(line)
			m.t.Fatalf("%s does not say %q within a minute:\n%s", line, want, out)
		}
	}
	m.try(line)
}

// note is a line of the log between what is typed.
func (m *machine) note(format string, args ...any) { fmt.Fprintf(&m.log, "\n# "+format+"\n", args...) }

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o755)); err != nil {
		t.Fatal(err)
	}
}
