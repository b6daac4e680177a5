package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"option150/cmd/option150/testbox"
	"option150/platform/netns"
)

// once runs the binary where the test is and returns what it said.
func once(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(), args...)
	cmd.WaitDelay = 10 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// oneLine checks that a refusal is one line and says what it should.
func oneLine(t *testing.T, text string, want ...string) {
	t.Helper()
	if strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "option150: ") {
		t.Errorf("not one line:\n%s", text)
	}
	for _, s := range want {
		if !strings.Contains(text, s) {
			t.Errorf("no %q in %q", s, text)
		}
	}
}

// TestBadSettingsAreRefusedInOneLine: an unknown key with its line, a value
// that is none, a device that does not exist, a root that cannot be used, a
// file that is not there.
func TestBadSettingsAreRefusedInOneLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root := "root = \"" + dir + "/root\"\n"
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("no directory"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"unknown key":       {root + "\n[ssh]\nport = 22\n", []string{"settings.toml", "line 4", `"ssh.port"`}},
		"no TOML":           {"root = \n", []string{"settings.toml", "line 1"}},
		"bad address":       {root + "[ssh]\nlisten = \"everywhere\"\n", []string{"ssh.listen", `"everywhere"`}},
		"no such device":    {root + "[[interfaces]]\nname = \"gi0/0\"\ndevice = \"eth99\"\n", []string{"GigabitEthernet0/0", `"eth99"`}},
		"root is a file":    {"root = \"" + file + "\"\n", []string{file, "not a directory"}},
		"root is forbidden": {"root = \"/proc/option150\"\n", []string{"/proc/option150"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "settings.toml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			out, errs, status := once(t, "run", "--config", path)
			want := 78 // no other start helps
			if name == "no such device" || strings.HasPrefix(name, "root is") {
				want = 1
			}
			if status != want || out != "" {
				t.Errorf("status %d, want %d\n%s", status, want, out)
			}
			oneLine(t, errs, c.want...)
		})
	}
	_, errs, status := once(t, "run", "--config", filepath.Join(dir, "absent.toml"))
	if status != 78 {
		t.Errorf("status %d", status)
	}
	oneLine(t, errs, "absent.toml", "no such file")
}

// TestUnreadableRootIsRefusedInOneLine: the directory belongs to somebody
// else.
func TestUnreadableRootIsRefusedInOneLine(t *testing.T) {
	t.Parallel()
	netns.Need(t)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "root"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "root", "nvram"), 0); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "settings.toml")
	if err := os.WriteFile(path, []byte("root = \""+dir+"/root\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := helperCommand(t, "powerless", "run", "--config", path)
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v", err)
	}
	oneLine(t, string(out), dir+"/root", "permission denied")
}

// TestWithoutPrivilegesItComesUp: no capability at all, SSH on a high port. The
// box is there to be asked; what needs a privilege says so in one line and
// what does not works.
func TestWithoutPrivilegesItComesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{off: true, unmanaged: true, settings: "[ssh]\nlisten = \"0.0.0.0:2222\"\n",
		config: strings.Replace(branch, "ip http server\n", "ip http port 8080\nip http server\n", 1)})
	w.Proc = w.run(helperCommand(t, "powerless", "run", "--config", w.Settings()))
	var s *testbox.Shell
	w.Within(15*time.Second, "no SSH on 2222", func() bool {
		if w.Proc.Ended() {
			t.Fatalf("it ended:\n%s", w.Proc.Out.String())
		}
		conn, err := testbox.DialFrom(w.Desk, "tcp4", "10.150.0.1:2222")
		if err != nil {
			return false
		}
		c, err := testbox.Login(conn, "lab", "lab")
		if err != nil {
			t.Fatal(err)
		}
		s = testbox.NewShell(t, c)
		return true
	})
	services := s.Do("show services")
	for _, service := range []string{"tftp", "dhcp"} {
		if !regexp.MustCompile(`(?m)^` + service + ` +failed .*(permission denied|not permitted)`).MatchString(services) {
			t.Errorf("%s does not say why it failed:\n%s", service, services)
		}
	}
	log := s.Do("show logging")
	for _, service := range []string{"TFTP", "DHCP"} {
		if n := len(regexp.MustCompile(`(?im)-3-.*\b`+service+`\b`).FindAllString(log, -1)); n != 1 {
			t.Errorf("%d lines in the log say that %s failed:\n%s", n, service, log)
		}
	}
	for _, url := range []string{"http://10.150.0.1:8080/", "http://10.150.0.1:6970/SEP001E7A000001.cnf.xml"} {
		if status, _ := w.get(url); status != 200 {
			t.Errorf("%s answers %d", url, status)
		}
	}
	// Nothing is lost: the lines are still configured, and may be saved.
	if a := s.Do("write memory"); !strings.Contains(a, "[OK]") {
		t.Errorf("write memory:\n%s", a)
	}
	w.Saved("ip dhcp pool VOICE", " hfs enable port 6970")
}

