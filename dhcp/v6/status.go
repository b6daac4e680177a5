package v6

import (
	"strings"
	"time"

	"option150/dhcp/lans"
	"option150/platform/service"
)

// Status implements service.Run: it puts together how the run stands; the worst comes first.
func (r *running) Status() service.Status {
	at := r.lans.Standing()
	st := service.Status{State: service.Running, Listeners: at.Listening}
	missing, failed := at.Why()
	r.mu.Lock()
	total := len(r.spec.Interfaces)
	r.mu.Unlock()
	if len(missing)+len(failed) > 0 {
		st.NextRetry = time.Now().Add(lans.Every)
	}
	disk := r.disk.Load()
	switch {
	case disk.Err != nil:
		st.State, st.Why = service.Degraded, "bindings cannot be written: "+disk.Err.Error()
	case len(failed) > 0 && len(st.Listeners) == 0:
		st.State, st.Why, st.Told = service.Failed, strings.Join(failed, ", "), true
	case len(missing) > 0 && len(missing) == total:
		st.State, st.Why = service.Waiting, strings.Join(missing, ", ")
	case len(failed) > 0:
		st.State, st.Why, st.Told = service.Degraded, strings.Join(failed, ", "), true
	case len(missing) > 0:
		st.State, st.Why = service.Degraded, "waiting for "+strings.Join(missing, ", ")
	case r.keep != nil:
		st.State, st.Why = service.Degraded, "the identifier of the server cannot be kept: "+r.keep.Error()
	case len(at.NoRaw) > 0:
		st.State, st.Why = service.Degraded, "no raw socket on "+strings.Join(at.NoRaw, ", ")+": the hardware addresses of clients are not known"
	case r.lost != "":
		st.Why = "bindings that could not be read at start: " + r.lost
	}
	return st
}
