package e2e

import (
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stalledTFTP asks for a file and never acknowledges a block.
func (w *world) stalledTFTP(name string) net.Conn {
	w.T.Helper()
	var c net.PacketConn
	if err := w.Desk.Do(func() (err error) {
		c, err = net.ListenPacket("udp4", "10.150.0.5:0")
		return err
	}); err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { c.Close() })
	if _, err := c.WriteTo([]byte("\x00\x01"+name+"\x00octet\x00"), &net.UDPAddr{IP: boxAddr.AsSlice(), Port: 69}); err != nil {
		w.T.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		w.T.Fatal(err)
	}
	if _, _, err := c.ReadFrom(make([]byte, 2048)); err != nil {
		w.T.Fatal(err)
	}
	return nil
}

// TestSIGTERMStopsWithStalledClients: within 3 s and with status 0, although a
// TFTP client has stalled, another does not read its HTTP answer, and an
// operator is logged in.
func TestSIGTERMStopsWithStalledClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{flash: map[string][]byte{"big.bin": noise(16 << 20)}})
	w.stalledTFTP("big.bin")
	w.slowClient("big.bin")
	s := w.Login()
	if a := s.Do("show tftp-server sessions"); !strings.Contains(a, "big.bin") {
		t.Errorf("no transfer is under way:\n%s", a)
	}
	took, err := w.Proc.Stop(syscall.SIGTERM, 10*time.Second)
	if err != nil || took > 3*time.Second || w.Proc.Status() != 0 {
		t.Errorf("%v after %s, status %d\n%s", err, took, w.Proc.Status(), w.Proc.Out.String())
	}
	if text, err := s.Out.Take(time.Second, func(string) bool { return false }); err != io.EOF {
		t.Errorf("the operator's session: %v\n%s", err, text)
	}
	// All ports are free again and the next start finds everything.
	if l := w.listening(); l != "" {
		t.Errorf("still open:\n%s", l)
	}
	w.start()
	if status, _ := w.get("http://10.150.0.1:6970/SEP001E7A000001.cnf.xml"); status != 200 {
		t.Errorf("after the restart: %d", status)
	}
}

// TestEverySignalEndsIt as a service manager or a terminal would.
func TestEverySignalEndsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: router})
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP, syscall.SIGTERM} {
		took, err := w.Proc.Stop(sig, 10*time.Second)
		if err != nil || took > 3*time.Second || w.Proc.Status() != 0 {
			t.Errorf("%s: %v after %s, status %d", sig, err, took, w.Proc.Status())
		}
		w.start()
	}
}

// TestSecondInstanceIsRefused on the same root, in one line; the first serves
// on.
func TestSecondInstanceIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: router})
	second := w.run(exec.Command(binary(), "run", "--config", w.Settings()))
	if status := second.Wait(t, 5*time.Second); status != 1 {
		t.Errorf("status %d", status)
	}
	if text := second.Out.String(); text != "option150: root "+w.Root+" is in use by another option150\n" {
		t.Errorf("it says %q", text)
	}
	w.Exec("show clock")
}
