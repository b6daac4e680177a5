package main

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"option150/platform/equal"
	"option150/platform/ether"
	"option150/telephony/cnf"
	"option150/telephony/cnf/cnfstore"
)

// The aims for phone files.
const (
	filePhones  = 10_000
	storePhones = 1_000
	aimBuilt    = 5_000 // ms, all files of 10,000 phones
	aimFileOf   = 12    // kB of memory a phone
	aimChange   = 10    // ms, from a change of one phone to its file being served
	aimRebuilt  = 500   // ms, 1,000 phones anew
)

// phonesConfig is a configuration of so many SIP phones.
func phonesConfig(n int) cnf.Config {
	c := cnf.Default()
	g := &c.Global
	g.Present, g.Mode, g.MaxPool, g.MaxDN = true, "cme", n, n
	g.SourceAddress = cnf.SourceAddress{Addr: netip.MustParseAddr("10.150.0.9")}
	c.RegisterTemplates = []cnf.Template{{Tag: 1, Softkeys: []cnf.Softkeys{{State: "idle", Keys: "Redial Newcall"}}}}
	for i := range n {
		c.DNs = append(c.DNs, cnf.RegisterDN{Tag: i + 1, Number: fmt.Sprint(10000 + i)})
		c.Pools = append(c.Pools, cnf.RegisterPool{Tag: i + 1, MAC: benchMAC(i), Type: "8851", Template: 1, Numbers: []cnf.PoolNumber{{Position: 1, DN: i + 1}}})
	}
	return c
}

func benchMAC(i int) ether.MAC { return ether.MAC{0, 0x1e, 0x7a, byte(i >> 16), byte(i >> 8), byte(i)} }

// measureFiles is what phone files cost: made, changed, and made again while
// phones ask for them.
func measureFiles(ctx context.Context, b *bench) error {
	t := b.report.table("Phone files", []string{option150.name}, nil)
	c := phonesConfig(filePhones)
	var built []time.Duration
	var memory uint64
	for range b.rounds {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		set, err := cnf.Rebuild(nil, c, cnf.Options{})
		if err != nil {
			return err
		}
		built = append(built, time.Since(start))
		runtime.GC()
		runtime.ReadMemStats(&after)
		memory = (after.HeapAlloc - before.HeapAlloc) / filePhones
		runtime.KeepAlive(set)
	}
	t.aim(fmt.Sprintf("%d phones built", filePhones), "ms", ms(median(built)), aimBuilt)
	t.aim("memory a phone", "kB", float64(memory)/1e3, aimFileOf)
	if err := measureStore(ctx, b, t); err != nil {
		return err
	}
	return ctx.Err()
}

// measureStore changes phones in a store that serves.
func measureStore(ctx context.Context, b *bench, t *table) error {
	s := cnfstore.New(nil)
	c := phonesConfig(storePhones)
	now := cnf.Default()
	apply := func(c cnf.Config) error {
		equal.Share(&now, &c) // as the store of configurations does
		now = c
		change, err := s.Prepare(ctx, nil, cnfstore.Spec{Config: c})
		if err == nil {
			change.Commit()
		}
		return err
	}
	if err := apply(c); err != nil {
		return err
	}
	var asked, refused atomic.Int64
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			time.Sleep(100 * time.Microsecond)
			asked.Add(1)
			if _, _, _, ok := s.Generated(benchMAC(i%storePhones).Device() + ".cnf.xml"); !ok {
				refused.Add(1)
			}
		}
	}()
	var changes, again []time.Duration
	for i := range 20 * b.rounds {
		next := c.Clone()
		next.Pools[i%storePhones].Description = fmt.Sprint("Room ", i)
		start := time.Now()
		if err := apply(next); err != nil {
			return err
		}
		changes = append(changes, time.Since(start))
		c = next
	}
	for i := range b.rounds {
		next := c.Clone()
		next.Global.Voicemail = fmt.Sprint(2000 + i) // in every file
		start := time.Now()
		if err := apply(next); err != nil {
			return err
		}
		again = append(again, time.Since(start))
		c = next
	}
	close(stop)
	<-done
	t.heading(fmt.Sprintf("%d phones that are served meanwhile", storePhones))
	t.aim("one phone changed until its file is served", "ms", ms(median(changes)), aimChange)
	t.aim("all of them built again", "ms", ms(median(again)), aimRebuilt)
	if n := refused.Load(); n > 0 {
		return fmt.Errorf("%d of %d questions for files were refused while they were built", n, asked.Load())
	}
	t.note(fmt.Sprintf("%d questions for files were answered meanwhile, none refused", asked.Load()))
	return nil
}
