package lans

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"option150/platform/listen"
	"option150/platform/sorted"
)

// Standing is how the interfaces stand.
type Standing struct {
	Listening []listen.Endpoint
	Down      map[string]error // by IOS name, why one is not served; the server may add to it
	NoRaw     []string         // those without a packet socket, and why
}

// Standing tells how the interfaces stand.
func (s *Lans[L]) Standing() Standing {
	out := Standing{Down: map[string]error{}}
	for _, p := range s.set.Places() {
		if err := p.Err(); err != nil {
			out.Down[s.name(p.State().Endpoint)] = err
		}
		l, open := p.Socket()
		if !open {
			continue
		}
		out.Listening = append(out.Listening, p.State().At())
		if b := l.Base(); b.NoRaw != nil {
			out.NoRaw = append(out.NoRaw, fmt.Sprintf("%s (%s)", b.Name, listen.Reason(b.NoRaw)))
		}
	}
	sorted.By(out.Listening, func(a, b listen.Endpoint) int { return strings.Compare(a.Device, b.Device) })
	slices.Sort(out.NoRaw)
	return out
}

// Why says what is waited for, and what failed.
func (s Standing) Why() (missing, failed []string) {
	for name, err := range s.Down {
		switch {
		case errors.Is(err, ErrNoDevice):
			missing = append(missing, "interface "+name)
		case errors.Is(err, ErrNoAddress):
			missing = append(missing, "address of "+name)
		default:
			failed = append(failed, fmt.Sprintf("%s: %s", name, err))
		}
	}
	slices.Sort(missing)
	slices.Sort(failed)
	return missing, failed
}
