package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"option150/platform/config"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/netns"
	"option150/platform/running"
	"option150/telephony/inventory"
	"option150/telephony/simphone"
)

// What other machines of the LAN do in a lab with a fault.

func (l *Lab) startRogue(option150 []byte) error {
	h, err := l.Host("rogue", netip.PrefixFrom(rogueAddr, 24))
	if err != nil {
		return err
	}
	l.others = append(l.others, h)
	l.rogue, err = StartRogue(h, option150)
	return err
}

func (l *Lab) startControl() error {
	h, err := l.Host("control", netip.PrefixFrom(ControlAddr, 24))
	if err != nil {
		return err
	}
	l.others = append(l.others, h)
	l.Control, err = StartControl(h, ControlAddr)
	return err
}

// farControl is call control on a network that only the box leads to.
var farControl, farGateway = netip.MustParseAddr("192.168.9.1"), netip.MustParseAddr("192.168.9.254")

// startFarControl puts call control there; the box is made to forward, as a
// router does.
func (l *Lab) startFarControl() error {
	h, err := l.Host("far-control", netip.PrefixFrom(farControl, 24))
	if err != nil {
		return err
	}
	l.others = append(l.others, h)
	if err := errors.Join(h.SetGateway(farGateway), os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)); err != nil {
		return err
	}
	l.Control, err = StartControl(h, farControl)
	return err
}

// alternate is another file server of the lab.
type alternate struct {
	files map[string]string
	asks  atomic.Bool // it asks the box first: each is an alternate of the other
	to    http.Client
}

var alternateAddr = netip.MustParseAddr("10.150.0.240")

// startAlternate puts it into the LAN.
func (l *Lab) startAlternate(files map[string]string, asks bool) error {
	h, err := l.Host("alternate", netip.PrefixFrom(alternateAddr, 24))
	if err != nil {
		return err
	}
	l.others = append(l.others, h)
	a := &alternate{files: files}
	a.asks.Store(asks)
	a.to = http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (c net.Conn, err error) {
			err = h.Do(func() (e error) { c, e = (&net.Dialer{}).DialContext(ctx, network, addr); return e })
			return c, err
		}}}
	var in net.Listener
	if err := h.Do(func() (e error) {
		in, e = net.Listen("tcp4", netip.AddrPortFrom(alternateAddr, simphone.PortHTTP).String())
		return e
	}); err != nil {
		return err
	}
	s := &http.Server{Handler: a, ReadHeaderTimeout: 5 * time.Second}
	l.wg.Go(func() {
		defer context.AfterFunc(l.ctx, func() { s.Close() })()
		_ = s.Serve(in)
	})
	l.alternate = a
	return nil
}

// ServeHTTP gives its own files, and first, when it is told to, those of the box.
func (a *alternate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.asks.Load() {
		q, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://"+netip.AddrPortFrom(boxAddr, simphone.PortHTTP).String()+r.URL.Path, nil)
		if err == nil {
			q.Header.Set("Via", strings.Join(append(r.Header.Values("Via"), "1.1 alternate"), ", ")) // RFC 9110 7.6.3
			if resp, err := a.to.Do(q); err == nil {
				defer resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					_, _ = io.Copy(w, resp.Body)
					return
				}
			}
		}
	}
	text, ok := a.files[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = io.WriteString(w, text)
}

// fileElsewhere is the file of a phone as another call manager makes it.
func fileElsewhere(s simphone.Spec) map[string]string {
	return map[string]string{s.MAC.Device() + ".cnf.xml": `<device><deviceProtocol>` + string(s.Protocol) + `</deviceProtocol><devicePool><callManagerGroup><members><member priority="0"><callManager>` +
		`<ports><ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>` + ControlAddr.String() + `</processNodeName></callManager></member></members></callManagerGroup></devicePool>` +
		`<loadInformation>` + s.Load + `</loadInformation><networkLocale>United_States</networkLocale></device>`}
}

// startThief asks once for the file of the first phone, when that is up.
func (l *Lab) startThief() error {
	h, err := l.Host("thief", netip.MustParsePrefix("10.150.0.251/24"))
	if err != nil {
		return err
	}
	l.others = append(l.others, h)
	l.wg.Go(func() {
		if l.Settle(l.ctx, settleTime) {
			_ = readRequest(h, simphone.Catalogue()[0].MAC.Device()+".cnf.xml")
		}
	})
	return nil
}

// readRequest asks the box for a file by TFTP and does not wait for it.
func readRequest(h *netns.Host, name string) error {
	return h.Do(func() error {
		c, err := net.Dial("udp4", netip.AddrPortFrom(boxAddr, 69).String())
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Write([]byte("\x00\x01" + name + "\x00octet\x00"))
		return err
	})
}

