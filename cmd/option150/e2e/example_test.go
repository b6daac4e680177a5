package e2e

import (
	"strings"
	"testing"
)

// clash is the message of sources/000, as it is printed.
const clash = "Invalid port number or port in use by other application"

// router is a box as it comes but for the user and the address.
const router = `hostname Router
username lab privilege 15 secret lab
interface GigabitEthernet0/0
 ip address 10.150.0.1 255.255.255.0
line vty 0 4
 login local
end
`

// TestExamplesOfTheGuide types every example of sources/000 over SSH.
func TestExamplesOfTheGuide(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: router, flash: map[string][]byte{"hello.txt": []byte("hello\n")}})
	s := w.Login()
	served := func(url string, want int) {
		t.Helper()
		if status, body := w.get(url); status != want {
			t.Errorf("%s: status %d, want %d: %s", url, status, want, body)
		}
	}
	must := func(line, prompt, answer string) {
		t.Helper()
		if a := s.Do(line); a != answer || s.Prompt != prompt {
			t.Errorf("%s\n%s%s\nwant\n%s%s", line, a, s.Prompt, answer, prompt)
		}
	}

	// "the underlying HTTP server must be enabled first"
	must("configure terminal", "Router(config)#", "Enter configuration commands, one per line.  End with CNTL/Z.\n")
	must("ip http server", "Router(config)#", "")
	must("ip http port 1234", "Router(config)#", "")
	// "For the default port": HFS shares the port of the HTTP server.
	must("telephony-service", "Router(config-telephony)#", "")
	must("hfs enable", "Router(config-telephony)#", "")
	served("http://10.150.0.1:1234/hello.txt", 200)
	served("http://10.150.0.1:6970/hello.txt", 0)
	// "For the custom port"
	must("hfs enable port 6970", "Router(config-telephony)#", "")
	served("http://10.150.0.1:6970/hello.txt", 200)
	served("http://10.150.0.1:1234/hello.txt", 404)
	must("end", "Router#", "")

	// "port 6970 is configured as the IP HTTP port"
	s.Configure("telephony-service", "no hfs enable")
	must("configure terminal", "Router(config)#", "Enter configuration commands, one per line.  End with CNTL/Z.\n")
	// Accepted; a warning about what that means for the phones is welcome.
	if a := s.Do("ip http port 6970"); a != "" && !strings.HasPrefix(a, "%Warning: ") {
		t.Errorf("ip http port 6970 answers\n%s", a)
	}
	must("telephony-service", "Router(config-telephony)#", "")
	// The line of the guide first, then who holds the port.
	if a := s.Do("hfs enable port 6970"); !strings.HasPrefix(a, clash+"\n") || !strings.Contains(a, "held by IP HTTP server") {
		t.Errorf("the clash is answered\n%s", a)
	}
	must("end", "Router#", "")
	if run := w.runningConfig(); strings.Contains(run, "hfs") || !strings.Contains(run, "ip http port 6970") {
		t.Errorf("the refused command left\n%s", run)
	}
	served("http://10.150.0.1:6970/", 200)
}
