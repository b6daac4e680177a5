package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// pfsFrames are the frames of the capture that is read: connections on port 4051
// between two phones, as a mirror port shows them, and their broadcasts. The
// contents say that they are made up.
const pfsFrames = 100_000

// measurePFS has the box read a capture beside the programs an engineer would
// read it with: one that copies it and one that decodes it.
func measurePFS(ctx context.Context, b *bench) error {
	n := pfsFrames
	if b.quick {
		n /= 10
	}
	file := filepath.Join(b.dir, "pfs.pcap")
	if err := writeCapture(file, n); err != nil {
		return err
	}
	defer os.Remove(file)
	readers := []struct {
		name, program, pkg string
		args               []string
	}{
		{option150.name, b.binary, "", []string{"pfs", file}},
		{"tcpdump -w", "tcpdump", "tcpdump", []string{"-Z", "root", "-r", file, "-w", "-"}},
		{"tshark", "tshark", "tshark", []string{"-r", file, "-T", "fields", "-e", "frame.time_epoch", "-e", "ip.src", "-e", "ip.dst", "-e", "tcp.seq", "-e", "tcp.len"}},
	}
	var names []string
	absent := map[string]string{}
	for _, r := range readers {
		names = append(names, r.name)
		if _, err := exec.LookPath(r.program); err != nil {
			absent[r.name] = r.pkg
		}
	}
	t := b.report.table("Firmware sharing: a capture read", names, absent)
	t.heading(fmt.Sprintf("%d frames of a mirror port", n))
	row := t.row(figure{name: "frames a second", higher: true})
	took := map[string][]float64{}
	for range b.rounds {
		for _, r := range readers {
			if absent[r.name] != "" {
				continue
			}
			var said bytes.Buffer
			// By way of the shim: tcpdump gives up privileges that a user namespace
			// does not have. What is printed goes to /dev/null.
			cmd := exec.CommandContext(ctx, "/proc/self/exe", append([]string{asShim, plain, r.program}, r.args...)...)
			cmd.Stderr = &said
			start := time.Now()
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%s: %w: %.200s", r.name, err, said.String())
			}
			took[r.name] = append(took[r.name], time.Since(start).Seconds())
		}
	}
	for name, all := range took {
		slices.Sort(all)
		row.set(name, float64(n)/all[len(all)/2])
	}
	row.ratios(option150.name)
	return nil
}

// writeCapture writes a pcap file: two phones get their addresses' names by the
// files they ask for, then one sends the other firmware.
func writeCapture(file string, n int) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	head := make([]byte, 24)
	binary.LittleEndian.PutUint32(head, 0xa1b2c3d4)
	copy(head[4:], []byte{2, 0, 4, 0})
	binary.LittleEndian.PutUint32(head[16:], 65535)
	binary.LittleEndian.PutUint32(head[20:], 1)
	if _, err := w.Write(head); err != nil {
		return err
	}
	for i := range n {
		frame := captured(i)
		rec := make([]byte, 16, 16+len(frame))
		binary.LittleEndian.PutUint32(rec, uint32(1_772_000_000+i/20_000))
		binary.LittleEndian.PutUint32(rec[4:], uint32(i%20_000*50))
		binary.LittleEndian.PutUint32(rec[8:], uint32(len(frame)))
		binary.LittleEndian.PutUint32(rec[12:], uint32(len(frame)))
		if _, err := w.Write(append(rec, frame...)); err != nil {
			return err
		}
	}
	return w.Flush()
}

// captured is one frame: a read request of each phone first, then segments of
// 160 bytes, and a broadcast among a hundred.
func captured(i int) []byte {
	a, b, box := byte(11), byte(12), byte(1)
	mac := func(n byte) []byte { return []byte{0, 0x1e, 0x7a, 0, 0, n} }
	all := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	switch {
	case i < 2:
		from := a + byte(i)
		name := fmt.Sprintf("SEP001E7A0000%02X.cnf.xml", from)
		return packetOf(mac(from), mac(box), from, box, i, 17, ports(49152, 69, 0), append([]byte("\x00\x01"+name), "\x00octet\x00"...))
	case i%100 == 0:
		return packetOf(mac(a), all, a, 255, i, 17, ports(4051, 4051, 0), []byte("PFS-TEST synthetic"))
	}
	return packetOf(mac(a), mac(b), a, b, i, 6, ports(50000, 4051, uint32(i)*160), make([]byte, 160))
}

// ports are the beginning of a UDP header, or a TCP header with its sequence
// number.
func ports(src, dst uint16, seq uint32) []byte {
	h := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, src), dst)
	return binary.BigEndian.AppendUint32(h, seq)
}

func packetOf(src, dst []byte, from, to byte, id int, proto byte, l4, payload []byte) []byte {
	if proto == 17 {
		binary.BigEndian.PutUint16(l4[4:], uint16(8+len(payload)))
		l4 = append(l4[:6], 0, 0)
	} else {
		l4 = append(l4, 0, 0, 0, 0, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0) // acknowledgement, 20 bytes, ACK, window
	}
	p := slices.Concat(dst, src, []byte{8, 0, 0x45, 0}, binary.BigEndian.AppendUint16(nil, uint16(20+len(l4)+len(payload))),
		binary.BigEndian.AppendUint16(nil, uint16(id)), []byte{0x40, 0, 64, proto, 0, 0, 10, 150, 0, from, 10, 150, 0, to}, l4, payload)
	headerChecksum(p[14:34])
	return p
}
