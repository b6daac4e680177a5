package gates

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/testkit"
)

// rancid is a RANCID host at the desk: a home with .cloginrc and an ssh that
// asks no questions about keys.
type rancid struct {
	w   *world
	dir string // where rancid writes
	env []string
}

func newRancid(t *testing.T, s setup) *rancid {
	t.Helper()
	program := testkit.NeedProgram(t, "rancid", "rancid")
	client := testkit.NeedProgram(t, "ssh", "openssh-client")
	w := newWorld(t, s)
	ssh := w.File("quiet-ssh", []byte("#!/bin/sh\nexec "+client+" -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o PreferredAuthentications=password \"$@\"\n"), 0o755)
	w.File("home/.cloginrc", []byte("add user "+address+" lab\nadd password "+address+" lab lab\nadd method "+address+" {ssh}\nadd sshcmd "+address+" {"+ssh+"}\n"), 0o600)
	r := &rancid{w: w, dir: filepath.Join(w.Dir, "rancid")}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Dir(program)
	// The package keeps its programs and its module apart from the rest.
	r.env = []string{"PATH=/usr/lib/rancid/bin:" + bin + ":/usr/bin:/bin", "BASEDIR=" + r.dir, "TERM=network", "NOPIPE=NO"}
	return r
}

// run runs one of RANCID's programs in its directory.
func (r *rancid) run(args ...string) (string, error) {
	r.w.T.Helper()
	return r.w.output(time.Minute, r.env, nil, "/usr/bin/env", append([]string{"-C", r.dir}, args...)...)
}

// fill writes a file that nobody lists to the disk of the box.
func (w *world) fill(size int) {
	w.T.Helper()
	path := fmt.Sprintf("/proc/%d/root%s/filler", w.Proc.Cmd.Process.Pid, w.Root)
	if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
		w.T.Fatal(err)
	}
}

// TestRancidCollectsTheSameTwice: every command of type cisco is answered, the
// run ends cleanly, and a second one finds no difference, to the letter,
// although phones came up meanwhile and the disk is fuller. What changes by
// itself RANCID leaves out, if it recognises it.
func TestRancidCollectsTheSameTwice(t *testing.T) {
	t.Parallel()
	r := newRancid(t, setup{disk: true})
	collect := func() string {
		t.Helper()
		out, err := r.run("rancid", "-d", "-t", "cisco", address)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, bad := range []string{"TIMEOUT", "End of run not found", "missed cmd", "not clean", "Error:"} {
			if strings.Contains(out, bad) {
				t.Errorf("%q in\n%s", bad, out)
			}
		}
		for _, command := range rancidCommands {
			if !strings.Contains(out, "HIT COMMAND:Branch#"+command+"\n") {
				t.Errorf("%q was not collected:\n%s", command, out)
			}
		}
		text, err := os.ReadFile(filepath.Join(r.dir, address+".new"))
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(text)
	}
	r.w.fill(300_000) // away from where a whole percent begins
	first := collect()
	testbox.Contains(t, "what RANCID keeps", first, "hostname Branch", "ip dhcp pool VOICE", " option 150 ip 10.150.0.1", "telephony-service",
		" hfs enable port 6970", "ephone  1", " mac-address 001E.7A00.0001", "line vty 0 15", "end")
	for _, form := range []string{`(?m)^!Flash: \d\d MB free$`, `(?m)^!Flash: bootflash: 64 MB total \(\d\d% free\)$`, `(?m)^!Flash: nvram: 256 KB total \(\d\d% free\)$`} {
		if !regexp.MustCompile(form).MatchString(first) {
			t.Errorf("RANCID has not recognised the space left, %s, in\n%s", form, first)
		}
	}
	before := r.w.Exec("show flash:")
	for n := range byte(3) {
		if o, err := r.w.phone(10 + n).Boot(t.Context()); err != nil || !o.Lease.Addr.IsValid() {
			t.Fatal(o, err)
		}
	}
	r.w.fill(400_000)
	if after := r.w.Exec("show flash:"); after == before {
		t.Errorf("the space left is the same, nothing was proved:\n%s", after)
	}
	if second := collect(); second != first {
		t.Errorf("the second run differs\nfirst:\n%s\nsecond:\n%s", first, second)
	}
}

// TestClogin logs in, becomes privileged and runs commands.
func TestClogin(t *testing.T) {
	t.Parallel()
	r := newRancid(t, setup{})
	out, err := r.run("clogin", "-c", "show version;show ip interface brief;show interfce", address)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out = testbox.Plain(out)
	for _, want := range []string{`(?m)^Branch#\s*show version\nOption 150 Software`, `(?m)^GigabitEthernet0/0 +10\.150\.0\.1 `, `(?m)^ {15,}\^\n% Invalid input detected at '\^' marker\.$`, `(?m)^Branch#\s*exit$`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	// A script of commands, as engineers keep them.
	script := r.w.File("commands", []byte("configure terminal\ninterface GigabitEthernet0/0\ndescription by clogin\nend\nwrite memory\n"), 0o644)
	if out, err = r.run("clogin", "-x", script, address); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	r.w.Saved(" description by clogin")
}

// rancidCommands is what RANCID 3.13 asks a device of type cisco.
// [facts/ios-cli.md 3.3, /etc/rancid/rancid.types.base]
var rancidCommands = []string{
	"show version", "show redundancy secondary", "show idprom backplane", "show install active", "show env all",
	"show rsp chassis-info", "show gsr chassis", "show diag chassis-info", "show boot", "show bootvar", "show variables boot",
	"show license udi", "show license feature", "show license", "show license summary", "show activation-key", "show flash:",
	"dir /all nvram:", "dir /all bootflash:", "dir /all slot0:", "dir /all disk0:", "dir /all slot1:", "dir /all disk1:",
	"dir /all slot2:", "dir /all disk2:", "dir /all harddisk:", "dir /all harddiska:", "dir /all harddiskb:",
	"dir /all sup-bootdisk:", "dir /all sup-bootflash:", "dir /all sup-microcode:", "dir /all slavenvram:",
	"dir /all slavebootflash:", "dir /all slaveslot0:", "dir /all slavedisk0:", "dir /all slaveslot1:", "dir /all slavedisk1:",
	"dir /all slaveslot2:", "dir /all slavedisk2:", "dir /all slavesup-bootflash:", "dir /all sec-nvram:",
	"dir /all sec-bootflash:", "dir /all sec-slot0:", "dir /all sec-disk0:", "dir /all sec-slot1:", "dir /all sec-disk1:",
	"dir /all sec-slot2:", "dir /all sec-disk2:", "show controllers", "show controllers cbus", "show diagbus", "show diag",
	"show capture", "show module", "show module switch", "show spe version", "show c7200", "show cellular 0 profile",
	"show hw-programmable all", "show inventory raw", "show inventory", "show vtp status", "show dot1x", "show vlan",
	"show vlan-switch", "show switch detail", "show sdm prefer", "show system mtu", "show debug", "show shun",
	"more system:running-config", "show running-config view full", "show running-config", "write term",
}