// TestDiskFullKeepsThePreviousFile: one clear line, the startup-config on the
// disk stays whole, and the next try with room succeeds.
func TestDiskFullKeepsThePreviousFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{off: true})
	nvram := filepath.Join(w.Root, "nvram")
	cmd := helperCommand(t, "small-disk", nvram, "run", "--config", w.Settings())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	w.Proc = w.run(cmd)
	w.AwaitSSH()
	s := w.Login()
	if a := s.Do("write memory"); !strings.Contains(a, "[OK]") {
		t.Fatalf("write memory with room:\n%s", a)
	}
	// The disk as the box sees it.
	disk := filepath.Join("/proc", itoa(w.Proc.Cmd.Process.Pid), "root", nvram)
	read := func() string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(disk, "startup-config"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := read()
	filler := filepath.Join(disk, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	f.Close()
	s.Configure("hostname Full")
	a := s.Do("write memory")
	if !strings.HasSuffix(strings.TrimPrefix(a, "Building configuration...\n"), "% startup-config file write failed (No space left on device)\n") || strings.Contains(a, "[OK]") {
		t.Errorf("it answers\n%s", a)
	}
	if after := read(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if s.Prompt != "Full#" {
		t.Errorf("the change in force is lost: %q", s.Prompt)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if a := s.Do("write memory"); !strings.Contains(a, "[OK]") || !strings.Contains(read(), "hostname Full\n") {
		t.Errorf("with room again:\n%s", a)
	}
	if names, _ := filepath.Glob(filepath.Join(disk, "*tmp*")); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

// TestDiskLowIsSaid: a flash: with little room is told of before it is full, and shown.
func TestDiskLowIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{off: true})
	flash := filepath.Join(w.Root, "flash")
	if err := os.WriteFile(filepath.Join(flash, "large.sbn"), make([]byte, diskSize-100<<10), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := helperCommand(t, "small-disk", flash, "run", "--config", w.Settings())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	w.Proc = w.run(cmd)
	w.AwaitSSH()
	s := w.Login()
	w.Within(20*time.Second, "nothing is said", func() bool {
		return strings.Contains(s.Do("show logging"), "%SYS-4-DISK_LOW: flash: has 0 of 1 MB left")
	})
	row := regexp.MustCompile(`(?m)^\* +1048576 +(\d+) +disk`).FindStringSubmatch(s.Do("show file systems"))
	if len(row) == 0 || len(row[1]) > 5 {
		t.Errorf("show file systems: %q", row)
	}
}

// TestCheckPrintsWhatItWouldDo: the last line scripts read, and status 1 when
// a line is rejected.
func TestCheckPrintsWhatItWouldDo(t *testing.T) {
	t.Parallel()
	last := regexp.MustCompile(`^lines (\d+) implemented (\d+) carried (\d+) rejected (\d+) findings (\d+)$`)
	for name, c := range map[string]struct {
		text   string
		status int
		counts []string // "" = any
	}{
		"clean":    {branch, 0, []string{"", "", "0", "0", ""}},
		"carried":  {"version 15.2\nhostname R\nip route 0.0.0.0 0.0.0.0 10.0.0.1\nrouter ospf 1\n network 10.0.0.0 0.0.0.255 area 0\nend\n", 0, []string{"5", "3", "2", "0", ""}},
		"rejected": {"hostname R\nip http port 99999\nip http server\nend\n", 1, []string{"3", "2", "0", "1", ""}},
		"clash":    {"ip http server\nip http port 6970\ntelephony-service\n hfs enable port 6970\nend\n", 1, []string{"", "", "0", "1", ""}},
		"empty":    {"", 0, []string{"0", "0", "0", "0", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "router.cfg")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			out, errs, status := once(t, "check", path)
			if status != c.status || errs != "" {
				t.Errorf("status %d, want %d\n%s%s", status, c.status, out, errs)
			}
			m := last.FindStringSubmatch(lastLine(out))
			if m == nil {
				t.Fatalf("the last line is %q", lastLine(out))
			}
			for i, want := range c.counts {
				if want != "" && m[i+1] != want {
					t.Errorf("want %v in %q\n%s", c.counts, m[0], out)
					break
				}
			}
		})
	}
	_, errs, status := once(t, "check", "/nowhere/router.cfg")
	if status != 1 {
		t.Errorf("status %d", status)
	}
	oneLine(t, errs, "/nowhere/router.cfg")
	if _, errs, status := once(t, "check"); status != 2 || errs != "usage: option150 check FILE\n" {
		t.Errorf("status %d: %s", status, errs)
	}
}

// TestCommandLine: version, help, and what is no command.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	out, _, status := once(t, "version")
	if status != 0 || !regexp.MustCompile(`^option150 \S+ commit \S+ go1\.\S+ linux/\w+\n$`).MatchString(out) {
		t.Errorf("version: status %d, %q", status, out)
	}
	if _, errs, status := once(t, "frobnicate"); status != 2 || !strings.HasPrefix(errs, "option150: unknown command \"frobnicate\"\n") || !strings.Contains(errs, "usage: option150 lab") {
		t.Errorf("unknown: status %d\n%s", status, errs)
	}
	if _, errs, status := once(t); status != 2 || !strings.Contains(errs, "usage: option150 lab") {
		t.Errorf("nothing: status %d\n%s", status, errs)
	}
	if out, _, status := once(t, "help"); status != 0 || !strings.Contains(out, "option150 check FILE") {
		t.Errorf("help: status %d\n%s", status, out)
	}
	if _, errs, status := once(t, "run", "--nonsense"); status != 2 || !strings.Contains(errs, "nonsense") {
		t.Errorf("flag: status %d\n%s", status, errs)
	}
}
