package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"option150/telephony/firmware"
	"option150/telephony/phone"
	"option150/telephony/upgrade"
)

// The aims for firmware, in ms.
const (
	aimVerify   = 2000 // 100 MB read and digested
	aimVerified = 20   // the same again
	aimPlan     = 500  // of 10,000 phones
)

// measureFirmware is how long the box takes to tell that loads are whole, and to
// plan an upgrade.
func measureFirmware(ctx context.Context, b *bench) error {
	t := b.report.table("Firmware", []string{option150.name}, nil)
	dir, err := b.newDir("firmware")
	if err != nil {
		return err
	}
	var loads []phone.Load
	for _, l := range []string{"sip78xx.12-1-1-12", "sip88xx.12-0-1MN-113"} {
		files, err := firmware.Synthesise(l, "", firmware.Sizes{"rootfs78xx": 40 << 20, "rootfs88xx": 56 << 20})
		if err != nil {
			return err
		}
		for name, content := range files {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				return err
			}
		}
		loads = append(loads, phone.Load(l))
	}
	find, err := firmware.FromFS(os.DirFS(dir))
	if err != nil {
		return err
	}
	known := func(name string) (firmware.Found, bool) {
		f, ok := find(name)
		f.ID = f.Name // nobody changes them here
		return f, ok
	}
	var first, again []time.Duration
	for range b.rounds {
		var k firmware.Checker
		for _, took := range []*[]time.Duration{&first, &again} {
			start := time.Now()
			for _, l := range loads {
				if s := k.Examine(known, l, true); !s.Complete() {
					return fmt.Errorf("%s", s)
				}
			}
			*took = append(*took, time.Since(start))
		}
	}
	t.aim("a flash: of 100 MB verified, first", "ms", ms(median(first)), aimVerify)
	t.aim("the same, cached", "ms", ms(median(again)), aimVerified)
	p := upgrade.Plan{Type: "7961", Load: "SCCP41.9-4-2SR3-1S", Sizes: []int64{1630052, 556833, 3157527, 562693, 2219477}, StoneSize: 7e6, StoneHere: true,
		Line: upgrade.Line{RTT: 5 * time.Millisecond, Timeout: upgrade.Wait(5 * time.Millisecond)}, LAN: time.Millisecond, Serving: 200}
	for i := range 10_000 {
		p.Phones = append(p.Phones, upgrade.Planned{Model: "7961", Runs: fmt.Sprintf("SCCP41.8-%d-%dS", i%6, i%4), Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i % 40), 0, 0}), 24)})
	}
	var plans []time.Duration
	for range b.rounds {
		start := time.Now()
		if p.Text().String() == "" {
			return fmt.Errorf("no plan")
		}
		plans = append(plans, time.Since(start))
	}
	t.aim("plan of 10,000 phones", "ms", ms(median(plans)), aimPlan)
	return ctx.Err()
}
