package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
)

// TestManagedInterfaceFromTheConsole: a box as it comes, no startup
// configuration, an operator at the console. `ip address` sets the address,
// `shutdown` takes the interface down, a user opens SSH.
func TestManagedInterfaceFromTheConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{off: true, config: "none"})
	text, err := os.ReadFile(w.Settings())
	if err != nil {
		t.Fatal(err)
	}
	w.file("settings.toml", []byte(strings.Replace(string(text), `device = "none"`, `device = "stdio"`, 1)))
	s, p := w.terminal(exec.Command(binary(), "run", "--config", w.Settings()))
	w.Proc = p
	if text, err := s.Out.Take(testbox.AnswerTime, func(x string) bool {
		return strings.HasSuffix(x, "Would you like to enter the initial configuration dialog? [yes/no]: ")
	}); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if _, err := s.In.Write([]byte("no\r")); err != nil {
		t.Fatal(err)
	}
	s.Answer()
	if s.Prompt != "Router>" {
		t.Fatalf("the prompt is %q", s.Prompt)
	}
	if s.Do("enable"); s.Prompt != "Router#" {
		t.Fatalf("enable leads to %q", s.Prompt)
	}
	if _, err := testbox.DialFrom(w.Box, "tcp4", "127.0.0.1:22"); err == nil {
		t.Error("SSH is open although there is no user")
	}
	addresses := func(want string, there bool) {
		t.Helper()
		w.Within(3*time.Second, "the address "+want+" is wrong", func() bool {
			out, err := w.on(w.Box, "/usr/bin/env", "cat", "/proc/net/fib_trie")
			return err == nil && strings.Contains(out, "|-- "+want+"\n") == there
		})
	}
	s.Do("configure terminal")
	s.Silent("no logging console", "interface GigabitEthernet0/0", "ip address 10.150.0.1 255.255.255.0")
	addresses("10.150.0.1", true)
	s.Silent("ip address 10.150.0.2 255.255.255.0")
	addresses("10.150.0.2", true)
	addresses("10.150.0.1", false)
	s.Silent("ip address 10.150.0.1 255.255.255.0", "exit", "username lab privilege 15 secret lab", "line vty 0 4", "login local")
	w.AwaitSSH()
	if a := w.Exec("show ip interface brief"); !strings.Contains(a, "GigabitEthernet0/0         10.150.0.1      YES manual up                    up") {
		t.Errorf("it shows\n%s", a)
	}
	s.Do("interface GigabitEthernet0/0")
	s.Do("shutdown")
	w.Within(3*time.Second, "the interface is up", func() bool {
		return strings.Contains(s.Do("do show ip interface brief"), "administratively down down")
	})
	if c, err := w.Dial("tcp4", "10.150.0.1:22"); err == nil {
		c.Close()
		t.Error("the box answers over an interface that is shut down")
	}
	s.Do("no shutdown")
	w.Within(5*time.Second, "the box does not answer", func() bool {
		c, err := w.Dial("tcp4", "10.150.0.1:22")
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	s.Do("end")
}

// TestUnmanagedInterfaceIsLeftAlone: the host's address stays, the line is
// kept, and the audit says that they differ.
func TestUnmanagedInterfaceIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{unmanaged: true, config: strings.Replace(branch, "ip address 10.150.0.1 ", "ip address 10.150.0.77 ", 1)})
	run := w.Exec("show running-config interface GigabitEthernet0/0")
	if !strings.Contains(run, " ip address 10.150.0.77 255.255.255.0\n") {
		t.Errorf("the line is lost:\n%s", run)
	}
	if a := w.Exec("show ip interface brief"); !strings.Contains(a, "10.150.0.1 ") || strings.Contains(a, "10.150.0.77") {
		t.Errorf("it shows\n%s", a)
	}
	audit := w.Exec("show provisioning audit")
	if !strings.Contains(audit, "10.150.0.77") || !strings.Contains(audit, "not managed") {
		t.Errorf("the audit says\n%s", audit)
	}
	w.Login().Configure("interface GigabitEthernet0/0", "ip address 10.150.0.1 255.255.255.0")
	if audit := w.Exec("show provisioning audit"); strings.Contains(audit, "not managed") {
		t.Errorf("they agree, but the audit says\n%s", audit)
	}
}
