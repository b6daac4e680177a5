package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"option150/pfs"
	"option150/pfs/observe"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
)

// floodRate is the frames a second the observer of firmware sharing has to live
// with.
const floodRate = 100_000

// flood sends frames from the interface of the clients, at a rate. Forged ones
// are broadcasts on port 4051, each with a hardware address and a source of its
// own; the others are those of a mirror port, of phones that are known.
func (j job) flood() (result, error) {
	ifi, err := net.InterfaceByName("eth0")
	if err != nil {
		return result{}, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return result{}, err
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: ifi.Index}); err != nil { // to receive nothing, and send there
		return result{}, err
	}
	var r result
	var b batch
	for i := range b.frames {
		b.frames[i] = packetOf(make([]byte, 6), everybody, 0, 0, 0, 17, ports(4051, 4051, 0), []byte("PFS-TEST synthetic, forged"))
	}
	start := time.Now()
	for n := 0; time.Since(start) < j.For; {
		due := int(time.Since(start).Seconds() * float64(j.Count))
		for n < due {
			k := min(due-n, len(b.frames))
			for i := range k {
				if j.File == "mirror" {
					b.frames[i] = captured(n + i + 2) // not the requests: the switch would know where the second phone is
				} else {
					forge(b.frames[i])
				}
			}
			sent, err := b.send(fd, k)
			if r.Done += sent; err != nil {
				r.Failed += k - sent
				r.Problem = err.Error()
			}
			n += k
		}
		time.Sleep(200 * time.Microsecond)
	}
	r.Elapsed = time.Since(start)
	return r, nil
}

// forge gives a frame a hardware address and a source of its own.
func forge(frame []byte) {
	binary.BigEndian.PutUint64(frame[6:], rand.Uint64()&^(1<<56)) // no group address; the type comes again
	binary.BigEndian.PutUint16(frame[12:], 0x0800)
	binary.BigEndian.PutUint32(frame[26:], rand.Uint32())
	binary.BigEndian.PutUint32(frame[30:], 0x0a96ffff)
	headerChecksum(frame[14:34])
}

// batch are frames that leave with one system call: what a flood costs its sender
// is not to be taken from the box beside it. [sendmmsg(2)]
type batch struct {
	frames [64][]byte
	parts  [64]unix.Iovec
	heads  [64]struct {
		unix.Msghdr
		sent uint32
	}
}

// send sends the first k frames and tells how many left.
func (b *batch) send(fd, k int) (int, error) {
	for i := range k {
		b.parts[i].Base = &b.frames[i][0]
		b.parts[i].SetLen(len(b.frames[i]))
		b.heads[i].Iov = &b.parts[i]
		b.heads[i].SetIovlen(1)
	}
	for done := 0; done < k; {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.heads[done])), uintptr(k-done), 0, 0, 0)
		if errno != 0 {
			return done, errno
		}
		done += int(n)
	}
	return k, nil
}

