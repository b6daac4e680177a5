package appliance

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"option150/hfs"
	"option150/platform/capture"
	"option150/platform/listen"
	"option150/platform/service"
	"option150/telephony/cnf"
	"option150/telephony/registration"
)

// watchAgain is how long after an interface went away it is watched again.
const watchAgain = 5 * time.Second

// watchWire turns what no server sees into facts: connections that the kernel
// refused, what phones broadcast, their DHCP requests while no DHCP server runs
// here. Without the right to open raw sockets much stays a guess.
func (a *Appliance) watchWire() {
	booting := func() bool { return a.box.DHCP.Status().State == service.Disabled }
	for _, m := range a.box.Netif.Mapping() {
		a.beside(func(ctx context.Context) {
			for ctx.Err() == nil {
				err := capture.NewWatcher(hfs.PhonePort, booting).Watch(ctx, m.Device, a.box.Journal, nil)
				if errors.Is(err, fs.ErrPermission) || listen.Denied(err) {
					return
				}
				select {
				case <-ctx.Done():
				case <-time.After(watchAgain):
				}
			}
		})
	}
}

// watchMirror looks on a mirror port for phones that register at call control.
func (a *Appliance) watchMirror(ctx context.Context, device string) error {
	return registration.Watch(ctx, device, a.registerPorts, a.box.Journal)
}

// registerPorts are where the phones configured now register.
func (a *Appliance) registerPorts() registration.Ports {
	s := a.store.Load()
	if s == nil {
		return registration.With(nil, nil)
	}
	t := s.Current().Telephony
	ports := func(c cnf.SourceAddress) []uint16 { return []uint16{c.Port} }
	return registration.With(ports(t.Service.SourceAddress), ports(t.Global.SourceAddress))
}
