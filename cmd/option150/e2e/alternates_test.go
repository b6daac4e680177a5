package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/netns"
	"option150/platform/testkit"
	"option150/telephony/firmware"
)

// cluster is one more box in the LAN.
type cluster struct {
	w    *world
	host *netns.Host
	addr string
	proc *testbox.Process
}

// clusterConfig serves one phone, and firmware from flash:.
const clusterConfig = `hostname %s
interface GigabitEthernet0/0
 ip address %s 255.255.255.0
ip http server
telephony-service
 max-ephones 10
 max-dn 10
 ip source-address %[2]s port 2000
 cnf-file location flash:
 cnf-file perphone
 no auto-reg-ephone
 hfs enable port 6970
ephone-dn  1
 number 1001
ephone  1
 mac-address %s
 type 7961
 button  1:1
%s
end
`

// join puts a box into the LAN of another and starts it.
func (w *world) join(name, addr, mac, more string, flash map[string][]byte) *cluster {
	w.T.Helper()
	c := &cluster{w: w, host: w.Host(name, netip.Prefix{}), addr: addr}
	w.file(name+"/nvram/startup-config", fmt.Appendf(nil, clusterConfig, name, addr, mac, more))
	w.file(name+"/flash/.keep", nil)
	for f, b := range flash {
		w.file(name+"/flash/"+f, b)
	}
	w.file(name+".toml", fmt.Appendf(nil, "root = %q\n[[interfaces]]\nname = \"GigabitEthernet0/0\"\ndevice = \"eth0\"\nmanaged = true\n[console]\ndevice = \"none\"\n", w.Dir+"/"+name))
	c.start()
	return c
}

func (c *cluster) start() {
	c.w.T.Helper()
	c.proc = testbox.Run(c.w.T, c.host, exec.Command(binary(), "run", "--config", c.w.Dir+"/"+c.host.Name()+".toml"))
	c.w.Within(15*time.Second, c.host.Name()+" does not serve files", func() bool {
		s, _ := c.w.get("http://" + c.addr + ":6970/XMLDefault.cnf.xml")
		return s != 0
	})
}

const master = `file-server alternate 1 10.150.0.11
file-server alternate 2 10.150.0.12
logging buffered
end
`

func masterConfig(lines string) string { return strings.TrimSuffix(branch, "end\n") + lines }

const (
	ofTwo  = "SEP001E7A000022.cnf.xml"
	ofNone = "SEP001E7A0000FF.cnf.xml"
	part41 = "apps41.9-4-2ES26.sbn"
)

