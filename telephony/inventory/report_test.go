package inventory

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"option150/dhcp"
	"option150/platform/fileserver"
	"option150/platform/journal"
)

// TestReport: a verdict is said within 5 s, once per boot or cause.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := New(Options{})
		j := journal.New(0, v)
		said := j.Cursor()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); v.Report(ctx, j) }()
		lines := func() (out []string) {
			for {
				e, _, ok := said.TryNext()
				if !ok {
					return out
				}
				if s, ok := e.Event.(Settled); ok {
					m, _ := s.LogMessage()
					out = append(out, m.String())
				}
			}
		}
		want := func(step string, w ...string) {
			t.Helper()
			time.Sleep(5 * time.Second)
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
		want("configured", up)
		time.Sleep(time.Hour)
		want("an hour")
		boot()
		serve(w.sep(), true)
		want("next boot", up)
		time.Sleep(time.Hour)

		// An upgrade: it has its load and is said to be up; the restart into the
		// load is part of that, the boot after it is not.
		upgrade := func() {
			boot()
			serve(w.sep(), true)
			serve("/SCCP41.9-4-2SR3-1S.loads", true)
			serve("/jar41sccp.9-4-2ES26.sbn", true)
			serve("/cnu41.9-4-2ES26.sbn", true)
		}
		upgrade()
		want("upgrade", up)
		boot()
		serve(w.sep(), true)
		want("restart into the load")
		boot()
		serve(w.sep(), true)
		want("the boot after it", up)
		time.Sleep(time.Hour)
		upgrade() // in two steps
		want("first step", up)
		upgrade()
		want("second step")
		boot()
		serve(w.sep(), true)
		want("restart after both")
		time.Sleep(time.Hour)
		upgrade()
		want("upgrade without return", up)
		time.Sleep(time.Hour) // R30 is said
		if l := lines(); len(l) != 1 {
			t.Errorf("no return: %q", l)
		}
		boot()
		serve(w.sep(), true)
		want("returned all the same", up)
		cancel()
		<-done
	})
}
