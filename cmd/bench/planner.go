package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/netns"
	"option150/telephony/upgrade"
)

// plannerWithin is how far the planner may be from what is measured.
const plannerWithin = 0.20

// lineRate is the rate of the line in bits a second: what this program carries
// without being the limit itself.
const lineRate = 20e6

// measurePlanner puts the box behind a line with a round trip and a loss, and
// compares the time of transfers with what `show upgrade plan` says of them.
func measurePlanner(ctx context.Context, b *bench) error {
	box := option150
	box.probe = b.job(job{Kind: "tftp", Target: at(69), Clients: 1}, "bench3k.bin")
	s, err := box.start(ctx, b)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.stand.server.OneFrameEach("eth0"); err != nil {
		return err
	}
	there, err := netns.NewLAN()
	if err != nil {
		return err
	}
	defer there.Close()
	phone, err := netns.NewHost("phone far away")
	if err != nil {
		return err
	}
	defer phone.Close()
	if _, err := there.Plug(phone, netns.Cable{Addr: netip.MustParsePrefix("10.150.0.9/16"), Frames: true}); err != nil {
		return err
	}
	l, err := newLine(s.stand.lan, there)
	if err != nil {
		return err
	}
	defer l.close()

	small, large := b.job(job{}, "bench100k.bin"), b.job(job{}, "bench10m.bin")
	tftp := func(n int) (time.Duration, error) { return repeated(ctx, phone, n, small, farTFTP) }
	web := func(n int) (time.Duration, error) { return repeated(ctx, phone, n, large, farHTTP) }
	fmt.Fprintf(os.Stdout, "\nThe upgrade planner beside what a phone behind a line of %d Mbit/s measures\n\n%-12s %8s %12s %8s %12s %12s %8s\n", int(lineRate/1e6), "", "RTT", "measured", "Loss", "Planned", "Measured", "Off by")
	worst, most := 0.0, b.rounds
	for _, rtt := range []time.Duration{5 * time.Millisecond, 20 * time.Millisecond, 80 * time.Millisecond} {
		l.set(rtt, 0)
		trip, err := roundTrip(phone)
		if err != nil {
			return err
		}
		// What the TFTP server measures of a phone is its own round trip, programs
		// and all: of the six blocks of a small file here.
		tiny := b.job(job{}, "bench3k.bin")
		six, err := repeated(ctx, phone, 10, tiny, farTFTP)
		if err != nil {
			return err
		}
		block := six / time.Duration(tiny.Size/512+1)
		for _, loss := range []float64{0, 0.001, 0.01} {
			l.set(rtt, loss)
			at := upgrade.Line{RTT: trip, Loss: loss, Rate: lineRate}
			own := upgrade.Line{RTT: block, Loss: loss, Timeout: upgrade.Wait(block)} // the rate is in it
			steady := at
			steady.Steady = true
			for _, x := range []struct {
				name, control string
				measure       func(int) (time.Duration, error)
				n             int
				planned       time.Duration
			}{
				{"TFTP", "", tftp, max(4, int(40*time.Millisecond*time.Duration(most)/rtt)), upgrade.TFTP(small.Size, own)},
				{"HTTP, reno", "reno", web, most, upgrade.HTTP(large.Size, at)},
				{"HTTP, bbr", "bbr", web, most, upgrade.HTTP(large.Size, steady)},
			} {
				if x.control != "" {
					if err := s.stand.server.Do(func() error { return os.WriteFile(congestion, []byte(x.control), 0) }); err != nil {
						fmt.Fprintf(os.Stdout, "%-12s not on this machine\n", x.name)
						continue
					}
				}
				took, err := x.measure(x.n)
				if err != nil {
					return fmt.Errorf("%s, round trip %s, loss %g: %w", x.name, rtt, loss, err)
				}
				off := x.planned.Seconds()/took.Seconds() - 1
				worst = max(worst, math.Abs(off))
				fmt.Fprintf(os.Stdout, "%-12s %8s %12s %7.1f%% %10.2f s %10.2f s %+7.0f%%\n", x.name, rtt, trip.Round(10*time.Microsecond), loss*100, x.planned.Seconds(), took.Seconds(), off*100)
			}
		}
	}
	if worst > plannerWithin {
		return fmt.Errorf("the planner is off by %.0f %%, %.0f %% are allowed", worst*100, plannerWithin*100)
	}
	fmt.Fprintf(os.Stdout, "\nThe planner is within %.0f %%\n", worst*100)
	return nil
}

// congestion is what TCP of a network namespace does about losses. [tcp(7)]
const congestion = "/proc/sys/net/ipv4/tcp_congestion_control"

// roundTrip is the median of what connections take to be answered: the line as
// it is, this machine's own delay included.
func roundTrip(h *netns.Host) (time.Duration, error) {
	var took []time.Duration
	for range 21 {
		start := time.Now()
		if err := h.Do(func() error {
			c, err := net.Dial("tcp4", at(6970).String())
			if err == nil {
				err = c.Close()
			}
			return err
		}); err != nil {
			return 0, err
		}
		took = append(took, time.Since(start))
	}
	return median(took), nil
}

// repeated is the mean time of a transfer.
func repeated(ctx context.Context, h *netns.Host, n int, j job, one func(context.Context, job) error) (time.Duration, error) {
	var all time.Duration
	for range n {
		start := time.Now()
		if err := h.Do(func() error { return one(ctx, j) }); err != nil {
			return 0, err
		}
		all += time.Since(start)
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
	return all / time.Duration(n), nil
}

// farTFTP fetches a file as a phone does, one block at a time.
func farTFTP(_ context.Context, j job) error {
	c, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return err
	}
	defer c.Close()
	f := &fetcher{conn: c, server: at(69), t: &tally{}, again: true}
	if err := f.fetch(j.File); err != nil {
		return err
	}
	if f.sum != j.Sum {
		return fmt.Errorf("%d bytes received, not those %d of the file", f.size, j.Size)
	}
	return nil
}

// farHTTP fetches a file over HTTP with the window of a phone.
func farHTTP(ctx context.Context, j job) error {
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
		e := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_WINDOW_CLAMP, 65535) })
		if e != nil {
			return e
		}
		return err
	}}
	c, err := d.DialContext(ctx, "tcp4", at(6970).String()) // here, on the thread of that host
	if err != nil {
		return err
	}
	defer c.Close()
	t := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil }, DisableKeepAlives: true}
	defer t.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at(6970).String()+"/"+j.File, nil)
	if err != nil {
		return err
	}
	r, err := t.RoundTrip(req)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	n, err := io.Copy(io.Discard, r.Body)
	if err == nil && n != j.Size {
		err = fmt.Errorf("%d bytes received, not those %d of the file", n, j.Size)
	}
	return err
}
