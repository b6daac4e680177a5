package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"option150/cmd/option150/lab"
	"option150/cmd/option150/testbox"
	"option150/platform/netns"
	"option150/telephony/simphone"
)

// seat is one operator's place: how he gets there, what his prompt is, what he
// changes.
type seat struct{ enter, prompt, change string }

// seats are twenty modes or sections, no two alike.
func seats() []seat {
	all := []seat{
		{"", "(config)#", "ip domain name of.example"},
		{"interface GigabitEthernet0/0", "(config-if)#", "description of seat 2"},
		{"ip dhcp pool SEAT", "(dhcp-config)#", "domain-name seat.example"},
		{"telephony-service", "(config-telephony)#", "system message of a seat"},
		{"voice register global", "(config-register-global)#", "max-pool 42"},
		{"voice register dn 41", "(config-register-dn)#", "number 4141"},
		{"voice register pool 41", "(config-register-pool)#", "id mac 001E.7AFF.0041"},
		{"line con 0", "(config-line)#", "exec-timeout 42 0"},
		{"line vty 0 24", "(config-line)#", "history size 42"},
		{"ephone-template 4", "(config-ephone-template)#", "softkeys idle Redial"},
		{"ephone-dn-template 4", "(config-ephone-dn-template)#", "hold-alert 15 originator"},
		{"voice register template 4", "(config-register-template)#", "softkeys idle  Newcall"},
	}
	for n := len(all); n < 20; n += 2 {
		all = append(all,
			seat{fmt.Sprintf("ephone-dn %d", n), "(config-ephone-dn)#", fmt.Sprintf("number 90%02d", n)},
			seat{fmt.Sprintf("ephone %d", n), "(config-ephone)#", fmt.Sprintf("mac-address 001E.7AFF.00%02d", n)})
	}
	return all
}

// TestTwentyOperatorsAtOnce: each in a mode of its own in one box, typing at
// the same time; the phones boot meanwhile. In this process, so that the race
// detector sees it.
func TestTwentyOperatorsAtOnce(t *testing.T) {
	netns.Need(t)
	phones := simphone.Catalogue()[:4]
	l, err := lab.New(lab.Options{Root: t.TempDir(), Version: "test", Phones: phones,
		Config: strings.Replace(lab.ConfigOf(lab.Options{Phones: phones}), "line vty 0 15", "line vty 0 24", 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()

	// The box lets a few strangers in at a time, one host no more than ten.
	strangers := make(chan bool, 5)
	var wg, entered sync.WaitGroup
	entered.Add(len(seats()))
	for _, s := range seats() {
		wg.Go(func() {
			var once sync.Once
			here := func() { once.Do(entered.Done) }
			defer here()
			strangers <- true
			c, err := login("127.0.0.1:22")
			<-strangers
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if err := s.sit(c, func() { here(); entered.Wait() }); err != nil {
				t.Errorf("%s: %v", s.enter, err)
			}
		})
	}
	wg.Wait()
	c, err := login("127.0.0.1:22")
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := session.Output("show running-config")
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	run := strings.ReplaceAll(string(out), "\r", "")
	for _, s := range seats() {
		indent := " "
		if s.enter == "" {
			indent = ""
		}
		if !strings.Contains(run, "\n"+indent+s.change+"\n") {
			t.Errorf("what was typed after %q is not there: %q", s.enter, s.change)
		}
	}
	if t.Failed() {
		t.Logf("the configuration is\n%s", run)
	}
	if !l.Settle(ctx, settleTime) {
		t.Error("the phones did not come up")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// settleTime bounds the wait for the phones.
const settleTime = 30 * time.Second

func login(addr string) (*ssh.Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(context.Background(), "tcp4", addr)
	if err != nil {
		return nil, err
	}
	return testbox.Login(conn, "lab", "lab")
}

// sit enters the mode, waits until everybody has, and then types.
func (s seat) sit(c *ssh.Client, everybody func()) error {
	session, err := c.NewSession()
	if err != nil {
		return err
	}
	in, err := session.StdinPipe()
	if err != nil {
		return err
	}
	out := testbox.NewBuffer()
	session.Stdout = out
	if err := session.RequestPty("vt100", 1000, 500, nil); err != nil {
		return err
	}
	if err := session.Shell(); err != nil {
		return err
	}
	expect := func(line, suffix string) (string, error) {
		if line != "" {
			if _, err := fmt.Fprintf(in, "%s\r", line); err != nil {
				return "", err
			}
		}
		text, err := out.Take(testbox.AnswerTime, func(x string) bool { return testbox.Prompt.MatchString(x) })
		if err == nil && !strings.HasSuffix(text, suffix) {
			err = fmt.Errorf("%q leads to %q, want %q", line, text, suffix)
		}
		return text, err
	}
	if _, err := expect("", "Branch#"); err != nil {
		return err
	}
	if _, err := expect("configure terminal", "Branch(config)#"); err != nil {
		return err
	}
	if s.enter != "" {
		if _, err := expect(s.enter, "Branch"+s.prompt); err != nil {
			return err
		}
	}
	everybody()
	if text, err := expect(s.change, "Branch"+s.prompt); err != nil || strings.Contains(strings.ReplaceAll(text, "%Warning: ", ""), "%") {
		return fmt.Errorf("%q is answered %q (%v)", s.change, text, err)
	}
	for range 5 {
		if text, err := expect("do show privilege", "Branch"+s.prompt); err != nil || !strings.Contains(text, "Current privilege level is 15") {
			return fmt.Errorf("%q: %v", text, err)
		}
	}
	_, err = expect("end", "Branch#")
	return err
}
