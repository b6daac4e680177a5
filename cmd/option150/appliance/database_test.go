package appliance_test

import (
	"bytes"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pin/tftp/v3"

	"option150/platform/netns"
	"option150/platform/testkit"
)

// TestDatabaseSurvivesALostDisk: the agents of `ip dhcp database` in flash: and
// on a TFTP server have the leases when the box has stopped; a box whose nvram is
// lost knows its phones by them.
func TestDatabaseSurvivesALostDisk(t *testing.T) {
	for _, url := range []string{"flash:bindings", "tftp://127.0.0.1:1069/bindings"} {
		t.Run(strings.SplitN(url, ":", 2)[0], func(t *testing.T) {
			netns.Need(t)
			w := newWorld(t)
			files := serveTFTP(t, "127.0.0.1:1069")
			w.startup = strings.Split("hostname Router\ninterface GigabitEthernet0/0\n ip address 10.150.0.1 255.255.255.0\nip dhcp database "+url+"\nip dhcp pool VOICE\n network 10.150.0.0 255.255.255.0\n option 150 ip 10.150.0.1\nend", "\n")
			if err := w.open(); err != nil {
				t.Fatal(err)
			}
			testkit.Until(t, "the agent has looked for its file", func() bool {
				as := w.box.Box().DHCP.Databases()
				return len(as) == 1 && as[0].Status == "There is no file yet."
			})
			if _, err := w.Do("phone 7961G 001e.7a00.0001 boots"); err != nil {
				t.Logf("the phone: %v", err) // it gets an address; files are not of this test
			}
			var addr string
			testkit.Until(t, "a lease", func() bool {
				for _, b := range w.box.Box().DHCP.Bindings() {
					addr = b.Addr.String()
				}
				return addr != ""
			})
			w.stop()
			var text []byte
			if url == "flash:bindings" {
				text, _ = os.ReadFile(filepath.Join(w.root, "flash", "bindings"))
			} else {
				text = files("bindings")
			}
			if !bytes.Contains(text, []byte(addr+" ")) || !bytes.HasSuffix(text, []byte("*end*\n")) {
				t.Fatalf("%s:\n%s", url, text)
			}
			lost, err := filepath.Glob(filepath.Join(w.root, "nvram", "bindings.*"))
			if err != nil || len(lost) == 0 {
				t.Fatalf("no log: %v", err)
			}
			for _, f := range lost {
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.open(); err != nil {
				t.Fatal(err)
			}
			testkit.Until(t, "the lease of the file", func() bool {
				bs := w.box.Box().DHCP.Bindings()
				return len(bs) == 1 && bs[0].Addr.String() == addr
			})
		})
	}
}

// serveTFTP is a TFTP server that takes files.
func serveTFTP(t *testing.T, at string) (file func(string) []byte) {
	var mu sync.Mutex
	files := map[string][]byte{}
	s := tftp.NewServer(func(name string, r io.ReaderFrom) error {
		mu.Lock()
		b, ok := files[name]
		mu.Unlock()
		if !ok {
			return fs.ErrNotExist
		}
		_, err := r.ReadFrom(bytes.NewReader(b))
		return err
	}, func(name string, w io.WriterTo) error {
		var b bytes.Buffer
		_, err := w.WriteTo(&b)
		mu.Lock()
		defer mu.Unlock()
		files[name] = b.Bytes()
		return err
	})
	c, err := net.ListenPacket("udp4", at)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(c.(*net.UDPConn)) }()
	t.Cleanup(s.Shutdown)
	return func(name string) []byte { mu.Lock(); defer mu.Unlock(); return files[name] }
}
