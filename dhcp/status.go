package dhcp

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
	r.mu.Lock()
	waiting := map[string]error{}
	places := r.set.Places()
	for _, p := range places {
		if err := p.Err(); err != nil {
			name, _ := r.names.Load(p.State().Endpoint.Device)
			waiting[name.(string)] = err
		}
	}
	total := len(r.spec.Interfaces)
	for _, i := range r.spec.Interfaces {
		if len(i.Addrs) == 0 && waiting[i.Name] == nil {
			waiting[i.Name] = errNoAddress
		}
	}
	r.mu.Unlock()
	st := service.Status{State: service.Running}
	var missing, failed, noRaw []string
	for _, p := range places {
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
	for name, err := range waiting {
		switch {
		case errors.Is(err, errNoDevice):
			missing = append(missing, "interface "+name)
		case errors.Is(err, errNoAddress):
			missing = append(missing, "address of "+name)
		default:
			failed = append(failed, fmt.Sprintf("%s: %s", name, err))
		}
	}
	slices.Sort(missing)
	slices.Sort(failed)
	slices.Sort(noRaw)
	var held []string
	f := r.facts.Load()
	for name, server := range f.held {
		held = append(held, fmt.Sprintf("%s on %s", server, name))
	}
	slices.Sort(held)
	if len(missing)+len(failed) > 0 {
		st.NextRetry = time.Now().Add(lookEvery)
	}
	switch {
	case f.disk != nil:
		st.State, st.Why = service.Degraded, "bindings cannot be written: "+f.disk.Error()
	case len(failed) > 0 && len(st.Listeners) == 0:
		st.State, st.Why = service.Failed, strings.Join(failed, ", ")
	case len(held) > 0:
		st.State, st.Why = service.Waiting, "another DHCP server answers: "+strings.Join(held, ", ")
	case len(missing) > 0 && len(missing) == total:
		st.State, st.Why = service.Waiting, strings.Join(missing, ", ")
	case len(failed) > 0:
		st.State, st.Why = service.Degraded, strings.Join(failed, ", ")
	case len(missing) > 0:
		st.State, st.Why = service.Degraded, "waiting for "+strings.Join(missing, ", ")
	case r.low.Load() > 0:
		st.State, st.Why = service.Degraded, fmt.Sprintf("the disk is nearly full: %d KB are left for bindings", (r.low.Load()-1)>>10)
	case f.shared != "":
		st.State, st.Why = service.Degraded, f.shared
	case len(noRaw) > 0:
		st.State, st.Why = service.Degraded, "no raw socket on "+strings.Join(noRaw, ", ")+": replies are broadcast, addresses are not probed"
	case r.lost != "":
		st.Why = "bindings that could not be read at start: " + r.lost
	}
	return st
}
