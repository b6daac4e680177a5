package appliance

import (
	"context"
	"time"

	"option150/pfs"
)

// lookAtSharing is how often the trees are looked at while something happens.
const lookAtSharing = time.Second

// reportSharing records what part each phone has in the distribution of its
// load, whenever that changes: its timeline and its verdict read it.
func (a *Appliance) reportSharing(ctx context.Context) {
	var r pfs.Reporter
	var seen uint64
	t := time.NewTicker(lookAtSharing)
	defer t.Stop()
	for {
		if n := a.box.Sharing.Changes(); n != seen {
			seen = n
			f := a.box.PFSFacts(a.box.Store.Current())
			for _, e := range r.Report(pfs.Trees(a.box.Sharing.Snapshot(f.Subnets), f)) {
				a.box.Journal.Record(e)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
