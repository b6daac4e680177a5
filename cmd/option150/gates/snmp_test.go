package gates

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/metrics/mib"
	"option150/platform/testkit"
)

// TestSNMP: Debian's snmpd answers for the phones of the box, with the names of
// the MIB, over the network; when the box stops it says so, and knows no phone.
func TestSNMP(t *testing.T) {
	t.Parallel()
	snmpd := testkit.NeedProgram(t, "snmpd", "snmpd")
	for _, p := range []string{"snmpwalk", "snmptable", "snmpset"} {
		testkit.NeedProgram(t, p, "snmp")
	}
	w := newWorld(t, setup{off: true})
	settings, err := os.ReadFile(w.Settings())
	if err != nil {
		t.Fatal(err)
	}
	w.File("settings.toml", append(settings, "[metrics]\nlisten = \"127.0.0.1:9150\"\n"...), 0o644)
	w.start()

	// What stands in the file of the package, but for the paths.
	conf, err := os.ReadFile(filepath.Join("..", "..", "..", "packaging", "snmp", "option150.conf"))
	if err != nil {
		t.Fatal(err)
	}
	line := "pass_persist " + mib.Root + " /usr/bin/option150 snmp\n"
	view := "#   view   systemonly  included  " + mib.Root + "\n"
	if !strings.HasSuffix(string(conf), line) || !strings.Contains(string(conf), view) {
		t.Fatalf("%s\nhas not %q and %q", conf, line, view)
	}
	text := strings.TrimPrefix(view, "#   ") + "rocommunity public default -V systemonly\nrwcommunity private default -V systemonly\n" +
		strings.ReplaceAll(line, "/usr/bin/option150 snmp", fmt.Sprintf("%s snmp --config %s", binary(), w.Settings()))
	agent := exec.Command(snmpd, "-f", "-Lo", "-C", "-c", w.File("snmpd.conf", []byte(text), 0o644), "udp:"+address+":161")
	agent.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+t.TempDir(), "MIBS=")
	testbox.Run(t, w.Box, agent)

	mibs, err := filepath.Abs(filepath.Join("..", "..", "..", "platform", "metrics", "mib", "testdata", "mibs"))
	if err != nil {
		t.Fatal(err)
	}
	names := mibs + ":" + filepath.Join(filepath.Dir(mibs), "..", "..", "..", "..", "packaging", "snmp")
	ask := func(program string, args ...string) string {
		t.Helper()
		out, err := w.output(20*time.Second, []string{"SNMP_PERSISTENT_DIR=" + w.Dir}, nil, program, append([]string{"-M", names, "-m", "OPTION150-MIB", "-v2c", "-t", "3"}, args...)...)
		if err != nil && !strings.Contains(out, "otWritable") {
			t.Logf("%s: %v", program, err)
		}
		return out
	}
	has := func(out string, want ...string) {
		t.Helper()
		for _, x := range want {
			if !strings.Contains(out, x) {
				t.Errorf("no %q in\n%s", x, out)
			}
		}
	}
	w.Within(20*time.Second, "snmpd does not answer", func() bool {
		return strings.Contains(ask("snmpget", "-c", "public", address, "OPTION150-MIB::option150Reachable.0"), "true(1)")
	})
	has(ask("snmpwalk", "-c", "public", address, "option150MIB"), "option150Why.0 = STRING: \n", "option150Total.0 = Gauge32: 1", "option150Up.0 = Gauge32: 0", "option150Unseen.0 = Gauge32: 1")

	// A phone that gets its files, and one that is configured nowhere.
	for _, n := range []byte{1, 9} {
		p := w.phone(n)
		go func() { _, _ = p.Boot(t.Context()) }()
	}
	table := func() string {
		return ask("snmptable", "-c", "public", "-Ci", "-Cf", "|", address, "option150PhoneTable")
	}
	w.Within(60*time.Second, "the table has not both phones", func() bool {
		out := table()
		return strings.Contains(out, "'SEP001E7A000001'|provisioned|R25|false|10.150.0.") && strings.Contains(out, "'SEP001E7A000009'|stuck|R17|false|10.150.0.")
	})
	has(ask("snmpwalk", "-c", "public", address, "option150MIB"), "option150CountPhones.provisioned.'R25' = Gauge32: 1", "option150CountPhones.stuck.'R17' = Gauge32: 1", "option150Total.0 = Gauge32: 2")
	has(table(), "index|option150PhoneState|option150PhoneVerdict|option150PhoneUp|option150PhoneAddress|option150PhoneModel|option150PhoneLoad|option150PhoneText")
	has(ask("snmpset", "-c", "private", address, "OPTION150-MIB::option150Up.0", "=", "7"), "otWritable")

	if _, err := w.Proc.Stop(syscall.SIGTERM, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	w.Within(20*time.Second, "the box has stopped and is reachable", func() bool {
		return strings.Contains(ask("snmpget", "-c", "public", address, "OPTION150-MIB::option150Reachable.0"), "false(2)")
	})
	out := ask("snmpwalk", "-c", "public", address, "option150MIB")
	has(out, "option150Why.0 = STRING: ", "connection refused")
	if strings.Contains(out, "SEP") || strings.Contains(out, "option150Up") {
		t.Errorf("a box that does not answer has phones:\n%s", out)
	}
}
