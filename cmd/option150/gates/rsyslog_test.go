package gates

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/testkit"
)

// receiver is rsyslogd at the desk, which writes facility, severity and sender
// as it understood them before each message as it came.
type receiver struct {
	w    *world
	file string
	proc *testbox.Process
}

func (w *world) receiver() *receiver {
	w.T.Helper()
	r := &receiver{w: w, file: filepath.Join(w.Dir, "received")}
	w.File("rsyslog.conf", fmt.Appendf(nil, `module(load="imudp")
input(type="imudp" address="10.150.0.5" port="514")
template(name="seen" type="string" string="%%syslogfacility-text%%.%%syslogseverity-text%% %%fromhost-ip%% %%rawmsg%%\n")
*.* action(type="omfile" file=%q template="seen")
`, r.file), 0o644)
	r.start()
	return r
}

// start waits until the port is open: what comes before is lost, as syslog is.
func (r *receiver) start() {
	r.w.T.Helper()
	daemon := testkit.NeedProgram(r.w.T, "rsyslogd", "rsyslog")
	r.proc = testbox.Run(r.w.T, r.w.Desk, exec.Command(daemon, "-n", "-f", filepath.Join(r.w.Dir, "rsyslog.conf"), "-i", filepath.Join(r.w.Dir, "rsyslog.pid")))
	r.w.Within(10*time.Second, "rsyslogd has not opened its port", func() bool {
		if r.proc.Ended() {
			r.w.T.Fatalf("rsyslogd ended:\n%s", r.proc.Out)
		}
		var table []byte
		_ = r.w.Desk.Do(func() (err error) { table, err = os.ReadFile("/proc/thread-self/net/udp"); return err })
		return strings.Contains(string(table), ":0202 ") // 514
	})
}

func (r *receiver) stop() {
	r.w.T.Helper()
	if _, err := r.proc.Stop(syscall.SIGTERM, 10*time.Second); err != nil {
		r.w.T.Fatal(err)
	}
}

// awaits waits for a line of a form.
func (r *receiver) awaits(form string) {
	r.w.T.Helper()
	line := regexp.MustCompile(`(?m)^` + form + `$`)
	var text []byte
	r.w.Within(10*time.Second, "no line "+form, func() bool {
		text, _ = os.ReadFile(r.file)
		return line.Match(text)
	})
}

// TestRsyslogUnderstands what `logging host` sends: facility and severity from
// the number, then the counter, the time and the message as on a router. A
// receiver that is away stops nothing and is sent to again when it is back.
func TestRsyslogUnderstands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	r := w.receiver()
	s := w.Login()
	s.Configure("logging host 10.150.0.5", "logging trap debugging")
	const stamp = `\*\w{3} +\d+ \d\d:\d\d:\d\d\.\d{3}`
	r.awaits(`local7\.notice 10\.150\.0\.1 <189>\d+: ` + stamp + `: %SYS-5-CONFIG_I: Configured from console by lab on vty0 \(10\.150\.0\.5\)`)
	if _, err := w.SSH("lab", "guess"); err == nil {
		t.Fatal("a wrong password was accepted")
	}
	r.awaits(`local7\.warning 10\.150\.0\.1 <188>\d+: ` + stamp + `: %SEC_LOGIN-4-LOGIN_FAILED: Login failed \[user: lab\].*`)

	r.stop()
	for range 3 {
		s.Configure("hostname Away", "hostname Branch")
	}
	r.start()
	s.Configure("hostname Back", "hostname Branch")
	before := strings.Count(w.Exec("show logging"), "%SYS-5-CONFIG_I")
	s.Configure("logging trap errors")
	s.Configure("ip domain name quiet.example")
	if after := strings.Count(w.Exec("show logging"), "%SYS-5-CONFIG_I"); after != before+2 {
		t.Errorf("%d changes in the log, then %d", before, after)
	}
	s.Configure("logging trap debugging")
	r.awaits(`local7\.notice 10\.150\.0\.1 <189>\d+: ` + stamp + `: %SYS-5-CONFIG_I: Configured from console by lab on vty0 \(10\.150\.0\.5\)`)
	if a := s.Do("show logging | include 10.150.0.5"); !strings.Contains(a, "Logging to 10.150.0.5") {
		t.Errorf("show logging says\n%s", a)
	}
}
