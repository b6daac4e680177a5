package tftp

import (
	"net"
	"sync"
	"time"
)

const (
	overhead4  = 20 + 8 + headerSize // IPv4, UDP and TFTP heads of a DATA packet
	overhead6  = 40 + 8 + headerSize
	usualMTU   = 1500
	mtuCached  = 30 * time.Second
	maxDevices = 256
)

// devices remembers names and MTUs of interfaces: asking the kernel is a dump
// of all interfaces, too dear for every request.
type devices struct {
	lookup func(index int) (string, int)
	mu     sync.Mutex
	known  map[int]device
}

type device struct {
	name string
	mtu  int
	at   time.Duration
}

func newDevices(lookup func(int) (string, int)) *devices {
	if lookup == nil {
		lookup = func(index int) (string, int) {
			i, err := net.InterfaceByIndex(index)
			if err != nil {
				return "", 0
			}
			return i.Name, i.MTU
		}
	}
	return &devices{lookup: lookup, known: map[int]device{}}
}

func (d *devices) get(index int, now time.Duration) device {
	if index <= 0 {
		return device{name: "unknown", mtu: usualMTU}
	}
	d.mu.Lock()
	v, ok := d.known[index]
	d.mu.Unlock()
	if ok && now-v.at < mtuCached {
		return v
	}
	name, mtu := d.lookup(index)
	if name == "" {
		name = "unknown"
	}
	if mtu <= 0 {
		mtu = usualMTU
	}
	v = device{name: name, mtu: mtu, at: now}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.known) >= maxDevices {
		clear(d.known)
	}
	d.known[index] = v
	return v
}

// largestBlock is the block that still fits into one IP packet: with an MTU of
// 1500 that is 1468 for IPv4.
func (v device) largestBlock(ipv6 bool) int {
	o := overhead4
	if ipv6 {
		o = overhead6
	}
	return min(max(v.mtu-o, defaultBlockSize), maxBlockSize)
}
