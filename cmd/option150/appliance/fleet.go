package appliance

import (
	"os"
	"path/filepath"
	"time"

	"option150/dhcp"
	"option150/dhcp/share"
	"option150/dhcp/share/claim"
	"option150/platform/fleet"
)

// fleetOptions are what the box says of itself to the others.
func (a *Appliance) fleetOptions() fleet.Options {
	b := a.box
	return fleet.Options{
		Version: a.opt.Version, Started: b.Started, Recorder: b.Journal, ReadFile: b.NVRAM.ReadFile,
		Phones:   a.fleetPhones,
		Lend:     b.Lend(),
		Services: a.fleetServices,
		Configuration: func() (any, func() string) {
			c := b.Store.Current()
			return c, func() string { return b.PublishedText(c) }
		},
		Events: func() uint64 { return b.Inventory.Events() + uint64(b.Store.Version().Number) },
	}
}

// shared begins to share pools with the boxes of a domain.
func (a *Appliance) shared(root string) func(share.Config) (dhcp.Sharing, error) {
	return func(c share.Config) (dhcp.Sharing, error) {
		b := a.box
		at := fleet.Config{Servers: c.Servers, User: c.User, Password: c.Password, CA: c.CA, Certificate: c.Certificate, Key: c.Key}
		nvram, err := os.OpenRoot(filepath.Join(root, "nvram"))
		if err != nil {
			return nil, err
		}
		if err := claim.Renamed(c, nvram, b.Journal); err != nil {
			_ = nvram.Close()
			return nil, err
		}
		return claim.New(c, at.Client(b.NVRAM.ReadFile), nvram, b.Journal), nil
	}
}

// fleetPhones are the phones as the others are told of them. One of which only an
// address is known has no name to be told by.
func (a *Appliance) fleetPhones() (out []fleet.Phone, all int) {
	for _, p := range a.box.Inventory.Phones(time.Now()) {
		if p.MAC.IsZero() {
			continue
		}
		if all++; all > fleet.MaxPhones {
			continue
		}
		x := fleet.Phone{Device: p.Device(), State: string(p.State), Code: p.Verdict.Code, Basis: string(p.Verdict.Basis), Model: p.Model, Load: p.Load}
		if p.Verdict.Code != "ok" && p.Verdict.Code != "-" {
			x.Text = p.Verdict.Text
		}
		if p.Addr.IsValid() {
			x.Address = p.Addr.String()
		} else if p.Addr6.IsValid() {
			x.Address = p.Addr6.String()
		}
		if !p.Started.IsZero() {
			x.Since = p.Started.Unix()
		}
		out = append(out, x)
	}
	return out, all
}

// fleetServices are those that are configured.
func (a *Appliance) fleetServices() []fleet.Service {
	var out []fleet.Service
	for _, s := range a.serviceRows() {
		if s.Configured && s.Name != fleet.Name {
			out = append(out, fleet.Service{Name: s.Name, State: string(s.Status.State), Why: s.Status.Why})
		}
	}
	return out
}
