package appliance

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"option150/platform/config"
	"option150/platform/fileserver"
	"option150/platform/host"
	"option150/platform/netif"
	"option150/platform/settings"
)

// mapping is the interfaces of the settings, or every device in order.
func mapping(s settings.Settings) []netif.Mapping {
	if len(s.Interfaces) == 0 {
		devices, _ := netif.Devices()
		return netif.DefaultMapping(devices)
	}
	var out []netif.Mapping
	for _, i := range s.Interfaces {
		out = append(out, netif.Mapping{Name: i.Name, Device: i.Device, Managed: i.Managed})
	}
	return out
}

// checkDevices refuses settings that name a device this machine does not have:
// a typing error would otherwise look like a cable that is not plugged in.
func (a *Appliance) checkDevices() error {
	devices, err := netif.Devices()
	if err != nil {
		return fmt.Errorf("interfaces cannot be read: %w", err)
	}
	for _, i := range a.opt.Settings.Interfaces {
		if !slices.Contains(devices, i.Device) && i.Device != "lo" {
			return fmt.Errorf("interface %s: no device %q on this machine, it has %v", i.Name, i.Device, devices)
		}
	}
	return nil
}

// readFacts takes a picture of the world for one transaction.
func (a *Appliance) readFacts() config.Facts {
	f := config.Facts{SSH: listenEndpoint(a.opt.Settings.SSH.Listen), Metrics: listenEndpoint(a.opt.Settings.Metrics.Listen), HTTPAddr: a.opt.HTTPAddr}
	list, err := a.box.Netif.Latest()
	if err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.facts != nil {
			return *a.facts // the last picture is better than none
		}
		return f
	}
	for _, i := range list {
		f.Interfaces = append(f.Interfaces, config.InterfaceFact{Mapping: i.Mapping, Addrs: i.Addrs, Addrs6: i.Addrs6, MAC: i.MAC, Up: i.LineUp})
	}
	a.mu.Lock()
	a.facts = &f
	a.mu.Unlock()
	return f
}

// interfacesChanged is called by netif: what waits for an address or a link is
// tried again, in a goroutine of ours because a transaction reads interfaces.
func (a *Appliance) interfacesChanged() {
	a.ways.Forget()
	select {
	case a.replans <- struct{}{}:
	default:
	}
}

// replan puts the configuration in force again whenever the facts changed.
func (a *Appliance) replan(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.replans:
			a.box.Store.Replan(ctx)
			a.box.Supervisor.Kick()
		}
	}
}

// reach is fileserver.Options.Reach.
func (a *Appliance) reach(from netip.Addr) fileserver.Reach {
	switch a.ways.Of(from) {
	case host.WayNear:
		return fileserver.Connected
	case host.WayRouted:
		return fileserver.Routed
	case host.WayInside:
		return fileserver.Inside
	case host.WayOutside:
		return fileserver.Outside
	}
	return fileserver.ReachUnknown
}

func (a *Appliance) interfaceByIndex(index int) (string, int) {
	list, err := a.box.Netif.Latest()
	if err != nil {
		return "", 0
	}
	for _, i := range list {
		if i.Index == index {
			return i.Name, i.MTU
		}
	}
	return "", 0
}
