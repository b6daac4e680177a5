package appliance

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/platform/fleet"
	"option150/platform/metrics"
	"option150/platform/service"
	"option150/telephony/inventory"
)

// What the page and the figures have of a fleet, on a box and on a machine that watches.

// FleetFigures are the boxes for /metrics; false: the box is in no fleet.
func FleetFigures(v fleet.View) (metrics.Fleet, bool) {
	out := metrics.Fleet{Answers: v.Answers}
	for _, b := range v.Boxes {
		x := metrics.FleetBox{Domain: b.Domain, Name: b.Name, There: b.State == fleet.There}
		if b.Known && !b.About.Silent {
			x.Phones = map[string]int{}
			for i, s := range fleet.States {
				x.Phones[s] = b.Counts[i]
			}
		}
		out.Boxes = append(out.Boxes, x)
	}
	return out, v.On
}

// FleetServices are the other boxes as the page lists services.
func FleetServices(v fleet.View) (out []metrics.Service) {
	for _, b := range v.Boxes {
		if b.Self {
			continue
		}
		s := metrics.Service{Name: "box " + b.String(), Configured: true, Status: service.Status{State: service.Running, Since: b.At}}
		var why []string
		switch b.State {
		case fleet.Gone, fleet.Down:
			s.Status.State = service.Failed
			why = append(why, "it is "+string(b.State))
		case fleet.Unknown:
			s.Status.State = service.Degraded
			why = append(why, "the servers of the fleet do not answer")
		}
		for _, x := range b.About.Services {
			if x.State == string(service.Failed) || x.State == string(service.Degraded) {
				why = append(why, x.Name+" is "+x.State)
				if s.Status.State == service.Running {
					s.Status.State = service.Degraded
				}
			}
		}
		if b.Known && !b.About.Silent {
			why = append(why, fmt.Sprintf("%d phones, %d stuck", b.About.Phones, b.Counts[len(b.Counts)-1]))
		}
		s.Status.Why = strings.Join(why, "; ")
		out = append(out, s)
	}
	return out
}

// fleetPhone is a phone of another box as the page has phones; the name of its box
// stands in the place of the pool. What is no device name is none.
func fleetPhone(p *fleet.PhoneOf) (inventory.Phone, bool) {
	if len(p.Device) < 12 {
		return inventory.Phone{}, false
	}
	mac, err := ether.ParseMAC(p.Device[len(p.Device)-12:])
	if err != nil {
		return inventory.Phone{}, false
	}
	out := inventory.Phone{MAC: mac, Model: p.Model, Pool: p.Box.String(), Load: p.Load, State: inventory.State(p.Phone.State), Basis: inventory.Inferred,
		Verdict: inventory.Verdict{Code: p.Code, Text: p.Text, Basis: inventory.Basis(p.Basis), Blocking: p.Phone.State == string(inventory.Stuck)}}
	if p.State == fleet.There && p.Basis == string(inventory.Observed) {
		out.Basis = inventory.Observed
	}
	if a, err := netip.ParseAddr(p.Address); err == nil {
		if a.Is4() {
			out.Addr = a
		} else {
			out.Addr6 = a
		}
	}
	if p.Since != 0 {
		out.Started = time.Unix(p.Since, 0)
		out.Seen = out.Started
	}
	return out, true
}

// FleetInventory are the phones of all boxes.
func FleetInventory(f *fleet.Fleet) func(time.Time) []inventory.Phone {
	return func(time.Time) (out []inventory.Phone) {
		for _, p := range f.Phones(nil) {
			if x, ok := fleetPhone(&p); ok {
				out = append(out, x)
			}
		}
		return out
	}
}

// FleetPhone is one of them by its device name.
func FleetPhone(f *fleet.Fleet) func(string, time.Time) (inventory.Phone, bool) {
	return func(name string, _ time.Time) (inventory.Phone, bool) {
		for _, p := range f.Phones(fleet.Named(name)) {
			if x, ok := fleetPhone(&p); ok {
				return x, true
			}
		}
		return inventory.Phone{}, false
	}
}
