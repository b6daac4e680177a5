package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestManagedInterfaceFromTheConsole: a box as it comes, no startup
// configuration, an operator at the console. `ip address` sets the address,
// `shutdown` takes the interface down, a user opens SSH.
func TestManagedInterfaceFromTheConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{off: true, config: "none"})
	text, err := os.ReadFile(w.settings())
	if err != nil {
		t.Fatal(err)
	}
	w.file("settings.toml", []byte(strings.Replace(string(text), `device = "none"`, `device = "stdio"`, 1)))
	s, p := w.terminal(exec.Command(binary(), "run", "--config", w.settings()))
	w.proc = p
	if text, err := s.out.take(answerTime, func(x string) bool {
		return strings.HasSuffix(x, "Would you like to enter the initial configuration dialog? [yes/no]: ")
	}); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if _, err := s.in.Write([]byte("no\r")); err != nil {
		t.Fatal(err)
	}
	s.answer()
	if s.prompt != "Router>" {
		t.Fatalf("the prompt is %q", s.prompt)
	}
	if s.do("enable"); s.prompt != "Router#" {
		t.Fatalf("enable leads to %q", s.prompt)
	}
	if _, err := dialFrom(w.box, "tcp4", "127.0.0.1:22"); err == nil {
		t.Error("SSH is open although there is no user")
	}
	addresses := func(want string, there bool) {
		t.Helper()
		w.within(3*time.Second, "the address "+want+" is wrong", func() bool {
			out, err := w.on(w.box, "/usr/bin/env", "cat", "/proc/net/fib_trie")
			return err == nil && strings.Contains(out, "|-- "+want+"\n") == there
		})
	}
	s.do("configure terminal")
	s.silent("no logging console", "interface GigabitEthernet0/0", "ip address 10.150.0.1 255.255.255.0")
	addresses("10.150.0.1", true)
	s.silent("ip address 10.150.0.2 255.255.255.0")
	addresses("10.150.0.2", true)
	addresses("10.150.0.1", false)
	s.silent("ip address 10.150.0.1 255.255.255.0", "exit", "username lab privilege 15 secret lab", "line vty 0 4", "login local")
	w.awaitSSH()
	if a := w.exec("show ip interface brief"); !strings.Contains(a, "GigabitEthernet0/0         10.150.0.1      YES manual up                    up") {
		t.Errorf("it shows\n%s", a)
	}
	s.do("interface GigabitEthernet0/0")
	s.do("shutdown")
	w.within(3*time.Second, "the interface is up", func() bool {
		return strings.Contains(s.do("do show ip interface brief"), "administratively down down")
	})
	if c, err := w.dial("tcp4", "10.150.0.1:22"); err == nil {
		c.Close()
		t.Error("the box answers over an interface that is shut down")
	}
	s.do("no shutdown")
	w.within(5*time.Second, "the box does not answer", func() bool {
		c, err := w.dial("tcp4", "10.150.0.1:22")
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	s.do("end")
}

// TestUnmanagedInterfaceIsLeftAlone: the host's address stays, the line is
// kept, and the audit says that they differ.
func TestUnmanagedInterfaceIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{unmanaged: true, config: strings.Replace(branch, "ip address 10.150.0.1 ", "ip address 10.150.0.77 ", 1)})
	run := w.exec("show running-config interface GigabitEthernet0/0")
	if !strings.Contains(run, " ip address 10.150.0.77 255.255.255.0\n") {
		t.Errorf("the line is lost:\n%s", run)
	}
	if a := w.exec("show ip interface brief"); !strings.Contains(a, "10.150.0.1 ") || strings.Contains(a, "10.150.0.77") {
		t.Errorf("it shows\n%s", a)
	}
	audit := w.exec("show provisioning audit")
	if !strings.Contains(audit, "10.150.0.77") || !strings.Contains(audit, "not managed") {
		t.Errorf("the audit says\n%s", audit)
	}
	w.login().configure("interface GigabitEthernet0/0", "ip address 10.150.0.1 255.255.255.0")
	if audit := w.exec("show provisioning audit"); strings.Contains(audit, "not managed") {
		t.Errorf("they agree, but the audit says\n%s", audit)
	}
}
