package observe

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
	"time"

	dhcp "option150/dhcp/engine"
	"option150/dhcp/wire"
	"option150/platform/capture"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
)

// Ports of the services whose requests are read. [RFC 2131, 1350; sources/000]
const (
	portBootps = 67
	portBootpc = 68
	portTFTP   = 69
	portHFS    = 6970
)

// maxOpen bounds the transfers that are followed at a time.
const maxOpen = 4096

// files reads DHCP, TFTP and HTTP out of a capture and records what the box
// records when it serves them itself.
type files struct {
	rec     *replay
	classes map[ether.MAC]client
	tftp    map[netip.AddrPort]*transfer // by the client's port
	http    map[tuple]*transfer
}

type client struct{ class, host string }

type tuple struct{ client, server netip.AddrPort }

// transfer is a file under way.
type transfer struct {
	name   string
	asked  time.Time
	block  int64 // bytes of a block
	got    map[uint32]bool
	bytes  int64
	size   int64 // -1 = not known
	head   int64 // bytes of the HTTP header
	base   uint32
	begun  bool
	status int
	done   bool
}

func newFiles(rec *replay) *files {
	return &files{rec: rec, classes: map[ether.MAC]client{}, tftp: map[netip.AddrPort]*transfer{}, http: map[tuple]*transfer{}}
}

func (f *files) packet(p *capture.Packet) {
	switch {
	case p.UDP() && (p.Dst.Port() == portBootps || p.Dst.Port() == portBootpc):
		f.dhcp(p.Payload)
	case p.UDP() && p.Dst.Port() == portTFTP:
		f.readRequest(p)
	case p.UDP():
		if t := f.tftp[p.Dst]; t != nil {
			f.data(p, t)
		}
	case p.TCP() && p.Dst.Port() == portHFS:
		f.get(p)
	case p.TCP() && p.Src.Port() == portHFS:
		if t := f.http[tuple{p.Dst, p.Src}]; t != nil {
			f.body(p, t)
		}
	}
}

func (f *files) dhcp(b []byte) {
	if a, ok := wire.DecodeReply(b); ok {
		if a.Ack() && a.Addr.IsValid() {
			c := f.classes[a.Client]
			e := dhcp.Ack{MAC: a.Client, Addr: a.Addr, VendorClass: c.class, Hostname: c.host, Relay: a.Relay}
			if a.Mask.IsValid() {
				e.Mask = a.Mask.String()
			}
			f.rec.Record(e)
		}
		return
	}
	if p, err := wire.Decode(b); err == nil && (p.Vendor != "" || p.Host != "") {
		if len(f.classes) >= maxOpen {
			clear(f.classes)
		}
		f.classes[p.MAC] = client{p.Vendor, p.Host}
	}
}

// readRequest: opcode 1, name, mode, options. [RFC 1350 5]
func (f *files) readRequest(p *capture.Packet) {
	b := p.Payload
	if len(b) < 4 || binary.BigEndian.Uint16(b) != 1 {
		return
	}
	name, _, ok := bytes.Cut(b[2:], []byte{0})
	if !ok || len(name) == 0 || len(name) > 512 {
		return
	}
	if len(f.tftp) >= maxOpen {
		clear(f.tftp)
	}
	f.tftp[p.Src] = &transfer{name: string(name), asked: p.Time, block: 512, size: -1, got: map[uint32]bool{}}
	f.rec.Record(fileserver.Asked{Transport: fileserver.TFTP, Client: p.Src, Local: p.Dst, Name: string(name)})
}

// data follows the answers of a TFTP server: DATA 3, ERROR 5, OACK 6.
func (f *files) data(p *capture.Packet, t *transfer) {
	b := p.Payload
	if len(b) < 4 || t.done {
		return
	}
	switch binary.BigEndian.Uint16(b) {
	case 3:
		n := int64(p.Size - 4)
		block := uint32(binary.BigEndian.Uint16(b[2:]))
		if !t.begun || block == uint32(t.base+1)&0xffff { // the next in turn; what comes again counts once
			t.begun, t.base = true, block
			t.bytes += n
			if n < t.block {
				f.finish(t, fileserver.TFTP, p.Dst, p.Time, true)
			}
		}
	case 5:
		t.done = true
		delete(f.tftp, p.Dst)
	case 6:
		w := strings.Split(string(b[2:]), "\x00")
		for i := 0; i+1 < len(w); i += 2 {
			if n, err := strconv.ParseInt(w[i+1], 10, 32); err == nil && strings.EqualFold(w[i], "blksize") && n >= 8 {
				t.block = n
			}
		}
	}
}

func (f *files) finish(t *transfer, how fileserver.Transport, c netip.AddrPort, at time.Time, whole bool) {
	t.done = true
	f.rec.Record(fileserver.Served{Transport: how, Client: c, Name: t.name, Size: t.bytes, Bytes: t.bytes, Complete: whole, Duration: at.Sub(t.asked)})
}

func (f *files) get(p *capture.Packet) {
	k := tuple{p.Src, p.Dst}
	line, _, _ := bytes.Cut(p.Payload, []byte("\r\n"))
	w := strings.Fields(string(line[:min(len(line), 1024)]))
	if len(w) < 2 || w[0] != "GET" {
		return
	}
	if t := f.http[k]; t != nil && !t.done && t.name == w[1] {
		return // the request came again
	}
	if len(f.http) >= maxOpen {
		clear(f.http)
	}
	f.http[k] = &transfer{name: w[1], asked: p.Time, size: -1}
	f.rec.Record(fileserver.Asked{Transport: fileserver.HTTP, Client: p.Src, Local: p.Dst, Name: w[1]})
}

// body follows an HTTP answer: its header says how long it is.
func (f *files) body(p *capture.Packet, t *transfer) {
	if t.done || p.Size == 0 {
		return
	}
	if !t.begun {
		head, _, ok := bytes.Cut(p.Payload, []byte("\r\n\r\n"))
		if !bytes.HasPrefix(p.Payload, []byte("HTTP/1.")) || !ok {
			return
		}
		t.begun, t.base, t.head = true, p.Seq, int64(len(head)+4)
		for i, l := range strings.Split(string(head), "\r\n") {
			if k, v, ok := strings.Cut(l, ":"); ok && strings.EqualFold(k, "content-length") {
				if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil && n >= 0 {
					t.size = n
				}
			}
			if w := strings.Fields(l); i == 0 && len(w) > 1 {
				t.status, _ = strconv.Atoi(w[1])
			}
		}
		if t.status != 200 || t.size < 0 {
			t.done = true
			return
		}
	}
	// The end of the file was sent: what went before it was too, or it will
	// come again, in order to be acknowledged.
	if end := int64(int32(p.Seq-t.base)) + int64(p.Size) - t.head; t.size < 1<<31 {
		if t.bytes = max(t.bytes, end); t.bytes >= t.size {
			t.bytes = t.size
			f.finish(t, fileserver.HTTP, p.Dst, p.Time, true)
		}
	}
}

var _ journal.Recorder = (*replay)(nil)
