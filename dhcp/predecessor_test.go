package dhcp

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/leasefile"
	"option150/dhcp/wire"
	"option150/platform/testkit"
)

// Real servers as the predecessor: phones have their addresses from it, it is
// killed, and this box takes its place at the same address. Each phone keeps
// its own, and the predecessor's list names them all.
func TestPredecessors(t *testing.T) {
	for name, c := range map[string]struct {
		program, debian string
		start           func(t *testing.T, dir string) (args []string, leases string)
	}{
		"dnsmasq": {"dnsmasq", "dnsmasq-base", func(t *testing.T, dir string) ([]string, string) {
			leases := dir + "/dnsmasq.leases"
			return []string{"-d", "-C", "/dev/null", "-p", "0", "-i", "vs0", "--bind-interfaces", "--no-ping", "--dhcp-authoritative", "--log-facility=-", "--log-dhcp",
				"--dhcp-range=10.77.0.100,10.77.0.199,3600", "--dhcp-leasefile=" + leases, "--pid-file=" + dir + "/pid"}, leases
		}},
		"Kea": {"kea-dhcp4", "kea-dhcp4-server", func(t *testing.T, dir string) ([]string, string) {
			leases := dir + "/kea-leases4.csv"
			conf := fmt.Sprintf(`{"Dhcp4": {"interfaces-config": {"interfaces": ["vs0"], "dhcp-socket-type": "raw"}, "valid-lifetime": 3600,
				"lease-database": {"type": "memfile", "persist": true, "name": %q, "lfc-interval": 0},
				"subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100-10.77.0.199"}]}]}}`, leases)
			return []string{"-c", file(t, dir+"/kea.conf", conf)}, leases
		}},
		"ISC dhcpd": {"dhcpd", "isc-dhcp-server", func(t *testing.T, dir string) ([]string, string) {
			leases := file(t, dir+"/dhcpd.leases", "")
			conf := "authoritative; ping-check false; default-lease-time 3600; max-lease-time 3600;\nsubnet 10.77.0.0 netmask 255.255.255.0 { range 10.77.0.100 10.77.0.199; }\n"
			return []string{"-4", "-f", "-q", "-cf", file(t, dir+"/dhcpd.conf", conf), "-lf", leases, "-pf", dir + "/pid", "vs0"}, leases
		}},
	} {
		t.Run(name, func(t *testing.T) {
			program := testkit.NeedProgram(t, c.program, c.debian)
			w := cable(t)
			dir := t.TempDir()
			args, leases := c.start(t, dir)
			cmd := exec.Command(program, args...)
			cmd.Env = append(os.Environ(), "KEA_PIDFILE_DIR="+dir, "KEA_LOCKFILE_DIR="+dir, "KEA_LOGGER_DESTINATION=stdout")
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			log := filepath.Join(dir, "log")
			out, err := os.Create(log)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			cmd.Stdout, cmd.Stderr = out, out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := false
			end := func() {
				if !ended {
					_ = cmd.Process.Kill()
					_ = cmd.Wait()
				}
				ended = true
			}
			defer end()
			const phones = 20
			had := map[int]netip.Addr{}
			for i := range phones {
				a := w.fromServer(i, 10*time.Second)
				if !a.IsValid() {
					text, _ := os.ReadFile(log)
					testkit.Missing(t, fmt.Sprintf("a %s that gives addresses here:\n%s", name, text))
				}
				had[i] = a
			}
			time.Sleep(100 * time.Millisecond) // its list is written behind its answers
			text, err := os.ReadFile(leases)
			end()
			if err != nil {
				t.Fatal(err)
			}
			list, err := leasefile.Read(string(text), time.UTC)
			if err != nil || list.Kind != name || list.Bad > 0 || len(list.Leases) != phones {
				t.Errorf("its list: %v %s, %d leases, %d not read\n%s", err, list.Kind, len(list.Leases), list.Bad, text)
			}
			for _, l := range list.Leases {
				if i := int(l.MAC[5]); had[i] != l.Addr || string(l.ClientID) != string(idMAC(mac(0x33, byte(i)))) || time.Until(l.Expiry) < 50*time.Minute || time.Until(l.Expiry) > 61*time.Minute {
					t.Errorf("%+v, had %s", l, had[i])
				}
			}
			w.serve(Options{}, func(s *Spec) { s.PingPackets, s.Excluded = 2, nil })
			for i, a := range had {
				r := dhcptest.Phone(mac(0x33, byte(i)), wire.MsgRequest)
				r.XID, r.CIAddr = uint32(9000+i), a.String()
				w.put(r, a.String()+":68", "10.77.0.1:67", w.own)
				if f, ok := w.next(r.XID, answerWait); !ok || f.Type != wire.MsgAck || f.YIAddr != a {
					t.Errorf("phone %d at %s: %v type %d %s", i, a, ok, f.Type, f.Opts[56])
				}
			}
		})
	}
}

// fromServer leases an address for a phone from whoever serves.
func (w *rig) fromServer(i int, wait time.Duration) netip.Addr {
	w.t.Helper()
	m := mac(0x33, byte(i))
	for end := time.Now().Add(wait); time.Now().Before(end); {
		d := dhcptest.Phone(m, wire.MsgDiscover)
		d.XID = uint32(5000 + i)
		w.put(d, "0.0.0.0:68", "255.255.255.255:67", wire.BroadcastMAC)
		o, ok := w.next(d.XID, 500*time.Millisecond)
		if !ok || o.Type != wire.MsgOffer {
			continue
		}
		r := dhcptest.Phone(m, wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, o.Opts[54]))
		r.XID = uint32(6000 + i)
		w.put(r, "0.0.0.0:68", "255.255.255.255:67", wire.BroadcastMAC)
		if a, ok := w.next(r.XID, 2*time.Second); ok && a.Type == wire.MsgAck {
			w.be(a.YIAddr.String(), m)
			return a.YIAddr
		}
	}
	return netip.Addr{}
}

func file(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
