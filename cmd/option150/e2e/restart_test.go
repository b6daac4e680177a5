package e2e

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"option150/platform/testkit"
)

// TestWrittenConfigurationSurvivesKill: what `write memory` wrote and a box
// killed with kill -9 reads again gives the same running-config byte for byte.
func TestWrittenConfigurationSurvivesKill(t *testing.T) {
	t.Parallel()
	// What the box does not know it carries.
	carried := "ip route 0.0.0.0 0.0.0.0 10.150.0.254\ndial-peer voice 1 voip\n destination-pattern 9T\nline vty"
	w := newWorld(t, setup{config: strings.Replace(branch, "line vty", carried, 1)})
	s := w.Login()
	s.Configure("interface GigabitEthernet0/0", "description to the switch",
		"telephony-service", "load 7961 SCCP41.9-4-2SR3-1S", "system message Branch office", "moh music.au",
		"ephone-dn 2", "number 1002", "ephone 2", "mac-address 001e.7a00.0002", "type 7941", "button 1:2",
		"voice register dn 1", "number 2001", "line con 0", "exec-timeout 5 0",
		"ip http port 8080", "username second privilege 5 secret two words", "username third password 0 clear")
	s.Do("configure terminal")
	s.Do("banner motd #\rMind the step.\r#")
	s.Do("end")
	if a := s.Do("write memory"); a != "Building configuration...\n[OK]\n" {
		t.Errorf("write memory answers\n%s", a)
	}
	before := w.runningConfig()
	// A change that was not written is lost, as on a router.
	s.Configure("hostname Unsaved")
	w.Proc.Kill()
	w.start()
	if after := w.runningConfig(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if startup := untimed(w.Exec("show startup-config")); !strings.Contains(before, "description to the switch\n") || !strings.Contains(startup, "description to the switch\n") {
		t.Errorf("the startup-config is\n%s", startup)
	}
}

// TestBindingsSurviveKill: an address that was given stays the client's.
func TestBindingsSurviveKill(t *testing.T) {
	t.Parallel()
	busybox := testkit.NeedProgram(t, "busybox", "busybox")
	w := newWorld(t, setup{})
	given := func(name string) string {
		t.Helper()
		env := filepath.Join(t.TempDir(), name)
		script := w.file(name+".sh", []byte("#!/bin/sh\n[ \"$1\" = bound ] && env >"+env+"\nexit 0\n"))
		if err := os.Chmod(script, 0o755); err != nil {
			t.Fatal(err)
		}
		h := w.Host(name, netip.Prefix{})
		if out, err := w.on(h, busybox, "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-s", script); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return readEnv(t, env)["ip"]
	}
	first := given("first")
	before := w.Exec("show ip dhcp binding")
	w.Proc.Kill()
	w.start()
	if after := w.Exec("show ip dhcp binding"); after != before || !strings.Contains(after, first) {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if second := given("second"); second == first {
		t.Errorf("%s was given twice", first)
	}
}

// TestBrokenStartupLineIsReported with its number, and everything else works.
func TestBrokenStartupLineIsReported(t *testing.T) {
	t.Parallel()
	config := strings.Replace(branch, "ip http server\n", "ip http port 99999\nip http server\n", 1)
	config = strings.Replace(config, " max-dn 10\n", " max-dn many\n max-dn 12\n", 1)
	w := newWorld(t, setup{config: config})
	log := w.Exec("show logging")
	for _, bad := range []string{"ip http port 99999", " max-dn many"} {
		number := 0
		for i, l := range strings.Split(config, "\n") {
			if l == bad {
				number = i + 1
			}
		}
		if want := "startup-config line " + itoa(number); !strings.Contains(strings.ToLower(log), want) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
	if n := strings.Count(log, "startup-config line"); n != 2 {
		t.Errorf("%d lines are reported:\n%s", n, log)
	}
	run := w.runningConfig()
	for _, want := range []string{"\nip http server\n", "\n max-dn 12\n", "\nephone  1\n", " hfs enable port 6970\n"} {
		if !strings.Contains(run, want) {
			t.Errorf("no %q in\n%s", want, run)
		}
	}
	for _, url := range []string{"http://10.150.0.1/", "http://10.150.0.1:6970/SEP001E7A000001.cnf.xml"} {
		if status, _ := w.get(url); status != 200 {
			t.Errorf("%s: %d", url, status)
		}
	}
}
