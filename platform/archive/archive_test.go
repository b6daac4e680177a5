package archive

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"option150/platform/flash"
	"option150/platform/journal"
)

func open(t *testing.T) (*Archive, *flash.Flash, *journal.Cursor) {
	t.Helper()
	f, err := flash.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	j := journal.New(64)
	n := 0
	a := New(Options{Flash: f, Text: func() string { n++; return fmt.Sprintf("!\nversion 15.2\n! %d\nend\n", n) },
		Hostname: func() string { return "BR1" }, Recorder: j})
	t.Cleanup(a.Close)
	return a, f, j.Cursor()
}

func configure(t *testing.T, a *Archive, edit func(*Config)) {
	t.Helper()
	c := Default()
	edit(&c)
	ch, err := a.Prepare(context.Background(), nil, c)
	if err != nil {
		t.Fatal(err)
	}
	ch.Commit()
}

func TestSaveKeepsTheNewest(t *testing.T) {
	a, f, _ := open(t)
	if _, err := a.Save(); !errors.Is(err, ErrOff) {
		t.Fatalf("without a path: %v", err)
	}
	configure(t, a, func(c *Config) { c.Path, c.Maximum = "flash:archive/old/$h-cfg", 3 })
	for range 5 {
		if _, err := a.Save(); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.WriteFile("archive/old/BR1-cfg-x", nil); err != nil { // not a copy
		t.Fatal(err)
	}
	l, err := a.List()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range l.Copies {
		got = append(got, c.File())
	}
	if want := "flash:archive/old/BR1-cfg-3 flash:archive/old/BR1-cfg-4 flash:archive/old/BR1-cfg-5"; strings.Join(got, " ") != want || l.Next != "flash:archive/old/BR1-cfg-6" {
		t.Errorf("%v, next %s", got, l.Next)
	}
	// numbers go on after a restart, whatever their width
	b := New(a.opt)
	configure(t, b, func(c *Config) { c.Path = "flash:archive/old/$h-cfg" })
	for range 6 {
		if _, err := b.Save(); err != nil {
			t.Fatal(err)
		}
	}
	if l, _ := b.List(); len(l.Copies) != 9 || l.Copies[8].Number != 11 {
		t.Errorf("after a restart: %+v", l)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ path, host, want string }{
		{"flash:archive/$h-cfg", "BR1", "archive/BR1-cfg-7"},
		{"flash:cfg", "BR1", "cfg-7"},
		{"flash:/archive/", "BR1", "archive/BR1-7"},
		{"flash:", "BR1", "BR1-7"},
		{"flash:a/$h/x$t", "BR1", "a/BR1/xAug--3-10-11-12.345-7"},
		{"flash:$h", "../../etc", ".._.._etc-7"},
	} {
		n := namesOf(c.path, c.host)
		at := time.Date(2026, 8, 3, 10, 11, 12, 345e6, time.UTC)
		got := n.make(7, stamp(at))
		if got != c.want {
			t.Errorf("%s: %s, not %s", c.path, got, c.want)
		}
		file := got[strings.LastIndexByte(got, '/')+1:]
		if m := n.pattern().FindStringSubmatch(file); m == nil || m[1] != "7" {
			t.Errorf("%s: %s is not recognised by %v", c.path, file, n.pattern())
		}
	}
	if CheckPath("flash:../x") == nil || CheckPath("flash:"+strings.Repeat("x", 260)) == nil || CheckPath("nvram:x") == nil {
		t.Error("a bad path is accepted")
	}
}

func TestDiskFullKeepsOldCopies(t *testing.T) {
	a, f, cur := open(t)
	configure(t, a, func(c *Config) { c.Path, c.Maximum, c.WriteMemory = "flash:archive/c", 1, true })
	a.Written()
	if err := f.Mkdir("archive/c-2"); err != nil { // the next copy cannot be put in its place
		t.Fatal(err)
	}
	a.Written()
	l, _ := a.List()
	if len(l.Copies) != 1 || l.Copies[0].Number != 1 {
		t.Fatalf("the old copy is gone: %+v", l.Copies)
	}
	var failed bool
	for e, _, ok := cur.TryNext(); ok; e, _, ok = cur.TryNext() {
		if ev, is := e.Event.(Failed); is {
			m, _ := ev.LogMessage()
			failed = strings.Contains(m.String(), "%ARCHIVE-4-WRITE: The configuration could not be archived: flash:")
		}
	}
	if !failed {
		t.Error("the failure was not logged")
	}
}

func TestPeriod(t *testing.T) {
	a, _, _ := open(t)
	synctest.Test(t, func(t *testing.T) {
		a := New(a.opt)
		configure(t, a, func(c *Config) { c.Path, c.Period = "flash:p", 60 })
		count := func() int { l, _ := a.List(); return len(l.Copies) }
		time.Sleep(59 * time.Minute)
		if count() != 0 {
			t.Error("too early")
		}
		time.Sleep(2*time.Minute + 2*time.Hour)
		synctest.Wait()
		if count() != 3 {
			t.Errorf("%d copies after three hours", count())
		}
		// another maximum does not start the period anew, another period does
		time.Sleep(50 * time.Minute)
		configure(t, a, func(c *Config) { c.Path, c.Period, c.Maximum = "flash:p", 60, 5 })
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if count() != 4 {
			t.Errorf("%d copies", count())
		}
		configure(t, a, func(c *Config) { c.Path, c.Period = "flash:p", 0 })
		time.Sleep(5 * time.Hour)
		if synctest.Wait(); count() != 4 {
			t.Errorf("%d copies though the period is off", count())
		}
		a.Close()
	})
}

func TestLog(t *testing.T) {
	a, _, cur := open(t)
	l := a.Log()
	l.Add(Command{Text: "hostname X"}) // off
	configure(t, a, func(c *Config) { c.Log = LogConfig{Enabled: true, Size: 2, Notify: true} })
	for _, c := range []string{"hostname A", "interface GigabitEthernet0/0", "username bob secret 9 $9$x"} {
		l.Add(Command{Stay: 7, User: "admin", Line: "vty0", Text: c})
	}
	all := l.All()
	if len(all) != 2 || all[0].Index != 2 || all[1].Text != "username bob secret 9 $9$x" || all[0].Session != 1 || all[1].Session != 1 {
		t.Errorf("%+v", all)
	}
	configure(t, a, func(c *Config) { c.Log = LogConfig{Enabled: true, Size: 5, HideKeys: true} })
	l.Add(Command{Text: "enable secret cisco"})
	if all := l.All(); all[2].Text != "enable secret *****" || all[2].Session != 2 || all[2].User != "console" {
		t.Errorf("%+v", all)
	}
	var lines []string
	for e, _, ok := cur.TryNext(); ok; e, _, ok = cur.TryNext() {
		if ev, is := e.Event.(Logged); is {
			m, _ := ev.LogMessage()
			lines = append(lines, m.String())
		}
	}
	if len(lines) != 3 || lines[0] != "%PARSER-5-CFGLOG_LOGGEDCMD: User:admin  logged command:hostname A" || strings.Contains(lines[2], "$9$x") {
		t.Errorf("syslog has %q", lines)
	}
}

func TestHideKeys(t *testing.T) {
	for in, want := range map[string]string{
		"enable secret cisco":                                       "enable secret *****",
		"username bob privilege 15 secret 9 $9$abc":                 "username bob privilege 15 secret 9 *****",
		"username bob password 0 two words":                         "username bob password 0 *****",
		"snmp-server community public RO":                           "snmp-server community *****",
		"no enable secret":                                          "no enable secret",
		"tacacs-server host 10.0.0.1 key s3cret":                    "tacacs-server host 10.0.0.1 key *****",
		"pin 1234":                                                  "pin *****",
		"authentication credential user pass":                       "authentication credential *****",
		"service password-encryption":                               "service password-encryption",
		"description the key to everything is patience":             "description the key *****",
		"hostname key":                                              "hostname key",
		" service phone sshPassword hunter2":                        " service phone sshPassword *****",
		"ntp authentication-key 1 md5 abc":                          "ntp authentication-key 1 *****",
		"snmp-server host 10.0.0.1 version 2c private":              "snmp-server host 10.0.0.1 *****",
		"standby 1 authentication cisco":                            "standby 1 authentication *****",
		"snmp-server user a g v3 auth sha one priv aes 128 two":     "snmp-server user a g v3 auth sha *****",
		"ip dhcp database ftp://bob:pass@10.0.0.1/x write-delay 60": "ip dhcp database ftp://bob:*****@10.0.0.1/x write-delay 60",
		"path scp://bob:p%40ss@10.0.0.1/$h":                         "path scp://bob:*****@10.0.0.1/$h",
		"wpa-psk ascii 0 hunter2":                                   "wpa-psk *****",
		"description http://10.0.0.1:8080/a@b":                      "description http://10.0.0.1:8080/a@b",
		"ip http server":                                            "ip http server",
		"mac-address 001e.7a00.0001":                                "mac-address 001e.7a00.0001",
	} {
		if got := HideKeys(in); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
	}
}

func FuzzHideKeys(f *testing.F) {
	f.Add("enable secret cisco")
	f.Add("x key 7 ")
	f.Fuzz(func(t *testing.T, s string) {
		h := HideKeys(s)
		if HideKeys(h) != h {
			t.Errorf("%q: hidden again it is another text", h)
		}
	})
}
