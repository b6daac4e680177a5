package upstream

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/telephony/phone"
)

// homes remembers which alternate served the files of a phone: its cluster.
type homes struct {
	mu     sync.Mutex
	dirty  bool
	saved  time.Time
	phones map[ether.MAC]string
	addrs  map[netip.Addr]string
}

// maxHomes bounds what is remembered.
const maxHomes = 8192

// homesFile is where it survives a restart, in Options.Dir.
const homesFile = "homes.json"

func isNowhere(err error) bool {
	var n fileserver.Nowhere
	return errors.As(err, &n)
}

// of is the home of who asks, "" = not known.
func (h *homes) of(from netip.Addr, name string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if mac, ok := phone.MACOfFile(name); ok {
		return h.phones[mac]
	}
	return h.addrs[from.Unmap()]
}

func (h *homes) learn(from netip.Addr, name, home string) {
	mac, ok := phone.MACOfFile(name)
	if !ok {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.phones == nil {
		h.phones, h.addrs = map[ether.MAC]string{}, map[netip.Addr]string{}
	}
	from = from.Unmap()
	if h.phones[mac] == home && h.addrs[from] == home {
		return
	}
	for k := range h.phones {
		if len(h.phones) < maxHomes {
			break
		}
		delete(h.phones, k)
	}
	for k := range h.addrs {
		if len(h.addrs) < maxHomes {
			break
		}
		delete(h.addrs, k)
	}
	h.phones[mac], h.addrs[from], h.dirty = home, home, true
}

// leave is told that a phone of this box asks from an address: what is
// remembered of whoever had it before is not about this one.
func (h *homes) leave(from netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if from = from.Unmap(); h.addrs[from] != "" {
		delete(h.addrs, from)
		h.dirty = true
	}
}

// kept is the file.
type kept struct {
	Phones map[string]string `json:"phones"`
	Addrs  map[string]string `json:"addresses"`
}

// save writes what changed, at most every 10 s.
func (h *homes) save(dir string) {
	h.mu.Lock()
	if !h.dirty || time.Since(h.saved) < 10*time.Second {
		h.mu.Unlock()
		return
	}
	h.dirty, h.saved = false, time.Now()
	k := kept{map[string]string{}, map[string]string{}}
	for m, home := range h.phones {
		k.Phones[m.Hex()] = home
	}
	for a, home := range h.addrs {
		k.Addrs[a.String()] = home
	}
	h.mu.Unlock()
	if b, err := json.Marshal(k); err == nil {
		_ = write(filepath.Join(dir, homesFile), b)
	}
}

// load reads what was saved; what is torn is nothing.
func (h *homes) load(dir string) {
	b, err := os.ReadFile(filepath.Join(dir, homesFile))
	var k kept
	if err != nil || len(b) > 4<<20 || json.Unmarshal(b, &k) != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.phones == nil {
		h.phones, h.addrs = map[ether.MAC]string{}, map[netip.Addr]string{}
	}
	for m, home := range k.Phones {
		if mac, err := ether.ParseMAC(m); err == nil && len(h.phones) < maxHomes && h.phones[mac] == "" {
			h.phones[mac] = home
		}
	}
	for s, home := range k.Addrs {
		if a, err := netip.ParseAddr(s); err == nil && len(h.addrs) < maxHomes && h.addrs[a] == "" {
			h.addrs[a] = home
		}
	}
}

// write replaces a file as a whole.
func write(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), spoolPrefix)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
