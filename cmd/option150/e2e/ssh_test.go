package e2e

import (
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/scrapli/scrapligo/driver/network"
	"github.com/scrapli/scrapligo/driver/options"
	"github.com/scrapli/scrapligo/platform"
	"github.com/scrapli/scrapligo/transport"
	"golang.org/x/crypto/ssh"

	"option150/cmd/option150/testbox"
	"option150/platform/testkit"
)

// openSSH is the ssh command that types the password by itself.
func (w *world) openSSH(password string, args ...string) (string, error) {
	w.T.Helper()
	env, client, options := w.OpenSSH("ssh", password)
	words := append(append(append(env, client), options...), "-o", "NumberOfPasswordPrompts=1")
	return w.command("/usr/bin/env", append(words, args...)...)
}

// TestOpenSSHRunsOneCommand: nothing but the answer, exit status 0.
func TestOpenSSHRunsOneCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: router})
	out, err := w.openSSH("lab", "10.150.0.1", "show clock")
	clock := regexp.MustCompile(`^\*?\d\d:\d\d:\d\d\.\d{3} UTC \w{3} \w{3} \d{1,2} \d{4}\r?\n$`)
	if err != nil || !clock.MatchString(out) {
		t.Errorf("%v\n%q", err, out)
	}
	out, err = w.openSSH("lab", "-tt", "10.150.0.1", "show privilege")
	if err != nil || strings.TrimSpace(out) != "Current privilege level is 15" {
		t.Errorf("%v\n%q", err, out)
	}
}

// TestWrongPasswordIsRefusedAndLogged: with the name and where it came from.
func TestWrongPasswordIsRefusedAndLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: router})
	if _, err := w.SSH("lab", "guess"); err == nil {
		t.Fatal("a wrong password was accepted")
	}
	if _, err := w.SSH("mallory", "lab"); err == nil {
		t.Fatal("an unknown user was accepted")
	}
	log := w.Exec("show logging")
	for _, want := range []string{`%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: lab] [Source: 10.150.0.5] [localport: 22]`, "[user: mallory]", "%SEC_LOGIN-5-LOGIN_SUCCESS: "} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
}

// TestLevelOneLandsAtTheUserPrompt and `enable` leads on from there.
func TestLevelOneLandsAtTheUserPrompt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	c, err := w.SSH("guest", "guest")
	if err != nil {
		t.Fatal(err)
	}
	s := testbox.NewShell(t, c)
	if s.Prompt != "Branch>" {
		t.Errorf("the prompt is %q", s.Prompt)
	}
	if a := s.Do("configure terminal"); !strings.Contains(a, "% Invalid input detected at '^' marker.") {
		t.Errorf("level 1 may configure:\n%s", a)
	}
	enable(s, "lab")
	if s.Prompt != "Branch#" {
		t.Errorf("enable leads to %q", s.Prompt)
	}
}

// enable types the secret where it is asked for.
func enable(s *testbox.Shell, secret string) {
	s.T.Helper()
	s.Send("enable\r")
	s.Sees("Password: ")
	s.Do(secret)
}

// netmikoScript is what a network engineer's script does. ADDRESS comes first.
const netmikoScript = `
import sys
from netmiko import ConnectHandler
c = ConnectHandler(device_type='cisco_ios', host=sys.argv[1], username='lab', password='lab', secret='lab', global_delay_factor=0.2)
c.enable()
print(c.find_prompt())
print(c.send_command('show version'))
print(c.send_config_set(['interface GigabitEthernet0/0', 'description uplink of netmiko', 'exit', 'hostname Netmiko']))
c.set_base_prompt()
print(c.save_config())
print(c.send_command('show running-config | include description'))
c.disconnect()
`

// TestNetmikoConfiguresAndSaves: version 2.4.2 as Debian has it.
func TestNetmikoConfiguresAndSaves(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3"
	testkit.NeedFile(t, "/usr/lib/python3/dist-packages/netmiko", "python3-netmiko")
	w := newWorld(t, setup{})
	script := w.file("script.py", []byte(netmikoScript))
	out, err := w.command(python, "-W", "ignore", script, "10.150.0.1")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"Branch#\n", "Option 150 Software", "Netmiko(config)#", "[OK]", "description uplink of netmiko\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	w.Saved("hostname Netmiko", " description uplink of netmiko")
}

// TestScrapligoConfiguresAndSaves over its own SSH client.
func TestScrapligoConfiguresAndSaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	host, port := w.bridge()
	p, err := platform.NewPlatform("cisco_iosxe", host, options.WithPort(port), options.WithAuthNoStrictKey(),
		options.WithAuthUsername("lab"), options.WithAuthPassword("lab"), options.WithAuthSecondary("lab"),
		options.WithTransportType(transport.StandardTransport), options.WithTimeoutOps(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.GetNetworkDriver()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Open(); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	send := func(d *network.Driver, line, want string) {
		t.Helper()
		r, err := d.SendCommand(line)
		if err != nil {
			t.Fatal(err)
		}
		if r.Failed != nil || !strings.Contains(r.Result, want) {
			t.Errorf("%s: %v\n%s", line, r.Failed, r.Result)
		}
	}
	send(d, "show version", "Option 150 Software")
	m, err := d.SendConfigs([]string{"interface GigabitEthernet0/0", "description uplink of scrapligo"})
	if err != nil || m.Failed != nil {
		t.Fatal(err, m.Failed)
	}
	send(d, "write memory", "[OK]")
	send(d, "show running-config interface GigabitEthernet0/0", "description uplink of scrapligo")
	w.Saved(" description uplink of scrapligo")
}

// bridge is a port on this machine behind which the box's port 22 is, for
// clients that are a library and dial by themselves.
func (w *world) bridge() (host string, port int) {
	w.T.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b, err := w.Dial("tcp4", "10.150.0.1:22")
				if err != nil {
					return
				}
				defer b.Close()
				go func() { defer b.Close(); relay(b, c) }()
				relay(c, b)
			}()
		}
	}()
	return "127.0.0.1", l.Addr().(*net.TCPAddr).Port
}

func relay(to, from net.Conn) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// TestAnyAuthenticationMethod: password and keyboard-interactive are both
// offered; clients know one or the other. [facts/ios-cli.md 1.2]
func TestAnyAuthenticationMethod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: router})
	for name, m := range map[string]ssh.AuthMethod{
		"password": ssh.Password("lab"),
		"keyboard-interactive": ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range answers {
				answers[i] = "lab"
			}
			return answers, nil
		}),
	} {
		conn, err := w.Dial("tcp4", "10.150.0.1:22")
		if err != nil {
			t.Fatal(err)
		}
		c, _, _, err := ssh.NewClientConn(conn, "box", &ssh.ClientConfig{User: "lab", Auth: []ssh.AuthMethod{m}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else {
			c.Close()
		}
		conn.Close()
	}
}