// startScan asks for the files of thirty phones, again and again.
func (l *Lab) startScan() error {
	h, err := l.Host("scanner", netip.MustParsePrefix("10.150.0.250/24"))
	if err != nil {
		return err
	}
	l.others = append(l.others, h)
	l.wg.Go(func() {
		for i := 0; l.ctx.Err() == nil; i = (i + 1) % 30 {
			name := ether.MAC{0, 0x1e, 0x7a, 0, 0, byte(i + 1)}.Device() + ".cnf.xml"
			_ = readRequest(h, name)
			select {
			case <-l.ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	return nil
}

// change changes the configuration of the box.
func (l *Lab) change(f func(*config.Config)) error {
	_, err := l.Box.Box().Store.Change(l.ctx, running.Who{User: "lab"}, func(c *config.Config) error { f(c); return nil })
	return err
}

// whenUp does something when the phones have settled, and gives the address of
// the first.
func (l *Lab) whenUp(do func(a netip.Addr)) error {
	l.wg.Go(func() {
		if !l.Settle(l.ctx, settleTime) {
			return
		}
		if p, ok := l.Box.Box().Inventory.Phone(simphone.Catalogue()[0].MAC, time.Now()); ok && l.ctx.Err() == nil {
			do(p.Addr)
		}
	})
	return nil
}

// tellOwnFault tells the box of a name that one transport had and the other not:
// it cannot be made, because both have one look-up.
func (l *Lab) tellOwnFault() error {
	return l.whenUp(func(a netip.Addr) {
		c, j, name := netip.AddrPortFrom(a, 40000), l.Box.Box().Journal, "Ringlist.xml"
		j.Record(fileserver.Asked{Transport: fileserver.HTTP, Client: c, Name: name})
		j.Record(fileserver.NotFound{Transport: fileserver.HTTP, Client: c, Name: name})
		j.Record(fileserver.Asked{Transport: fileserver.TFTP, Client: c, Name: name})
		j.Record(fileserver.Served{Transport: fileserver.TFTP, Client: c, Name: name, Size: 10, Bytes: 10, Complete: true})
	})
}

// startTwin gives the address of the first phone to another machine, which uses
// it.
func (l *Lab) startTwin() error {
	return l.whenUp(func(a netip.Addr) {
		h, err := l.Host("twin", netip.PrefixFrom(a, 24))
		if err != nil {
			return
		}
		ctx, stop := context.WithCancel(l.ctx)
		done := make(chan struct{})
		l.mu.Lock()
		l.twin = func() { stop(); <-done; _ = h.Close() }
		l.mu.Unlock()
		defer close(done)
		for ctx.Err() == nil {
			_ = h.Do(func() error {
				c, err := net.Dial("udp4", netip.AddrPortFrom(boxAddr, 9).String())
				if err == nil {
					_, err = c.Write([]byte("x")) // asks for a hardware address first
					c.Close()
				}
				return err
			})
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	})
}

// stopTwin takes that machine away.
func (l *Lab) stopTwin() {
	l.mu.Lock()
	stop := l.twin
	l.twin = nil
	l.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// startHog begins to fetch a file and does not come to an end.
func (l *Lab) startHog() error {
	h, err := l.Host("hog", netip.MustParsePrefix("10.150.0.249/24"))
	if err != nil {
		return err
	}
	l.others = append(l.others, h)
	l.wg.Go(func() {
		for l.ctx.Err() == nil {
			_ = l.hog(h)
			select {
			case <-l.ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	return nil
}

func (l *Lab) hog(h *netns.Host) error {
	var c net.Conn
	err := h.Do(func() (e error) {
		d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
			e := raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
			if err == nil {
				err = e
			}
			return err
		}}
		c, e = d.DialContext(l.ctx, "tcp4", netip.AddrPortFrom(boxAddr, simphone.PortHTTP).String())
		return e
	})
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(l.ctx, func() { c.Close() })()
	if _, err := fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost:%s\r\n\r\n", endless, boxAddr); err != nil {
		return err
	}
	for {
		if _, err := io.CopyN(io.Discard, c, 4096); err != nil {
			return err
		}
		select {
		case <-l.ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// shown waits until the verdict of the fault of the lab stands somewhere, or for
// long enough: a script that asks wants to see it.
func (l *Lab) shown(ctx context.Context) {
	f := l.opt.Fault
	if f == nil {
		return
	}
	for range 300 {
		inv := l.Box.Box().Inventory
		if f.Code == "R33" && len(inv.Scans()) > 0 {
			return
		}
		for _, p := range inv.Phones(time.Now()) {
			if p.Verdict.Code == f.Code || slices.ContainsFunc(p.Others, func(v inventory.Verdict) bool { return v.Code == f.Code }) {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}
