package e2e

import (
	"bytes"
	"context"
	endian "encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/cmd/option150/lab"
	"option150/platform/capture"
	"option150/platform/ether"
	"option150/platform/netns"
	"option150/platform/testkit/wiretap"
	"option150/telephony/simphone"
)

// desktop is a SIP phone that runs the load the configuration names.
var desktop = simphone.Spec{MAC: ether.MAC{0x00, 0x1e, 0x7a, 0, 0, 6}, Model: "7961", Protocol: simphone.SIP, Load: "SIP41.9-4-2-1S"}

// wire is what went over the cable of the box while a phone booted.
type wire struct {
	t       *testing.T
	packets []capture.Packet
	phone   netip.Addr
	outcome simphone.Outcome
}

// boots plugs a phone in, gives it power and records the wire.
func (w *world) boots(s simphone.Spec, log func(simphone.Step)) wire {
	w.T.Helper()
	host, err := netns.NewHost(s.MAC.Device())
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { host.Close() })
	if _, err := w.LAN.Plug(host, netns.Cable{MAC: net.HardwareAddr(s.MAC[:])}); err != nil {
		w.T.Fatal(err)
	}
	var file bytes.Buffer
	var rec *wiretap.Recorder
	if err := w.Box.Do(func() (err error) {
		rec, err = wiretap.Start("eth0", capture.Filter{}, &file)
		return err
	}); err != nil {
		w.T.Fatal(err)
	}
	p, err := simphone.New(s, simphone.Options{In: host.Do, Log: log})
	if err != nil {
		w.T.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.T.Context(), 30*time.Second)
	defer cancel()
	r := wire{t: w.T}
	r.outcome, err = p.Boot(ctx)
	st, e := rec.Stop()
	if err != nil || e != nil || st.Dropped > 0 {
		w.T.Fatal(err, e, st)
	}
	if r.outcome.Kind != simphone.Provisioned {
		w.T.Fatalf("the phone is %s", r.outcome)
	}
	r.phone = r.outcome.Lease.Addr.Addr()
	if r.packets, err = wiretap.ReadAll(&file, 1<<20); err != nil {
		w.T.Fatal(err)
	}
	return r
}

// http is the request for a name as the phone sent it and the head of the
// answer.
func (r wire) http(name string) (request, answer string, at time.Time) {
	for i, p := range r.packets {
		if !p.TCP() || p.Src.Addr() != r.phone || p.Dst.Port() != 6970 || !bytes.HasPrefix(p.Payload, []byte("GET /"+name+" ")) {
			continue
		}
		for _, a := range r.packets[i:] {
			if a.TCP() && a.Src == p.Dst && a.Dst == p.Src && len(a.Payload) > 0 {
				head, _, _ := strings.Cut(string(a.Payload), "\r\n\r\n")
				return string(p.Payload), head, a.Time
			}
		}
	}
	return "", "", time.Time{}
}

// tftp is the read request for a name, when it came, and the content that the
// blocks after it carried, up to the last one.
func (r wire) tftp(name string) (request []byte, content []byte, at time.Time) {
	for i, p := range r.packets {
		if !p.UDP() || p.Src.Addr() != r.phone || p.Dst.Port() != 69 || !bytes.HasPrefix(p.Payload, []byte("\x00\x01"+name+"\x00")) {
			continue
		}
		request, at = p.Payload, p.Time
		content = nil
		for next, a := uint16(1), r.packets[i:]; len(a) > 0; a = a[1:] {
			d := a[0]
			if !d.UDP() || d.Dst != p.Src || len(d.Payload) < 4 || endian.BigEndian.Uint16(d.Payload) != 3 || endian.BigEndian.Uint16(d.Payload[2:]) != next {
				continue
			}
			content = append(content, d.Payload[4:]...)
			next++
			if len(d.Payload) < 4+512 {
				return request, content, at
			}
		}
	}
	return request, nil, at
}

// refused reports that a connection to 6970 was answered with a reset.
func (r wire) refused() bool {
	f := capture.NewRefusals(6970)
	for _, p := range r.packets {
		if e, ok := f.Packet(p); ok && e.Client == r.phone {
			return true
		}
	}
	return false
}

