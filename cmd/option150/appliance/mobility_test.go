package appliance_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"option150/platform/netns"
	"option150/telephony/mobility"
)

const mobilityStartup = `interface GigabitEthernet0/0
 ip address 10.150.0.1 255.255.255.0
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 option 150 ip 10.150.0.1
ip http server
no phone-probe call-control
voice register global
 mode cme
 source-address 10.150.0.9 port 5060
 max-dn 10
 max-pool 10
voice register dn 1
 number 1001
voice logout-profile 1
 user guest password guest
 number 1900 type normal
voice user-profile 1
 pin 4711
 user anna password line
 number 1555 type normal
 speed-dial 1 1666 blf
voice register pool 1
 id mac 001E.7A00.0001
 type 7961
 logout-profile 1
voice register pool 2
 id mac 001E.7A00.0002
 type 7961
 number 1 dn 1
telephony-service
 hfs enable port 6970
end`

// TestExtensionMobility: a simulated phone boots, its services key leads to the
// page, a person logs in, the next question for its file gets the new lines; the
// box restarts and knows it; nobody else can do it for the phone.
func TestExtensionMobility(t *testing.T) {
	netns.Need(t)
	w := newWorld(t)
	w.startup = strings.Split(mobilityStartup, "\n")
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	if err := w.phone([]string{"7961", "001e.7a00.0001", "boots"}); err != nil {
		t.Fatal(err)
	}
	if err := w.phone([]string{"7961", "001e.7a00.0002", "boots"}); err != nil {
		t.Fatal(err)
	}
	get := func(phone int, u string) string {
		t.Helper()
		c := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
			_ = w.phones[phone].Do(func() error { conn, err = (&net.Dialer{}).DialContext(ctx, network, addr); return nil })
			return conn, err
		}}}
		r, err := c.Get(u)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		return string(body)
	}
	const file = "http://10.150.0.1:6970/SEP001E7A000001.cnf.xml"
	before := get(0, file)
	_, services, _ := strings.Cut(before, "<servicesURL>")
	services, _, _ = strings.Cut(services, "</servicesURL>")
	if !strings.Contains(before, "<name>1900</name>") || !strings.HasSuffix(services, mobility.Path+"serviceurl") {
		t.Fatalf("the file of a phone nobody is logged in at, services %q:\n%s", services, before)
	}
	_, login, _ := strings.Cut(get(0, services), "<URL>")
	login, _, _ = strings.Cut(login, "</URL>")
	form := login + "?" + url.Values{"user": {"anna"}, "pin": {"4711"}}.Encode()
	if got := get(1, form); strings.Contains(got, "Logged in") {
		t.Errorf("another phone: %s", got)
	}
	if got := get(0, form); !strings.Contains(got, "Logged in") || !strings.Contains(got, "Restart the phone") {
		t.Fatal(got)
	}
	if after := get(0, file); !strings.Contains(after, "<name>1555</name>") || !strings.Contains(after, "<authName>anna</authName>") || strings.Contains(after, "1900") {
		t.Errorf("the file after the login:\n%s", after)
	}
	if got := get(1, "http://10.150.0.1:6970/SEP001E7A000002.cnf.xml"); !strings.Contains(got, "<name>1001</name>") {
		t.Errorf("the file of another phone:\n%s", got)
	}
	kept, err := w.box.Box().NVRAM.ReadFile("extension-mobility")
	if err != nil || !strings.HasPrefix(string(kept), "SEP001E7A000001 1 ") {
		t.Errorf("kept: %q, %v", kept, err)
	}
	if c := w.box.Box().Store.Current().Telephony.Users[0]; strings.Contains(c.PIN, "4711") || !strings.HasPrefix(c.PIN, "$9$") {
		t.Errorf("the PIN is kept as %q", c.PIN)
	}
	if got := mobility.New(mobility.Options{}, kept).Logins(); len(got) != 1 {
		t.Errorf("after a restart %v", got)
	}
}