// TestAlternates: phones of two clusters get their files from the one box they
// know, over both transports, and firmware crosses the line once.
func TestAlternates(t *testing.T) {
	image := firmware.SyntheticFile(part41, bytes.Repeat([]byte("firmware"), 200_000))
	w := newWorld(t, setup{config: masterConfig(master)})
	const whole = "SCCP42.9-4-2SR3-1S"
	load, err := firmware.Synthesise(whole, firmware.FamilyOf(whole), nil)
	if err != nil {
		t.Fatal(err)
	}
	load[part41] = image
	const theirs = "SCCP45.9-4-2SR3-1S" // of phones of the clusters
	of45, err := firmware.Synthesise(theirs, firmware.FamilyOf(theirs), nil)
	if err != nil {
		t.Fatal(err)
	}
	lies := maps.Clone(load)
	maps.Copy(lies, of45)
	one := w.join("One", "10.150.0.11", "001e.7a00.0011", "", lies)
	two := w.join("Two", "10.150.0.12", "001e.7a00.0022", "", nil)
	w.Within(60*time.Second, "the alternates do not answer", func() bool {
		return strings.Count(w.Exec("show file-server alternate"), "State: answers") == 2
	})

	// Phones of clusters that get their load through this box lack nothing: one gets
	// it over the line, the next from what is kept.
	for i, phone := range []string{"SEP001E7A000022", "SEP001E7A000011"} {
		a := netip.AddrFrom4([4]byte{10, 150, 0, byte(22 + i)})
		names := []string{phone + ".cnf.xml", theirs + ".loads"}
		for name := range of45 {
			if name != theirs+".loads" {
				names = append(names, name)
			}
		}
		for _, name := range names {
			if got := w.statusFrom(a, name); got != 200 {
				t.Errorf("%s, %s: %d", phone, name, got)
			}
		}
		w.Within(10*time.Second, phone+" does not have its load", func() bool {
			return strings.Contains(w.Exec("show phone "+phone), "every file of its load")
		})
		if a := w.Exec("show phone " + phone); strings.Contains(a, "R08") || strings.Contains(a, "missing") {
			t.Errorf("it lacks something:\n%s", a)
		}
	}
	w.Login().Silent("clear file-server cache")

	// 404 leads on, and both transports give what the cluster gives.
	_, want := w.get("http://10.150.0.12:6970/" + ofTwo)
	if s, got := w.get("http://10.150.0.1:6970/" + ofTwo); s != 200 || !bytes.Equal(got, want) {
		t.Errorf("HTTP: %d, %d bytes of %d", s, len(got), len(want))
	}
	if got, err := w.command("curl", "-s", "tftp://10.150.0.1/"+ofTwo); err != nil || got != string(want) {
		t.Errorf("TFTP: %v, %d bytes of %d", err, len(got), len(want))
	}
	for _, name := range []string{ofNone, "nothing.xml"} {
		if s, _ := w.get("http://10.150.0.1:6970/" + name); s != 404 {
			t.Errorf("%s: %d", name, s)
		}
	}
	if _, err := w.command("curl", "-s", "tftp://10.150.0.1/"+ofNone); err == nil || !strings.Contains(err.Error(), "68") { // "file not found on server"
		t.Errorf("TFTP, nobody has it: %v", err)
	}

	// Names of a phone configured here never leave the box.
	asked := number(w.Exec("show file-server statistics"), "PeerRequests")
	if s, _ := w.get("http://10.150.0.1:6970/CTLSEP001E7A000001.tlv"); s != 404 {
		t.Errorf("%d", s)
	}
	if n := number(w.Exec("show file-server statistics"), "PeerRequests"); n != asked {
		t.Errorf("a name of a phone of this box was asked for elsewhere: %d questions, %d before", n, asked)
	}

	// A load is fetched beforehand, and thrown away, from the console.
	s := w.Login()
	if a := s.Do("hfs prefetch load " + whole); strings.Count(a, "Loading ") != len(load)-1 || strings.Count(a, "[OK - ") != len(load)-1 ||
		!strings.Contains(a, fmt.Sprintf("%s: %d files, ", whole, len(load)-1)) || !strings.Contains(a, "!") {
		t.Errorf("prefetch:\n%s", a)
	}
	if a := s.Do("show file-server cache"); strings.Count(a, "10.150.0.11") != len(load)-1 {
		t.Errorf("the cache:\n%s", a)
	}
	if a := s.Do("hfs prefetch load " + whole); !strings.Contains(a, fmt.Sprintf("%d of them were before", len(load)-1)) || strings.Contains(a, "Loading ") {
		t.Errorf("prefetch once more:\n%s", a)
	}
	if a := s.Do("hfs prefetch load SCCP99.1-1-1S"); !strings.Contains(a, "% SCCP99.1-1-1S: 10.150.0.11 404, 10.150.0.12 404") {
		t.Errorf("a load that nobody has:\n%s", a)
	}
	s.Silent("clear file-server cache " + whole + ".loads")
	if a := s.Do("show file-server cache"); strings.Count(a, "10.150.0.11") != len(load)-2 {
		t.Errorf("one file was cleared:\n%s", a)
	}
	s.Silent("clear file-server cache")
	if a := s.Do("show file-server cache"); !strings.HasPrefix(a, "0 files, ") {
		t.Errorf("all were cleared:\n%s", a)
	}
	fetched := number(w.Exec("show file-server statistics"), "WanBytes")

	// 200 phones and one fetch.
	before := len(want)
	t.Run("200 phones", func(t *testing.T) { w.phones(t, 200, part41, image) })
	stats := w.Exec("show file-server statistics")
	if n := number(stats, "WanBytes") - fetched; n < len(image) || n > len(image)+10*before {
		t.Errorf("%d bytes crossed the line for a file of %d", n, len(image))
	}
	w.Within(10*time.Second, "it is not kept", func() bool { return strings.Contains(w.Exec("show file-server cache"), part41) })

	// The line is cut: firmware is served as before, local phones are served, the
	// phones of the clusters are told to ask again.
	for _, c := range []*cluster{one, two} {
		if err := c.host.SetLink("eth0", false); err != nil {
			t.Fatal(err)
		}
	}
	if s, got := w.get("http://10.150.0.1:6970/" + part41); s != 200 || !bytes.Equal(got, image) {
		t.Errorf("cached firmware: %d, %d bytes", s, len(got))
	}
	asks := 0x40
	w.Within(30*time.Second, "the breaker", func() bool {
		asks++
		w.get(fmt.Sprintf("http://10.150.0.1:6970/SEP001E7A0001%02X.cnf.xml", asks))
		return strings.Count(w.Exec("show file-server alternate"), "State: down") == 2
	})
	for name, want := range map[string]int{ofTwo: 503, "SEP001E7A000033.cnf.xml": 503, "CTLSEP001E7A000033.tlv": 404,
		"SEP001E7A000001.cnf.xml": 200, "CTLSEP001E7A000001.tlv": 404, "SCCP42.9-4-2S.loads": 404} {
		began := time.Now()
		// From another address: the desk has become a phone of a cluster.
		if s := w.statusFrom(netip.MustParseAddr("10.150.0.7"), name); s != want {
			t.Errorf("line cut, %s: %d, want %d", name, s, want)
		}
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("line cut, %s took %v", name, took)
		}
	}
	if log := w.Exec("show logging"); strings.Count(log, "%FILESERVER-4-ALTERNATE_DOWN") != 2 {
		t.Errorf("the log:\n%s", log)
	}
}

