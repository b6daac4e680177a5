// Package wiretap is the evidence of tests: what was on the wire, as a pcap
// file, and the packets in it. Built on platform/capture; needs CAP_NET_RAW, in
// the namespace of the calling thread. Failure: errors of the packet socket and
// of writing. Testing: with platform/capture, whose source it records from.
package wiretap

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"option150/platform/capture"
)

// settle is how long a Recorder still listens after Stop, for frames that are
// on their way. Whoever needs a certain frame sees to it that it has arrived: a
// program on that interface that has read what it carries.
const settle = 50 * time.Millisecond

// Recorder writes what an interface sees into a pcap file.
type Recorder struct {
	src   *capture.Source
	stats capture.Stats // when it ended
	done  chan error
}

// Start opens the interface and records until Stop. When it returns, frames
// are being recorded. The file has nanosecond times.
func Start(ifname string, f capture.Filter, w io.Writer) (*Recorder, error) {
	prog, err := f.Assemble()
	if err != nil {
		return nil, err
	}
	pw := pcapgo.NewWriterNanos(w)
	if err := pw.WriteFileHeader(1<<16, layers.LinkTypeEthernet); err != nil {
		return nil, fmt.Errorf("record %s: %w", ifname, err)
	}
	src, err := capture.Open(ifname, capture.Options{Filter: prog, Promiscuous: true})
	if err != nil {
		return nil, err
	}
	r := &Recorder{src: src, done: make(chan error, 1)}
	go func() { r.done <- r.run(pw) }()
	return r, nil
}

// run writes until the deadline that Stop sets, and then what the kernel still
// keeps: all that it says to have taken is in the file, however far behind the
// reader was.
func (r *Recorder) run(pw *pcapgo.Writer) error {
	for n := uint64(0); ; {
		data, ci, err := r.src.ZeroCopyReadPacketData()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if r.stats, err = r.src.Stats(); err != nil || n >= r.stats.Received-r.stats.Dropped {
				return err
			}
			if err := r.src.SetReadDeadline(time.Now().Add(settle)); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		n++
		if err := pw.WritePacket(ci, data); err != nil {
			return fmt.Errorf("record: %w", err)
		}
	}
}

// Stop takes the last frames, ends the recording and returns the totals of
// what is in the file. The error is the first of reading and writing.
func (r *Recorder) Stop() (capture.Stats, error) {
	err := r.src.SetReadDeadline(time.Now().Add(settle))
	if err == nil {
		err = <-r.done
	}
	return r.stats, errors.Join(err, r.src.Close())
}

// ReadAll decodes a recording: pcap with micro- or nanoseconds. Frames that
// cannot be decoded are given as far as they were understood. limit bounds
// the number of packets.
func ReadAll(file io.Reader, limit int) ([]capture.Packet, error) {
	pr, err := pcapgo.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	if pr.LinkType() != layers.LinkTypeEthernet {
		return nil, fmt.Errorf("recording: link type %s is not Ethernet", pr.LinkType())
	}
	d := capture.NewDecoder()
	var ps []capture.Packet
	for len(ps) < limit {
		var data []byte
		var ci gopacket.CaptureInfo
		data, ci, err = pr.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return ps, nil
		}
		if err != nil {
			return ps, fmt.Errorf("recording: packet %d: %w", len(ps)+1, err)
		}
		p, _ := d.Decode(data, ci)
		p.Payload = slices.Clone(p.Payload)
		ps = append(ps, p)
	}
	return ps, nil
}
