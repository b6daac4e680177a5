package inventory

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"option150/dhcp"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
)

// reported runs Report over a journal; lines returns what was said since.
func reported(t *testing.T, o Options) (j *journal.Journal, lines func() []string, stop func()) {
	v := New(o)
	j = journal.New(0, v)
	said := j.Cursor()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); v.Report(ctx, j) }()
	return j, func() (out []string) {
		for {
			e, _, ok := said.TryNext()
			if !ok {
				return out
			}
			switch x := e.Event.(type) {
			case Settled, Many, Withdrawn, Scanning:
				m, _ := x.(journal.Logged).LogMessage()
				out = append(out, m.String())
			}
		}
	}, func() { cancel(); <-done }
}

// TestReport: what happens to a phone is said once: that it is stuck per
// cause, that it came up per boot and after some silence.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, lines, stop := reported(t, Options{})
		want := func(step string, w ...string) {
			t.Helper()
			time.Sleep(DefaultWaits().Quiet + 4*time.Second)
			synctest.Wait()
			if got := lines(); !slices.Equal(got, w) {
				t.Errorf("%s: %q, want %q", step, got, w)
			}
		}
		w := newWorld() // for the addresses of the requests only
		serve := func(name string, found bool) {
			c, l := w.ends()
			w.port++
			j.Record(fileserver.Asked{Transport: fileserver.HTTP, Client: c, Local: l, Name: name})
			if found {
				j.Record(fileserver.Served{Transport: fileserver.HTTP, Client: c, Local: l, Name: name, Size: 5, Bytes: 5, Complete: true, Status: 200})
			} else {
				j.Record(fileserver.NotFound{Transport: fileserver.HTTP, Client: c, Local: l, Name: name})
			}
		}
		boot := func() {
			j.Record(dhcp.Discover{MAC: ours, VendorClass: class61})
			j.Record(dhcp.Ack{MAC: ours, VendorClass: class61, Addr: addr1})
		}
		const stuck = "%PHONE-4-STUCK: SEP001E7A000001, 10.0.0.23, is stuck: R17 Nobody knows this phone: there is no configuration for it here, " +
			"only the default file. FIX: ephone 1 / mac-address 001E.7A00.0001 / type 7961"
		const up = "%PHONE-6-PROVISIONED: SEP001E7A000001, 10.0.0.23, is provisioned"
		const refused = "%PHONE-5-WITHDRAWN: SEP001E7A000001, 10.0.0.23, is not provisioned after all: R16 It was given SEP001E7A000001.cnf.xml and asked for the default file then: it did not accept its configuration."
		want("nothing")
		boot()
		serve(w.sep(), false)
		serve("/XMLDefault.cnf.xml", true)
		want("unknown", stuck)
		boot()
		serve(w.sep(), false)
		serve("/XMLDefault.cnf.xml", true)
		want("unknown again")
		boot()
		serve(w.sep(), true)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if l := lines(); len(l) > 0 {
			t.Errorf("said before the silence is over: %q", l)
		}
		want("configured", up)
		time.Sleep(time.Hour)
		want("an hour")
		boot()
		serve(w.sep(), true)
		want("next boot", up)
		serve("/XMLDefault.cnf.xml", true)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if l := lines(); len(l) != 2 || l[0] != refused {
			t.Errorf("taken back: %q", l)
		}
		time.Sleep(time.Hour)

		// An upgrade: it is said to be up when it is back.
		upgrade := func(load string) {
			boot()
			serve(w.sep(), true)
			serve("/"+load+".loads", true)
			serve("/jar41sccp.9-4-2ES26.sbn", true)
			serve("/cnu41.9-4-2ES26.sbn", true)
		}
		upgrade(load9)
		want("it has its load")
		boot()
		serve(w.sep(), true)
		want("restart into the load", up)
		time.Sleep(time.Hour)
		upgrade("SCCP41.8-5-2S") // in two steps
		want("first step")
		upgrade(load9)
		want("second step")
		boot()
		serve(w.sep(), true)
		want("restart after both", up)
		time.Sleep(time.Hour)
		upgrade(load9)
		want("upgrade without return")
		time.Sleep(time.Hour) // R30 is said
		if l := lines(); len(l) != 1 {
			t.Errorf("no return: %q", l)
		}
		boot()
		serve(w.sep(), true)
		want("returned all the same", up)
		stop()
	})
}

// TestTogether: 500 phones with one cause are one message with a count, those
// that follow within the minute another.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, lines, stop := reported(t, Options{})
		unknown := func(from, n int) {
			for i := from; i < from+n; i++ {
				mac := ether.MAC{0, 0x1e, 0x7a, 1, byte(i >> 8), byte(i)}
				c := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 40000)
				j.Record(dhcp.Discover{MAC: mac, VendorClass: class61})
				j.Record(dhcp.Ack{MAC: mac, VendorClass: class61, Addr: c.Addr()})
				for _, name := range []string{"/" + mac.Device() + ".cnf.xml", "/XMLDefault.cnf.xml"} {
					j.Record(fileserver.Asked{Transport: fileserver.HTTP, Client: c, Name: name})
					j.Record(fileserver.NotFound{Transport: fileserver.HTTP, Client: c, Name: name})
				}
			}
		}
		count := func(step, want string) {
			t.Helper()
			synctest.Wait()
			l := lines()
			if len(l) != 1 || !strings.HasPrefix(l[0], want) {
				t.Errorf("%s: %q, want %q", step, l, want)
			}
		}
		unknown(0, 500)
		time.Sleep(2 * time.Second)
		count("all at once", "%PHONE-4-STUCK_MANY: 500 phones are stuck: R17 nobody knows this phone. One of them, SEP001E7A010000: ")
		for i := range 20 {
			unknown(1000+i, 1)
			time.Sleep(time.Second)
		}
		time.Sleep(together)
		count("one after the other", "%PHONE-4-STUCK_MANY: 20 phones are stuck: R17 ")
		stop()
	})
}