// TestDownloadSucceedsOverHTTP: connection to 6970, request, 200, no TFTP.
// A file that is not there is answered 404 and not asked for by TFTP.
// [sources/000, facts/phones.md 1.3]
func TestDownloadSucceedsOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: lab.ConfigOf(lab.Options{Phones: []simphone.Spec{desktop}})})
	r := w.boots(desktop, nil)
	own := desktop.MAC.Device() + ".cnf.xml"
	request, answer, _ := r.http(own)
	if want := "GET /" + own + " HTTP/1.1\r\nHost:10.150.0.1:6970\r\n\r\n"; request != want {
		t.Errorf("the phone asked %q, want %q", request, want)
	}
	lower := strings.ToLower(answer)
	if !strings.HasPrefix(answer, "HTTP/1.1 200 OK\r\n") || !strings.Contains(lower, "\r\ncontent-length:") || strings.Contains(lower, "transfer-encoding") {
		t.Errorf("the box answered %q", answer)
	}
	missing := "CTL" + desktop.MAC.Device() + ".tlv"
	if _, answer, _ := r.http(missing); !strings.HasPrefix(answer, "HTTP/1.1 404 ") {
		t.Errorf("%s was answered %q", missing, answer)
	}
	for _, name := range []string{own, missing} {
		if request, _, _ := r.tftp(name); request != nil {
			t.Errorf("%s was asked for by TFTP too: %q", name, request)
		}
	}
}

// TestDownloadFallsBackToTFTP: connection refused, then TFTP with a request
// without options, and the same bytes. [sources/000, facts/phones.md 1.4]
func TestDownloadFallsBackToTFTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: lab.ConfigOf(lab.Options{Phones: []simphone.Spec{desktop}})})
	own := desktop.MAC.Device() + ".cnf.xml"
	_, want := w.get("http://10.150.0.1:6970/" + own)
	w.Login().Configure("telephony-service", "no hfs enable")
	r := w.boots(desktop, nil)
	if !r.refused() {
		t.Error("no connection to 6970 was refused")
	}
	request, content, _ := r.tftp(own)
	if string(request) != "\x00\x01"+own+"\x00octet\x00" {
		t.Errorf("the phone asked %q", request)
	}
	if len(content) == 0 || !bytes.Equal(content, want) {
		t.Errorf("TFTP gave %d bytes, HTTP %d", len(content), len(want))
	}
}

// TestDownloadBusyGoesToTFTPAtOnce: one request may be served and a slow
// client holds it: 503, and the same file by TFTP at once. [facts/phones.md 1.5]
func TestDownloadBusyGoesToTFTPAtOnce(t *testing.T) {
	t.Parallel()
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	w := newWorld(t, setup{config: strings.Replace(lab.ConfigOf(lab.Options{Phones: []simphone.Spec{desktop}}), "\ntelephony-service\n", "\nfile-server maximum-serving-count 1\n!\ntelephony-service\n", 1),
		flash: map[string][]byte{"phones/big.bin": big}})
	slow := w.slowClient("big.bin")
	var once sync.Once
	var busy string
	r := w.boots(desktop, func(s simphone.Step) {
		if s.Kind == simphone.File && s.Transport == "HTTP" && s.Result == "503" {
			once.Do(func() { busy = s.Name; slow.Close() })
		}
	})
	if busy == "" {
		t.Fatal("the phone was never told 503")
	}
	_, answer, told := r.http(busy)
	if !strings.HasPrefix(answer, "HTTP/1.1 503 ") || !strings.Contains(strings.ToLower(answer), "\r\nretry-after:") {
		t.Errorf("%s was answered %q", busy, answer)
	}
	request, _, asked := r.tftp(busy)
	if request == nil || asked.Before(told) || asked.Sub(told) > time.Second {
		t.Errorf("the phone asked %q by TFTP %s after the 503", request, asked.Sub(told))
	}
}

// slowClient asks for a file over HTTP and does not read the answer.
func (w *world) slowClient(name string) net.Conn {
	w.T.Helper()
	return w.slowFrom("10.150.0.1", name)
}
