package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"option150/platform/testkit"
)

// envMain makes the test binary the program.
const envMain = "OPTION150_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(envMain) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// program is the program with arguments, as another process.
func program(t *testing.T, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Env = append(os.Environ(), envMain+"=1")
	return c
}

// TestRootGoesOnAsOwner: started by root on a directory of another user the box
// goes on as that user, opens ports 67 and 69 and leaves nothing of root's behind;
// what an earlier start left is given to the user.
func TestRootGoesOnAsOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		testkit.Missing(t, "root, to become another user")
	}
	if one, err := os.ReadFile("/proc/self/uid_map"); err == nil && strings.HasSuffix(strings.TrimSpace(string(one)), " 1") {
		t.Skip("needs more than one user in its namespace")
	}
	const uid = 54321
	root := t.TempDir()
	for dir := root; dir != filepath.Clean(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) { // the test's are closed to others
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	box := filepath.Join(root, "box")
	for _, dir := range []string{box, filepath.Join(box, "nvram")} {
		if err := os.Mkdir(dir, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(box, uid, uid); err != nil {
		t.Fatal(err)
	}
	// As the box left it when root ran it.
	startup := "hostname Owned\ninterface GigabitEthernet0/0\n ip address 10.0.0.1 255.255.255.0\nip dhcp pool VOICE\n network 10.0.0.0 255.255.255.0\n option 150 ip 10.0.0.1\ntelephony-service\n ip source-address 10.0.0.1 port 2000\n"
	if err := os.WriteFile(filepath.Join(box, "nvram", "startup-config"), []byte(startup), 0o600); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(root, "outside")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(box, "link")); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(root, "settings.toml") // which the user may not read
	text := fmt.Sprintf("root = %q\n[[interfaces]]\nname = \"GigabitEthernet0/0\"\ndevice = \"lo\"\nmanaged = true\n[console]\ndevice = \"stdio\"\n[ssh]\nlisten = \"\"\n", box)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := program(t, "run", "--config", settings)
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	c.Stderr = &said
	if err := c.Start(); err != nil {
		testkit.Missing(t, "a network namespace of its own: "+err.Error())
	}
	lines := bufio.NewScanner(out)
	until := func(want string) string {
		t.Helper()
		var all strings.Builder
		for lines.Scan() {
			all.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), want) {
				return all.String()
			}
		}
		t.Fatalf("no %q in\n%s\n%s", want, all.String(), said.String())
		return ""
	}
	fmt.Fprint(in, "enable\nwrite memory\nshow services\nshow version | include uptime\n")
	services := until("uptime is")
	for _, port := range []string{"udp 67 lo", "tftp         running"} {
		if !strings.Contains(services, port) {
			t.Errorf("no %q in\n%s", port, services)
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	mask := uint64(1<<unix.CAP_NET_BIND_SERVICE | 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_NET_RAW)
	for _, want := range []string{fmt.Sprintf("Uid:\t%d\t%d\t%d\t%d\n", uid, uid, uid, uid), fmt.Sprintf("CapEff:\t%016x\n", mask), fmt.Sprintf("CapPrm:\t%016x\n", mask), "NoNewPrivs:\t1\n"} {
		if !strings.Contains(string(status), want) {
			t.Errorf("no %q in\n%s", want, status)
		}
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if err := c.Wait(); err != nil {
		t.Errorf("%v\n%s", err, said.String())
	}
	if !strings.Contains(said.String(), box+" belongs to 54321: going on as that user") {
		t.Errorf("it says %q", said.String())
	}
	err = filepath.WalkDir(box, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(p)
		if err == nil && d.Type()&fs.ModeSymlink == 0 && info.Sys().(*syscall.Stat_t).Uid != uid {
			t.Errorf("%s belongs to %d", p, info.Sys().(*syscall.Stat_t).Uid)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(outside); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Error("a file outside was given away through a link", err)
	}
}

// TestExitStatus: settings that cannot be used are 78, which starts no other
// try; a file without an end ends.
func TestExitStatus(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, x := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"no such file":         {[]string{"run", "--config", filepath.Join(dir, "absent")}, 78, "no such file"},
		"an unknown key":       {[]string{"run", "--config", file("key", "rot = \"x\"\n")}, 78, "unknown key"},
		"no end":               {[]string{"run", "--config", "/dev/zero"}, 78, "a device, no file"},
		"a terminal":           {[]string{"run", "--config", "/dev/ptmx"}, 78, "a device, no file"},
		"a console nowhere":    {[]string{"run", "--config", file("tty", "[console]\ndevice = \"ttyS0\"\n")}, 78, `as "/dev/ttyS0"`},
		"a certificate no end": {[]string{"run", "--config", file("zero", "root = \""+t.TempDir()+"\"\n[console]\ndevice = \"none\"\n[metrics]\ntls = \"/dev/zero\"\n")}, 78, "a device, no file"},
		"a console no line":    {[]string{"run", "--config", file("null", "root = \"/nowhere\"\n[console]\ndevice = \"/dev/null\"\n")}, 78, "is no serial line"},
		"a console a file":     {[]string{"run", "--config", file("file", "root = \"/nowhere\"\n[console]\ndevice = \"/etc/passwd\"\n")}, 78, "is no serial line"},
		"metrics for many":     {[]string{"run", "--config", file("many", "[metrics]\nlisten = \"224.0.0.1:9150\"\n")}, 78, "nobody can listen"},
		"metrics half a login": {[]string{"run", "--config", file("half", "[metrics]\nuser = \"noc\"\n")}, 78, "go together"},
		"metrics password":     {[]string{"run", "--config", file("clear", "[metrics]\nuser = \"noc\"\npassword = \"clear\"\n")}, 78, "a hash is needed"},
		"metrics certificate":  {[]string{"run", "--config", file("cert", "root = \""+t.TempDir()+"\"\n[console]\ndevice = \"none\"\n[metrics]\ntls = \"/nonexistent.pem\"\n")}, 78, "no certificate with its key"},
		"metrics no address":   {[]string{"run", "--config", file("where", "[metrics]\nlisten = \"somewhere\"\n")}, 78, "is not address:port"},
		"a root of nobody":     {[]string{"run", "--config", file("root", "root = \"/proc/nowhere\"\n")}, 1, "cannot be made"},
		"a check no end":       {[]string{"check", "/dev/zero"}, 1, "larger than"},
	} {
		out, err := program(t, x.args...).CombinedOutput()
		status := 0
		if e, ok := err.(*exec.ExitError); ok {
			status = e.ExitCode()
		}
		if status != x.status || !strings.Contains(string(out), x.says) {
			t.Errorf("%s: status %d, %q", name, status, out)
		}
	}
}