// number is a counter of a table.
func number(text, name string) (n int) {
	for l := range strings.Lines(text) {
		if f := strings.Fields(l); len(f) == 2 && f[0] == name {
			_, _ = fmt.Sscan(f[1], &n)
		}
	}
	return n
}

// from is a client with an address of its own on the desk.
func (w *world) from(a netip.Addr) *http.Client {
	if a.Is4() {
		_ = w.Desk.AddAddr("eth0", netip.PrefixFrom(a, 24))
	}
	return &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (c net.Conn, err error) {
			err = w.Desk.Do(func() error {
				d := net.Dialer{LocalAddr: &net.TCPAddr{IP: a.AsSlice()}}
				c, err = d.DialContext(ctx, network, addr)
				return err
			})
			return c, err
		}}}
}

// statusFrom is the status that a phone at an address gets.
func (w *world) statusFrom(a netip.Addr, name string) int {
	r, err := w.from(a).Get("http://" + netip.AddrPortFrom(askedAt(a), 6970).String() + "/" + name)
	if err != nil {
		w.T.Log(err)
		return 0
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil { // who hangs up is no phone that has its file
		w.T.Log(err)
		return 0
	}
	return r.StatusCode
}

// phones has many phones ask for a file at once.
func (w *world) phones(t *testing.T, n int, name string, want []byte) {
	var clients []*http.Client
	for i := range 20 {
		clients = append(clients, w.from(netip.AddrFrom4([4]byte{10, 150, 0, byte(200 + i)})))
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			r, err := clients[i%len(clients)].Get("http://10.150.0.1:6970/" + name)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Body.Close()
			if got, err := io.ReadAll(r.Body); err != nil || r.StatusCode != 200 || !bytes.Equal(got, want) || r.ContentLength != int64(len(want)) {
				t.Errorf("%d, %d bytes, %v", r.StatusCode, len(got), err)
			}
		})
	}
	wg.Wait()
}

// TestAlternateNames: an alternate by a name with two addresses, of which the
// first is dead, and one by its IPv6 address, in the order of the lines.
func TestAlternateNames(t *testing.T) {
	w := newWorld(t, setup{off: true, config: masterConfig(`ip host clusters.example 10.150.0.98 10.150.0.12
file-server alternate 1 clusters.example
file-server alternate 2 fd00:150::13
end
`)})
	const third = "SEP001E7A000033.cnf.xml"
	serve := func(name, addr string, files map[string]string) {
		p := netip.MustParsePrefix(addr)
		h := w.Host(name, netip.Prefix{})
		if err := h.AddAddr("eth0", p); err != nil {
			testkit.Missing(t, "IPv6: "+err.Error())
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body, ok := files[strings.TrimPrefix(r.URL.Path, "/")]; ok {
				http.ServeContent(w, r, r.URL.Path, time.Time{}, strings.NewReader(body))
				return
			}
			http.NotFound(w, r)
		})}
		t.Cleanup(func() { srv.Close() })
		w.Within(10*time.Second, addr+" is not ready", func() bool { // IPv6 looks first whether somebody else has it
			var l net.Listener
			err := h.Do(func() (err error) {
				l, err = net.Listen("tcp", netip.AddrPortFrom(p.Addr(), 6970).String())
				return err
			})
			if err == nil {
				go srv.Serve(l)
			}
			return err == nil
		})
	}
	if err := w.Box.AddAddr("eth0", netip.MustParsePrefix("fd00:150::1/64")); err != nil {
		testkit.Missing(t, "IPv6: "+err.Error())
	}
	serve("two", "10.150.0.12/24", map[string]string{ofTwo: "<two/>"})
	serve("six", "fd00:150::13/64", map[string]string{ofTwo: "<wrong/>", third: "<six/>"})
	w.start()
	w.Within(60*time.Second, "the alternates do not answer", func() bool {
		return strings.Count(w.Exec("show file-server alternate"), "State: answers") == 2
	})
	for name, want := range map[string]string{ofTwo: "<two/>", third: "<six/>"} {
		if s, got := w.get("http://10.150.0.1:6970/" + name); s != 200 || string(got) != want {
			t.Errorf("%s over HTTP: %d, %q", name, s, got)
		}
		if got, err := w.command("curl", "-s", "tftp://10.150.0.1/"+name); err != nil || got != want {
			t.Errorf("%s over TFTP: %v, %q", name, err, got)
		}
	}
	if a := w.Exec("show file-server alternate"); !strings.Contains(a, "Addresses: 10.150.0.98 10.150.0.12") || !strings.Contains(a, "fd00:150::13") {
		t.Errorf("shown:\n%s", a)
	}
}

