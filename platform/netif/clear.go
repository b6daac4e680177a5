package netif

import (
	"reflect"
	"sync"
	"time"
)

// Clearing remembers what counters stood at when an operator cleared them.
// Linux cannot set them back, and other programs of the machine read them.
// The zero value is ready; it may be used by several goroutines.
type Clearing struct {
	mu sync.Mutex
	at map[string]cleared // by Linux device
}

type cleared struct {
	when  time.Time
	stood Counters
}

// Clear makes the counters of an interface begin now.
func (c *Clearing) Clear(i Interface, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == nil {
		c.at = map[string]cleared{}
	}
	c.at[i.Device] = cleared{now, i.Counters}
}

// Apply takes off what was there before the counters were cleared.
func (c *Clearing) Apply(v *View) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.at[v.Device]; ok {
		v.Cleared, v.Counters = k.when, v.Counters.since(k.stood)
	}
}

// since is what was counted after before. A device that was made anew counts
// from nothing: its counters are less, and stand as they are.
func (c Counters) since(before Counters) Counters {
	now, old := reflect.ValueOf(&c).Elem(), reflect.ValueOf(before)
	for i := range now.NumField() {
		if n, b := now.Field(i).Uint(), old.Field(i).Uint(); n >= b {
			now.Field(i).SetUint(n - b)
		}
	}
	return c
}
