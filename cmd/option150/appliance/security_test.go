package appliance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"option150/platform/netns"
	"option150/platform/testkit"
)

// secured is a box with everything that says who may come in. The secret of
// admin is "todd", that of guest "cisco".
var secured = strings.Split(`hostname Branch
enable secret 5 $1$rFbM$8.aXocHg6yHrM/zzeNkAT.
username admin privilege 15 secret 5 $1$rFbM$8.aXocHg6yHrM/zzeNkAT.
username guest password 7 094F471A1A0A
username robot privilege 15
ip ssh time-out 30
ip scp server enable
banner motd #the day#
banner login #the login#
banner exec #the exec#
line vty 0 4
 transport input ssh
end`, "\n")

// client runs a program of OpenSSH against the box in this namespace.
func client(t *testing.T, program, password, input string, args ...string) (string, error) {
	t.Helper()
	path := testkit.NeedProgram(t, program, "openssh-client")
	ask := filepath.Join(t.TempDir(), "askpass")
	if err := os.WriteFile(ask, []byte("#!/bin/sh\necho "+password+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	all := []string{"-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=INFO", "-o", "NumberOfPasswordPrompts=1"}
	if password == "" {
		all = append(all, "-o", "BatchMode=yes")
	} else {
		all = append(all, "-o", "PreferredAuthentications=password")
	}
	cmd := exec.Command(path, append(all, args...)...)
	cmd.Env = append(os.Environ(), "SSH_ASKPASS="+ask, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0")
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return strings.ReplaceAll(string(out), "\r", ""), err
}

func secureWorld(t *testing.T, more ...string) *world {
	t.Helper()
	netns.Need(t)
	w := newWorld(t)
	w.startup = append(append(append([]string(nil), secured[:len(secured)-1]...), more...), "end")
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	return w
}

// configure types configuration lines over SSH, the way an engineer does.
func configure(t *testing.T, lines ...string) string {
	t.Helper()
	text := "configure terminal\n" + strings.Join(lines, "\n") + "\nend\nexit\n"
	out, err := client(t, "ssh", "todd", text, "-tt", "admin@127.0.0.1")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

func show(t *testing.T, command string) string {
	t.Helper()
	out, err := client(t, "ssh", "todd", "", "admin@127.0.0.1", command)
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return out
}

// TestBannersOverSSH: login before the password, then motd, then exec.
func TestBannersOverSSH(t *testing.T) {
	secureWorld(t)
	out, err := client(t, "ssh", "todd", "exit\n", "-tt", "admin@127.0.0.1")
	at := -1
	for _, part := range []string{"the login\n", "the day\n", "the exec\n", "Branch#"} {
		i := strings.Index(out, part)
		if i <= at {
			t.Fatalf("%q is missing or out of order (%v):\n%s", part, err, out)
		}
		at = i
	}
	out, _ = client(t, "ssh", "cisco", "exit\n", "-tt", "guest@127.0.0.1")
	if !strings.Contains(out, "Branch>") {
		t.Errorf("level 1 and a password of type 7:\n%s", out)
	}
}

// TestKeyTypedAtThePrompt: what ssh-keygen makes is pasted as a key-string and
// lets its owner in; the running-config shows its hash alone.
func TestKeyTypedAtThePrompt(t *testing.T) {
	secureWorld(t)
	keygen := testkit.NeedProgram(t, "ssh-keygen", "openssh-client")
	for _, kind := range []string{"rsa", "ed25519"} {
		file := filepath.Join(t.TempDir(), kind)
		if out, err := exec.Command(keygen, "-q", "-N", "", "-C", "robot@pc", "-t", kind, "-f", file).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		pub, err := os.ReadFile(file + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		body := strings.Fields(string(pub))[1]
		lines := []string{"ip ssh pubkey-chain", "username robot", "key-string"}
		for len(body) > 72 { // as engineers cut it
			lines, body = append(lines, body[:72]), body[72:]
		}
		configure(t, append(lines, body, "exit")...)
		out, err := client(t, "ssh", "", "", "-i", file, "-o", "IdentitiesOnly=yes", "robot@127.0.0.1", "show privilege")
		if err != nil || !strings.HasSuffix(out, "\nCurrent privilege level is 15\n") {
			t.Errorf("%s: %v\n%s", kind, err, out)
		}
		if out, err := client(t, "ssh", "", "", "-i", file, "-o", "IdentitiesOnly=yes", "admin@127.0.0.1", "show privilege"); err == nil {
			t.Errorf("%s lets another user in:\n%s", kind, out)
		}
	}
	run := show(t, "show running-config")
	if !strings.Contains(run, "\n username robot\n  key-hash ssh-rsa ") || !strings.Contains(run, "\n  key-hash ssh-ed25519 ") || strings.Contains(run, "AAAA") {
		t.Errorf("%s", run)
	}
}

// TestCopiesAreForPrivilegedUsers with `ip scp server enable`, and stay in
// flash:.
func TestCopiesAreForPrivilegedUsers(t *testing.T) {
	w := secureWorld(t)
	file := filepath.Join(t.TempDir(), "merge_config.txt")
	if err := os.WriteFile(file, []byte("hostname Merged\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{"-O", "-s"} {
		if out, err := client(t, "scp", "todd", "", old, file, "admin@127.0.0.1:flash:/merge_config.txt"); err != nil {
			t.Errorf("scp %s: %v\n%s", old, err, out)
		}
		if got, err := os.ReadFile(filepath.Join(w.root, "flash", "merge_config.txt")); string(got) != "hostname Merged\n" {
			t.Errorf("%q, %v", got, err)
		}
		if out, err := client(t, "scp", "todd", "", old, "admin@127.0.0.1:flash:/../nvram/startup-config", t.TempDir()); err == nil || strings.Contains(out, w.root) {
			t.Errorf("scp %s reads outside: %s", old, out)
		}
		if out, err := client(t, "scp", "cisco", "", old, file, "guest@127.0.0.1:flash:/x"); err == nil || !strings.Contains(out, "Privilege denied.") {
			t.Errorf("scp %s of a guest: %v\n%s", old, err, out)
		}
	}
	if log := show(t, "show logging"); !strings.Contains(log, "%SSH-5-FILE_RECEIVED: flash:/merge_config.txt received over sftp from admin at 127.0.0.1, 16 bytes") {
		t.Errorf("%s", log)
	}
	if out := show(t, "dir flash:/merge_config.txt"); !strings.Contains(out, "merge_config.txt") {
		t.Errorf("%s", out)
	}
	configure(t, "no ip scp server enable")
	for _, old := range []string{"-O", "-s"} {
		if out, err := client(t, "scp", "todd", "", old, file, "admin@127.0.0.1:flash:/x"); err == nil || !strings.Contains(out, "Administratively disabled.") {
			t.Errorf("scp %s although disabled: %v\n%s", old, err, out)
		}
	}
}

// TestAccessClassAndTransport close SSH to strangers and to all.
func TestAccessClassAndTransport(t *testing.T) {
	w := secureWorld(t, "interface GigabitEthernet0/0", " ip address 10.150.0.1 255.255.255.0", "access-list 10 permit 192.0.2.0 0.0.0.255", "access-list 11 permit 127.0.0.1", "access-list 11 permit 10.150.0.1", "ip http server", "ip http access-class 10")
	if out, err := client(t, "ssh", "todd", "", "admin@127.0.0.1", "show clock"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := w.get([]string{"http", "80", "/"}); !strings.Contains(out, "403") {
		t.Errorf("HTTP answers a stranger: %s %v", out, err)
	}
	configure(t, "line vty 0 4", "access-class 11 in", "exit", "ip http access-class 11")
	if out, err := w.get([]string{"http", "80", "/"}); strings.Contains(out, "403") {
		t.Errorf("HTTP refuses whom the list permits: %s %v", out, err)
	}
	show(t, "show clock")
	configure(t, "line vty 0 4", "access-class 10 in")
	if out, err := client(t, "ssh", "todd", "", "admin@127.0.0.1", "show clock"); err == nil {
		t.Errorf("let in against the list: %s", out)
	}
}

// TestBlockForShutsTheDoor after wrong passwords, says so, and says when it is
// open again.
func TestBlockForShutsTheDoor(t *testing.T) {
	w := secureWorld(t, "login block-for 2 attempts 2 within 60")
	for range 2 {
		if out, err := client(t, "ssh", "guess", "", "admin@127.0.0.1", "show clock"); err == nil {
			t.Fatalf("a guess was right: %s", out)
		}
	}
	if out, err := client(t, "ssh", "todd", "", "admin@127.0.0.1", "show clock"); err == nil {
		t.Errorf("let in although quiet: %s", out)
	}
	if _, err := w.Do("wait 2200ms"); err != nil {
		t.Fatal(err)
	}
	log := show(t, "show logging")
	for _, want := range []string{"%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: admin] [Source: 127.0.0.1]", "%SEC_LOGIN-1-QUIET_MODE_ON: Still timeleft for watching failures is ", "[user: admin] [Source: 127.0.0.1] [localport: 22]", "[ACL: sl_def_acl]", "%SEC_LOGIN-5-QUIET_MODE_OFF: Quiet Mode is OFF"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
	if out := show(t, "show login"); !strings.Contains(out, "presently in Normal-Mode") {
		t.Errorf("%s", out)
	}
	if out := show(t, "show ssh"); !strings.Contains(out, "Session started") || !strings.Contains(out, "admin") {
		t.Errorf("%s", out)
	}
}