// TestAlternateLoop: two boxes that have one another as alternates end a
// question after one hop; a third address hides it and the mark shows it.
func TestAlternateLoop(t *testing.T) {
	w := newWorld(t, setup{config: strings.Replace(masterConfig("file-server alternate 1 10.150.0.11\nlogging buffered\nend\n"),
		" ip address 10.150.0.1 255.255.255.0\n", " ip address 10.150.0.1 255.255.255.0\n ip address 10.150.0.99 255.255.255.0 secondary\n", 1)})
	w.join("One", "10.150.0.11", "001e.7a00.0011", "file-server alternate 1 10.150.0.99\n", nil)
	for range 3 {
		began := time.Now()
		if s, _ := w.get("http://10.150.0.1:6970/" + ofNone); s != 404 {
			t.Errorf("%d", s)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
	}
	if log := w.Exec("show logging"); !strings.Contains(log, "%FILESERVER-3-ALTERNATE_LOOP: 10.150.0.11 asked here for "+ofNone) {
		t.Errorf("the log:\n%s", log)
	}
	s := w.Login()
	s.Do("configure terminal")
	if a := s.Do("file-server alternate 2 10.150.0.99"); !strings.Contains(a, "% That is this box itself") {
		t.Errorf("the box as its own alternate: %q", a)
	}
}

// TestAlternateBusyAndCut: a server that is busy is believed, and a file whose
// server ends in its middle arrives whole when that comes back.
func TestAlternateBusyAndCut(t *testing.T) {
	image := firmware.SyntheticFile(part41, bytes.Repeat([]byte("firmware"), 150_000))
	w := newWorld(t, setup{config: masterConfig(master)})
	busy := w.Host("busy", netip.MustParsePrefix("10.150.0.11/24"))
	var l net.Listener
	if err := busy.Do(func() (err error) { l, err = net.Listen("tcp4", "10.150.0.11:6970"); return err }); err != nil {
		t.Fatal(err)
	}
	answer := func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/SEP") {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		http.NotFound(w, r)
	}
	srv := &http.Server{Handler: http.HandlerFunc(answer)}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	two := w.join("Two", "10.150.0.12", "001e.7a00.0022", "", map[string][]byte{part41: image})
	if s, _ := w.get("http://10.150.0.1:6970/" + ofTwo); s != 503 {
		t.Errorf("busy: %d", s)
	}
	if got, _ := w.command("curl", "-s", "-S", "tftp://10.150.0.1/"+ofTwo); strings.Contains(got, "<device>") {
		t.Error("the next server was asked after a 503")
	}

	s := w.Login()
	s.Do("configure terminal")
	s.Do("file-server rate-limit 3000")
	s.Do("end")
	type result struct {
		status int
		body   []byte
	}
	got := make(chan result, 1)
	go func() {
		r, err := w.from(netip.MustParseAddr("10.150.0.8")).Get("http://10.150.0.1:6970/" + part41)
		if err != nil {
			got <- result{0, []byte(err.Error())}
			return
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			b = []byte(err.Error())
		}
		got <- result{r.StatusCode, b}
	}()
	w.Within(20*time.Second, "the fetch does not begin", func() bool { return strings.Contains(w.Exec("show file-server alternate"), part41+" from") })
	two.proc.Kill()
	two.start()
	r := <-got
	if r.status != 200 || !bytes.Equal(r.body, image) {
		t.Errorf("cut in the middle: %d, %d bytes of %d: %.80s", r.status, len(r.body), len(image), r.body)
	}
}
