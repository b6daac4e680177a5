package sockaddr

import (
	"net"
	"strconv"
	"sync"
	"time"
)

// zones are the interfaces of link-local addresses. A name that changes is
// known after zoneTime.
var zones zoneTable

type zoneTable struct {
	mu      sync.Mutex
	names   map[uint32]string
	indexes map[string]uint32
	since   time.Time
}

const (
	zoneTime = 30 * time.Second
	most     = 256 // interfaces, or names that somebody made up
)

func (z *zoneTable) fresh() {
	if now := time.Now(); z.names == nil || len(z.names) >= most || now.Sub(z.since) > zoneTime {
		z.names, z.indexes, z.since = map[uint32]string{}, map[string]uint32{}, now
	}
}

func (z *zoneTable) name(index uint32) string {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.fresh()
	n, ok := z.names[index]
	if !ok {
		n = strconv.Itoa(int(index))
		if i, err := net.InterfaceByIndex(int(index)); err == nil {
			n = i.Name
		}
		z.names[index], z.indexes[n] = n, index
	}
	return n
}

func (z *zoneTable) index(name string) uint32 {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.fresh()
	n, ok := z.indexes[name]
	if !ok {
		if i, err := net.InterfaceByName(name); err == nil {
			n = uint32(i.Index)
		} else if k, err := strconv.ParseUint(name, 10, 32); err == nil {
			n = uint32(k)
		}
		z.names[n], z.indexes[name] = name, n
	}
	return n
}