var everybody = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// headerChecksum fills in that of an IPv4 header: a bridge may drop what has another.
// [RFC 1071]
func headerChecksum(h []byte) {
	h[10], h[11] = 0, 0
	sum := uint32(0)
	for i := 0; i < len(h); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(h[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(h[10:], ^uint16(sum))
}

// watched is the box, with or without the observer.
func watched(name, lines string) kind {
	k := option150
	k.name = name
	k.command = func(b *bench, dir string) ([]string, error) {
		config, err := boxDirectory(b, dir)
		if err != nil {
			return nil, err
		}
		f, err := os.OpenFile(filepath.Join(dir, "nvram", "startup-config"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		_, err = f.WriteString(lines)
		return []string{b.binary, "run", "--config", config}, err
	}
	return k
}

// measureFlood has phones fetch a firmware image while somebody floods the LAN
// with forged frames of port 4051: from a box that observes firmware sharing
// and from one that does not, so that what the flood itself costs is told apart.
func measureFlood(ctx context.Context, b *bench) error {
	kinds := []kind{watched("observing", ""), watched("not observing", "pfs\n no observe\n!\n")}
	t := b.report.table("Firmware sharing: forged frames", []string{kinds[0].name, kinds[1].name}, map[string]string{})
	fetch := b.job(job{Kind: "http", Target: at(6970), Clients: 4, For: b.longer(3 * time.Second)}, "bench10m.bin")
	forging := job{Kind: "flood", Count: floodRate, For: fetch.For + time.Second}
	calm, cost, flooded, sent, memory := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	rate := func(r result) float64 { return float64(r.Bytes) / 1e6 / r.Elapsed.Seconds() }
	for i := range kinds {
		kinds[i].probe = b.job(job{Kind: "cold", Target: at(6970), Clients: 1}, "bench3k.bin")
		s, err := kinds[i].start(ctx, b)
		if err != nil {
			return err
		}
		defer s.stop()
		for range b.rounds {
			x, err := s.round(ctx, fetch)
			if err != nil {
				return err
			}
			calm[s.name] = append(calm[s.name], rate(x.result))
			if x, err = s.round(ctx, forging); err != nil {
				return err
			}
			cost[s.name] = append(cost[s.name], float64(x.cpu.Microseconds())/float64(max(x.Done, 1)))
			peak := s.p.peak()
			var forged result
			done := make(chan error, 1)
			go func() {
				var err error
				forged, err = s.stand.load(ctx, forging, nil)
				done <- err
			}()
			time.Sleep(500 * time.Millisecond)
			r, err := s.stand.load(ctx, fetch, nil)
			if e := <-done; err == nil {
				err = e
			}
			if err != nil {
				return err
			}
			flooded[s.name] = append(flooded[s.name], rate(r))
			sent[s.name] = append(sent[s.name], forged.rate())
			memory[s.name] = append(memory[s.name], float64(peak())/1e6)
		}
	}
	t.heading(fmt.Sprintf("a 10 MB file, four phones, %d forged broadcasts a second", floodRate))
	for _, row := range []struct {
		figure
		of map[string][]float64
	}{
		{figure{name: "without them", unit: "MB/s", higher: true}, calm},
		{figure{name: "with them", unit: "MB/s", higher: true}, flooded},
		{figure{name: "forged a second, as sent", higher: true}, sent},
		{figure{name: "processor time of the box a forged frame, alone", unit: "us", digits: 2}, cost},
		{figure{name: "most memory", unit: "MB", digits: 1}, memory},
	} {
		r := t.row(row.figure)
		for _, k := range kinds {
			r.set(k.name, median(row.of[k.name]))
		}
		r.ratios(kinds[0].name)
	}
	return nil
}

// measureSensor replays frames of phones that are known on a veth and counts
// what the observer saw and what was dropped.
func measureSensor(ctx context.Context, b *bench) error {
	st, err := newStand("observer")
	if err != nil {
		return err
	}
	defer st.close()
	state := pfs.NewState()
	s := observe.New(observe.Options{State: state, Recorder: journal.New(0, state)})
	defer s.Close()
	for i := byte(11); i <= 12; i++ {
		mac := ether.MAC{0, 0x1e, 0x7a, 0, 0, i}
		state.Fold(journal.Entry{Time: time.Now(), Event: fileserver.Asked{Name: "SEP" + mac.Hex() + ".cnf.xml"}})
	}
	if err := st.server.Do(func() error {
		c, err := s.Prepare(ctx, nil, observe.Spec{Interfaces: []observe.Interface{{Name: "eth0", Device: "eth0", Mirror: true}}})
		if err == nil {
			c.Commit()
		}
		return err
	}); err != nil {
		return err
	}
	r, err := st.load(ctx, job{Kind: "flood", File: "mirror", Count: floodRate, For: b.longer(5 * time.Second)}, nil)
	if err != nil {
		return err
	}
	var v pfs.Sensor
	for range 100 { // until it is through with what is on its way
		v = s.View().Sensors[0]
		if v.Broadcasts+v.Segments+v.Dropped >= uint64(r.Done) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	t := b.report.table("Firmware sharing: frames on a veth", []string{option150.name}, nil)
	t.heading(fmt.Sprintf("frames of a mirror port, %d a second", floodRate))
	for _, x := range []struct {
		figure
		v float64
	}{
		{figure{name: "sent a second", higher: true}, r.rate()},
		{figure{name: "sent", higher: true}, float64(r.Done)},
		{figure{name: "looked at", higher: true}, float64(v.Broadcasts + v.Segments)},
		{figure{name: "dropped"}, float64(v.Dropped)},
	} {
		t.row(x.figure).set(option150.name, x.v)
	}
	return nil
}

// measureSharing is all of it.
func measureSharing(ctx context.Context, b *bench) error {
	for _, f := range []func(context.Context, *bench) error{measurePFS, measureSensor, measureFlood} {
		if err := f(ctx, b); err != nil {
			return err
		}
	}
	return nil
}
