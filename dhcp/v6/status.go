package v6

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/sorted"
)

// Status implements service.Run: it puts together how the run stands; the worst comes first.
func (r *running) Status() service.Status {
	st := service.Status{State: service.Running}
	var missing, failed, noRaw []string
	places := r.set.Places()
	for _, p := range places {
		name, _ := r.names.Load(p.State().Endpoint.Device)
		if err := p.Err(); err != nil {
			if errors.Is(err, errNoDevice) {
				missing = append(missing, "interface "+name.(string))
			} else {
				failed = append(failed, fmt.Sprintf("%s: %s", name, err))
			}
		}
		l, open := p.Socket()
		if !open {
			continue
		}
		st.Listeners = append(st.Listeners, p.State().At())
		if l.noRaw != nil {
			noRaw = append(noRaw, fmt.Sprintf("%s (%s)", l.name, listen.Reason(l.noRaw)))
		}
	}
	sorted.By(st.Listeners, func(a, b listen.Endpoint) int { return strings.Compare(a.Device, b.Device) })
	slices.Sort(missing)
	slices.Sort(failed)
	slices.Sort(noRaw)
	if len(missing)+len(failed) > 0 {
		st.NextRetry = time.Now().Add(lookEvery)
	}
	disk := r.disk.Load()
	switch {
	case disk.Err != nil:
		st.State, st.Why = service.Degraded, "bindings cannot be written: "+disk.Err.Error()
	case len(failed) > 0 && len(st.Listeners) == 0:
		st.State, st.Why = service.Failed, strings.Join(failed, ", ")
	case len(missing) > 0 && len(missing) == len(places):
		st.State, st.Why = service.Waiting, strings.Join(missing, ", ")
	case len(failed) > 0:
		st.State, st.Why = service.Degraded, strings.Join(failed, ", ")
	case len(missing) > 0:
		st.State, st.Why = service.Degraded, "waiting for "+strings.Join(missing, ", ")
	case r.keep != nil:
		st.State, st.Why = service.Degraded, "the identifier of the server cannot be kept: "+r.keep.Error()
	case len(noRaw) > 0:
		st.State, st.Why = service.Degraded, "no raw socket on "+strings.Join(noRaw, ", ")+": the hardware addresses of clients are not known"
	case r.lost != "":
		st.Why = "bindings that could not be read at start: " + r.lost
	}
	return st
}
