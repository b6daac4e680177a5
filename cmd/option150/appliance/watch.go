package appliance

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"option150/hfs"
	"option150/platform/capture"
	"option150/platform/listen"
)

// watchAgain is how long after an interface went away it is watched again.
const watchAgain = 5 * time.Second

// watchRefused turns connections that the kernel refused into facts: a server
// never sees them, and without them "the phone fell back to TFTP" is a guess.
// Without the right to open raw sockets it stays one.
func (a *Appliance) watchRefused() {
	for _, m := range a.box.Netif.Mapping() {
		a.beside(func(ctx context.Context) {
			for ctx.Err() == nil {
				err := capture.NewRefusals(hfs.PhonePort).Watch(ctx, m.Device, a.box.Journal, nil)
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
