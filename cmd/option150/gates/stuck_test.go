package gates

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/ether"
	"option150/platform/netns"
	"option150/telephony/firmware"
	"option150/telephony/simphone"
)

// tftpOnly is a branch whose phones want a load they do not run and get every
// file over TFTP: port 6970 is closed.
var tftpOnly = strings.NewReplacer(" hfs enable port 6970\n", " load 7961 SCCP41.9-4-2SR3-1S\n", "telephony-service\n", "upgrade unknown direct\ntelephony-service\n").Replace(branch)

// phone plugs a 7961 in that runs an older load.
func (w *world) phone(n byte) *simphone.Phone {
	w.T.Helper()
	mac := ether.MAC{0x00, 0x1e, 0x7a, 0x00, 0x00, n}
	h := w.Plug(mac.Device(), netns.Cable{Interface: "eth0", MAC: net.HardwareAddr(mac[:])})
	p, err := simphone.New(simphone.Spec{MAC: mac, Model: "7961", Load: "SCCP41.8-5-4S"}, simphone.Options{In: h.Do})
	if err != nil {
		w.T.Fatal(err)
	}
	return p
}

// traced asks for everything that TFTP and DHCP have to say, on this terminal.
func traced(s *testbox.Shell) {
	s.T.Helper()
	for _, line := range []string{"terminal length 0", "terminal monitor", "debug tftp packets", "debug tftp events", "debug ip dhcp server packet", "debug ip dhcp server events"} {
		s.Do(line)
	}
}

// TestSessionThatDoesNotRead slows nobody: an ssh client is stopped while
// phones boot, get addresses and upgrade over TFTP, all of it traced on its
// terminal.
func TestSessionThatDoesNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: tftpOnly})
	files, err := firmware.Synthesise("SCCP41.9-4-2SR3-1S", "", firmware.Sizes{"jar41sccp": 100_000})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		w.File("root/flash/"+name, content, 0o644)
	}
	time.Sleep(2 * time.Second) // flash: is looked at five times a second: until then the load is withheld
	env, name, options := w.OpenSSH("ssh", "lab")
	cmd := w.command(t.Context(), env, name, append(options, "-tt", address)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := testbox.Run(w.T, w.Desk, cmd)
	stuck := &testbox.Shell{T: t, In: in, Out: p.Out}
	stuck.Answer()
	traced(stuck)
	// It asks for more than all buffers on the way hold, and then stops reading.
	const size, times = 256 << 10, 200
	w.File("root/flash/big.txt", bytes.Repeat([]byte(strings.Repeat("x", 63)+"\n"), size/64), 0o644)
	stuck.Send(strings.Repeat("more flash:big.txt\r", times))
	if _, err := p.Out.Take(testbox.AnswerTime, func(x string) bool { return len(x) > 1000 }); err != nil {
		t.Fatal(err)
	}
	if err := p.Cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Cmd.Process.Signal(syscall.SIGCONT) }()

	// The flood. A witness sees the same traces on a terminal that is read.
	witness := w.Login()
	traced(witness)
	const phones, boots = 6, 4
	var ready atomic.Int32
	ended := make(chan error, phones)
	for n := range phones {
		x := w.phone(byte(n + 1))
		go func() { ended <- w.live(x, boots, &ready) }()
	}
	// Another operator works meanwhile: a change is a line in the log, and each
	// is answered or `do` gives up.
	s := w.Login()
	answered := 0
	for left := phones; left > 0; answered++ {
		s.Do("configure terminal")
		s.Do("ip dhcp pool FLOOD")
		s.Do("domain-name flood" + strconv.Itoa(answered) + ".example.net")
		s.Do("end")
		if a := s.Do("show phones"); strings.HasPrefix(a, "%") {
			t.Errorf("show phones is answered\n%s", a)
		}
		for more := true; more; {
			select {
			case err := <-ended:
				left--
				if err != nil {
					t.Error(err)
				}
			default:
				more = false
			}
		}
	}
	if ready.Load() != phones*boots || answered < boots {
		t.Errorf("%d of %d boots were served, %d times the operator was answered", ready.Load(), phones*boots, answered)
	}
	// What was traced: every phone by its name, packets of both protocols.
	var traces string
	w.Within(testbox.AnswerTime, "the traces do not end", func() bool {
		traces = witness.Out.String()
		return strings.Count(traces, "DHCPACK") >= phones*boots && strings.Count(traces, "jar41sccp") >= phones
	})
	t.Logf("%d bytes traced in %d lines, %d rounds of the operator", len(traces), strings.Count(traces, "\n"), answered)
	for n := range phones {
		if want := fmt.Sprintf("SEP001E7A%06X.cnf.xml", n+1); !strings.Contains(traces, want) {
			t.Errorf("no trace of %s", want)
		}
	}
	if users := s.Do("show users"); strings.Count(users, "vty") != 3 {
		t.Errorf("the operators are\n%s", users)
	}
	if status, err := os.ReadFile("/proc/" + strconv.Itoa(p.Cmd.Process.Pid) + "/stat"); err != nil || !strings.Contains(string(status), ") T ") {
		t.Errorf("the client is not stopped: %s %v", status, err)
	}
	if n := len(p.Out.String()); n > size*times*3/4 {
		t.Errorf("it read %d bytes before it was stopped", n)
	}
	// Others log in, and when the stuck one is gone its line is free.
	w.Exec("show clock")
	p.Kill()
	w.Within(10*time.Second, "the stuck session is still there", func() bool { return strings.Count(s.Do("show users"), "vty") == 2 })
}

// live boots a phone again and again and counts the times it was served.
func (w *world) live(p *simphone.Phone, boots int, ready *atomic.Int32) error {
	for range boots {
		o, err := p.Boot(w.T.Context())
		if err != nil {
			return err
		}
		if o.Kind != simphone.Provisioned || o.Load != "SCCP41.9-4-2SR3-1S" {
			return fmt.Errorf("%s: %s", p.Spec().MAC, o)
		}
		ready.Add(1)
		if err := p.Release(); err != nil {
			return err
		}
	}
	return nil
}
