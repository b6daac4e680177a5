package dhcp

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"option150/dhcp/lans"
	"option150/platform/service"
)

// Status implements service.Run: it puts together how the run stands; the worst comes first.
func (r *running) Status() service.Status {
	at := r.lans.Standing()
	r.mu.Lock()
	total := len(r.spec.Interfaces)
	for _, i := range r.spec.Interfaces {
		if len(i.Addrs) == 0 && at.Down[i.Name] == nil {
			at.Down[i.Name] = lans.ErrNoAddress
		}
	}
	waits := ""
	if r.sharing != nil {
		waits = r.sharing.Waits()
	}
	r.mu.Unlock()
	st := service.Status{State: service.Running, Listeners: at.Listening}
	missing, failed := at.Why()
	var held []string
	f := r.facts.Load()
	for name, server := range f.held {
		held = append(held, fmt.Sprintf("%s on %s", server, name))
	}
	slices.Sort(held)
	if len(missing)+len(failed) > 0 {
		st.NextRetry = time.Now().Add(lans.Every)
	}
	switch {
	case f.disk != nil:
		st.State, st.Why = service.Degraded, "bindings cannot be written: "+f.disk.Error()
	case len(failed) > 0 && len(st.Listeners) == 0:
		st.State, st.Why, st.Told = service.Failed, strings.Join(failed, ", "), true
	case len(held) > 0:
		st.State, st.Why = service.Waiting, "another DHCP server answers: "+strings.Join(held, ", ")
	case len(missing) > 0 && len(missing) == total:
		st.State, st.Why = service.Waiting, strings.Join(missing, ", ")
	case len(failed) > 0:
		st.State, st.Why, st.Told = service.Degraded, strings.Join(failed, ", "), true
	case len(missing) > 0:
		st.State, st.Why = service.Degraded, "waiting for "+strings.Join(missing, ", ")
	case r.low.Load() > 0:
		st.State, st.Why = service.Degraded, fmt.Sprintf("the disk is nearly full: %d KB are left for bindings", (r.low.Load()-1)>>10)
	case f.shared != "" && waits != "":
		st.State, st.Why = service.Degraded, "bindings are not shared yet: "+waits+"; new clients get nothing"
	case f.shared != "":
		st.State, st.Why = service.Degraded, f.shared
	case len(at.NoRaw) > 0:
		st.State, st.Why = service.Degraded, "no raw socket on "+strings.Join(at.NoRaw, ", ")+": replies are broadcast, addresses are not probed"
	case r.lost != "":
		st.Why = "bindings that could not be read at start: " + r.lost
	}
	return st
}
