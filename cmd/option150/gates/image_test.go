package gates

import (
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"option150/cmd/option150/testbox"
)

// TestBoardImage: what `make release` makes for small boards has its files where
// the board looks for them, and at its first start the box asks for its
// configuration on the serial port.
func TestBoardImage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: "none", console: "CONSOLE", off: true})
	c := newCable(w)
	c.plug()
	dir := filepath.Join(w.Dir, "dist")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary(), filepath.Join(dir, "option150-linux-"+runtime.GOARCH)); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "option150-image-"+runtime.GOARCH)
	pack := func() (sum [sha256.Size]byte) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "bash", filepath.Join("..", "..", "..", "packaging", "image"), runtime.GOARCH, "1.2.3", dir, "ttyAMA0", "9600")
		cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		b, err := os.ReadFile(name + ".tar.gz")
		if err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(b)
	}
	if first, again := pack(), pack(); first != again {
		t.Error("the same files, other bytes")
	}
	for path, mode := range map[string]os.FileMode{"usr/bin/option150": 0o755, "usr/lib/systemd/system/option150.service": 0o644, "usr/lib/sysusers.d/option150.conf": 0o644,
		"etc/systemd/system/option150.service.d/serial-console.conf": 0o644, "etc/option150/option150.toml": 0o644, "OPTION150-IMAGE.md": 0o644} {
		if i, err := os.Stat(filepath.Join(name, path)); err != nil || i.Mode() != mode {
			t.Errorf("%s: %v, %v", path, i, err)
		}
	}
	for link, to := range map[string]string{"serial-getty@ttyAMA0.service": "/dev/null", "multi-user.target.wants/option150.service": "/usr/lib/systemd/system/option150.service"} {
		if x, err := os.Readlink(filepath.Join(name, "etc/systemd/system", link)); err != nil || x != to {
			t.Errorf("%s: %q, %v", link, x, err)
		}
	}
	settings := filepath.Join(name, "etc/option150/option150.toml")
	b, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, line := range []string{"root = \"/var/lib/option150\"\n", "device = \"/dev/ttyAMA0\"\n", "speed  = 9600\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("the settings have no %q:\n%s", line, text)
		}
	}

	// The board's port and directory are the only things that are other here.
	text = strings.NewReplacer("/dev/ttyAMA0", c.box, "/var/lib/option150", filepath.Join(w.Dir, "board")).Replace(text)
	if err := os.Mkdir(filepath.Join(w.Dir, "board"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s := c.open()
	w.Proc = testbox.Run(t, w.Box, exec.Command(filepath.Join(name, "usr/bin/option150"), "run", "--config", settings))
	s.Sees("Would you like to enter the initial configuration dialog? [yes/no]: ")
	s.Send("no\r")
	s.Answer()
	if s.Prompt != "Router>" {
		t.Errorf("the prompt is %q", s.Prompt)
	}
	if out := s.Do("show ip interface brief"); !strings.Contains(out, "GigabitEthernet0/0") {
		t.Errorf("no interface:\n%s", out)
	}
}
