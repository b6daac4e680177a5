package netif

import (
	"errors"
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	now := Interface{Mapping: Mapping{Device: "eth0"}, Present: true, Counters: Counters{InBytes: 1000, InPackets: 10}}
	var broken error
	m := &Meter{read: func() ([]Interface, error) { return []Interface{now}, broken }}
	if r := m.Rate("eth0"); r != (Rate{}) {
		t.Errorf("before the first reading: %+v", r)
	}
	at := time.Now()
	step := func(bytes, packets uint64) {
		at = at.Add(sampleEvery)
		now.Counters.InBytes += bytes
		now.Counters.InPackets += packets
		m.take(at)
	}
	step(0, 0)
	if r := m.Rate("eth0"); r != (Rate{}) {
		t.Errorf("after one reading: %+v", r)
	}
	step(500, 5)
	if r := m.Rate("eth0"); r != (Rate{InBits: 800, InPackets: 1}) {
		t.Errorf("after five seconds: %+v", r)
	}
	broken = errors.New("no netlink")
	step(0, 0)
	broken = nil
	if r := m.Rate("eth0"); r != (Rate{InBits: 800, InPackets: 1}) {
		t.Errorf("what was not read counts: %+v", r)
	}
	for range 2 * sampleKeep {
		step(5000, 50)
	}
	if r := m.Rate("eth0"); r != (Rate{InBits: 8000, InPackets: 10}) || len(m.list) != sampleKeep {
		t.Errorf("after ten minutes: %+v of %d readings", r, len(m.list))
	}
	now.Counters = Counters{} // the device was made anew
	step(10, 1)
	step(500, 5)
	if r := m.Rate("eth0"); r != (Rate{InBits: 800, InPackets: 1}) {
		t.Errorf("counted anew: %+v", r)
	}
	if r := m.Rate("eth1"); r != (Rate{}) {
		t.Errorf("no such device: %+v", r)
	}
}
