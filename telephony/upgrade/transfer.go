package upgrade

import (
	"fmt"
	"math"
	"time"

	"option150/platform/columns"
)

// Line is a line between a file server and a phone.
type Line struct {
	RTT     time.Duration
	Loss    float64       // of a packet, 0 to 1, each way
	Timeout time.Duration // of the TFTP server before it sends again
	Rate    float64       // bits a second; 0 = no limit
	Steady  bool          // TCP of the sender does not slow down for single losses: BBR
}

const (
	block = 512 // bytes in a TFTP packet without options [RFC 1350]
	head  = 46  // Ethernet, IP, UDP and TFTP around it
	mss   = 1460
)

// Wait is how long the TFTP server of this box waits before it sends again on a
// line of that round trip: it adapts, between 150 ms and 8 s, and a little more
// for round trips that vary. [RFC 6298]
func Wait(rtt time.Duration) time.Duration {
	return min(max(rtt, 150*time.Millisecond)+50*time.Millisecond, 8*time.Second)
}

// LossOf is the loss of a packet each way, from how many of those sent had to be
// sent again: either way may have lost one.
func LossOf(sent, again uint64) float64 {
	if sent == 0 {
		return 0
	}
	return 1 - math.Sqrt(1-min(float64(again)/float64(sent), 0.99))
}

// Formula is the transfer time by the formula of source 001, for its examples
// 553.72, 615.24 and 1045.9 s:
//
//	TransferTime = FileSize * ((RoundTripTime + ErrorRate * Timeout) / 512000)
//
// It counts one loss for a round trip, at most one repetition, and no time for
// sending.
func Formula(size int64, l Line) time.Duration {
	ms := float64(l.RTT)/1e6 + l.Loss*float64(l.Timeout)/1e6
	return seconds(float64(size) * ms / (block * 1000))
}

// TFTP is the time of a lock-step transfer: every block waits for its
// acknowledgement, and both can be lost, again and again; the waits double.
func TFTP(size int64, l Line) time.Duration {
	n := float64(size/block + 1)
	q := 1 - (1-l.Loss)*(1-l.Loss) // of a round trip
	wait := 0.0
	for k, p := 1, q; k <= 8; k, p = k+1, p*q {
		// The k-th repetition comes after a wait of 2^(k-1) timeouts.
		wait += p * l.Timeout.Seconds() * math.Exp2(float64(k-1))
	}
	return seconds(n * (l.RTT.Seconds() + sending((block+head)*8, l) + wait))
}

// probes is how many round trips TCP takes for a loss that no later packet
// shows: a tail loss probe and what follows it. Measured with Linux. [RFC 8985 7]
const probes = 6

// HTTP is the time of a transfer over TCP: handshake and slow start, then the
// rate of the line or of 64 KB a round trip, less what losses cost: to TCP that
// slows down for them (Padhye et al., 1998) and, where it does not, the round
// trip that a hole in the window holds it up.
func HTTP(size int64, l Line) time.Duration {
	rtt := max(l.RTT.Seconds(), 1e-5)
	// 64 KB in flight is what a receiver without window scaling allows.
	rate := 65535 / rtt
	if l.Rate > 0 {
		rate = min(rate, l.Rate/8*mss/(mss+58))
	}
	switch p := l.Loss; {
	case p <= 0:
	case l.Steady:
		rate /= 1 + rate*rtt/mss*p
	default:
		packet := rtt*math.Sqrt(2*p/3) + probes*rtt*min(1, 3*math.Sqrt(3*p/8))*p*(1+32*p*p)
		rate = 1 / math.Hypot(1/rate, packet/mss)
	}
	t, sent, window := 2*rtt, 0.0, 10.0*mss // RFC 6928
	for sent < float64(size) && window < rate*rtt {
		sent += window
		window *= 2
		t += rtt
	}
	return seconds(t + max(0, float64(size)-sent)/rate)
}

func sending(bits float64, l Line) float64 {
	if l.Rate <= 0 {
		return 0
	}
	return bits / l.Rate
}

func seconds(s float64) time.Duration {
	return time.Duration(min(s, 1e9) * float64(time.Second)).Round(time.Millisecond)
}

// The tables of `show transfer-time`.
var (
	TransferTable = columns.Form("", "  %-22s %10.2f s %8.2f min  %s\n", "transfer seconds minutes how")
	ExamplesTable = columns.Form("Example       RTT        Bytes   Errors      Timeout       Transfer\n", "%-8s %8s %12d %8s %12s %14s\n", "example rtt bytes errors timeout transfer")
)

// TransferTimes is `show transfer-time`: what a file takes each way.
func TransferTimes(size int64, l Line) *columns.Page {
	w := &columns.Page{}
	fmt.Fprintf(w, "%d bytes, round trip %s, loss %g %%, timeout %s\n", size, l.RTT, l.Loss*100, l.Timeout)
	t := w.Table(TransferTable)
	row := func(what string, d time.Duration, note string) {
		t.Row(what, d.Seconds(), d.Minutes(), note)
	}
	row("TFTP, source 001", Formula(size, l), "size * (RTT + error rate * timeout) / 512000")
	row("TFTP, lock step", TFTP(size, l), fmt.Sprintf("%d blocks, loss counted for each packet, waits double", size/block+1))
	row("HTTP", HTTP(size, l), "the least of the line, of 64 KB a round trip and of what losses allow")
	return w
}

// Examples are the examples of source 001 in its own figures.
func Examples() *columns.Page {
	w := &columns.Page{}
	t := w.Table(ExamplesTable)
	for _, e := range []struct {
		name string
		rtt  time.Duration
		loss float64
	}{{"A", 5 * time.Millisecond, 0.01}, {"B", 10 * time.Millisecond, 0.01}, {"C", 5 * time.Millisecond, 0.02}} {
		d := Formula(6_300_000, Line{RTT: e.rtt, Loss: e.loss, Timeout: 4 * time.Second})
		t.Row(e.name, e.rtt, 6_300_000, fmt.Sprintf("%g%%", e.loss*100), 4*time.Second, fmt.Sprintf("%.1f s", d.Seconds()))
	}
	return w
}
