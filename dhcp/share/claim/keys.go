package claim

import (
	"encoding/json"
	"net/netip"
	"strings"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/store"
	"option150/platform/fleet"
	"option150/platform/fleet/etcd"
)

// keys are where a domain has its bindings.
type keys struct{ domain, prefix, downs string }

func keysOf(domain string) keys {
	return keys{domain, fleet.BindingsPrefix(domain), fleet.DownPrefix(domain)}
}

func (k keys) boxes() string            { return fleet.BoxesKey(k.domain) }
func (k keys) generation() string       { return fleet.GenerationKey(k.domain) }
func (k keys) at(a netip.Addr) string   { return fleet.LeasePrefix(k.domain) + a.String() }
func (k keys) beat(box string) string   { return fleet.ID{Domain: k.domain, Name: box}.BeatKey() }
func (k keys) clock(box string) string  { return fleet.ID{Domain: k.domain, Name: box}.ClockKey() }
func (k keys) downOf(box string) string { return k.downs + box }

// split is the kind of a key, and what it is of.
func (k keys) split(key string) (kind, of string) {
	if of, ok := strings.CutPrefix(key, k.downs); ok {
		return "down", of
	}
	kind, of, _ = strings.Cut(strings.TrimPrefix(key, k.prefix), "/")
	return kind, of
}

// Bounds of what others may have us keep.
const (
	maxBoxes    = fleet.MaxSharing
	maxBindings = 1 << 18
	maxValue    = 8 << 10
)

// beat is what a box says of itself.
type beat struct {
	Stamp int64        `json:"stamp"`
	Run   string       `json:"run,omitempty"` // of the session that says it, with its clock
	Gen   uint64       `json:"gen,omitempty"`
	Lead  int64        `json:"lead,omitempty"`
	Addrs []netip.Addr `json:"addresses,omitempty"` // of its DHCP server
}

func (b beat) share() share.Beat { return share.Beat{Stamp: b.Stamp, Gen: b.Gen, Lead: b.Lead} }

// down reads the word of an operator.
func down(kv etcd.KV) (share.Down, bool) {
	w, ok := fleet.ReadWord(kv.Value)
	return share.Down{Since: w.Since, Gen: w.Gen, Mod: kv.Mod}, ok
}

// view is what the engine has, at one revision.
type view struct {
	head             etcd.Header
	first            int64 // revision up to which the words of operators are known
	boxes            []string
	list, generation int64 // revisions of the keys
	gen              uint64
	clocks           map[string]beat // of the boxes that have been connected once
	beats            map[string]beat
	downs            map[string]share.Down
	at               map[netip.Addr]engine.Bound
}

func newView(head etcd.Header) *view {
	return &view{head: head, clocks: map[string]beat{}, beats: map[string]beat{}, downs: map[string]share.Down{}, at: map[netip.Addr]engine.Bound{}}
}

// knows reports whether a box has been connected once.
func (v *view) knows(box string) bool {
	_, ok := v.clocks[box]
	return ok
}

// put takes one key into the view. What cannot be read counts for nothing, but for
// a lease: its address is somebody's.
func (v *view) put(k keys, kv etcd.KV) {
	kind, of := k.split(kv.Key)
	if len(kv.Value) > maxValue {
		kv.Value = ""
	}
	switch kind {
	case "boxes":
		v.boxes, v.list = fleet.ReadBoxes(kv.Value), kv.Mod
	case "generation":
		v.gen, v.generation = fleet.ReadGeneration(kv.Value), kv.Mod
	case "at":
		if a, err := netip.ParseAddr(of); err == nil && a.Is4() && len(v.at) < maxBindings {
			v.at[a] = bound(a, kv)
		}
	case "clock":
		var b beat
		if _ = json.Unmarshal([]byte(kv.Value), &b); fleet.ValidName(of) {
			v.clocks[of] = b
		}
	case "beat":
		var b beat
		if json.Unmarshal([]byte(kv.Value), &b) == nil && len(v.beats) < maxBoxes {
			v.beats[of] = b
		}
	case "down":
		if d, ok := down(kv); ok && len(v.downs) < maxBoxes {
			v.downs[of] = d
		}
	}
}

// bound reads a lease. One that cannot be read, or is of a time that is none, has no
// kind: the address is somebody's for as long as that is on record.
func bound(a netip.Addr, kv etcd.KV) engine.Bound {
	if len(kv.Value) > maxValue {
		kv.Value = ""
	}
	r, err := store.ParseRecord([]byte(kv.Value))
	if err != nil || r.Addr != a || r.Kind != engine.RecordBinding || r.Start > endOfTime || r.Expiry > endOfTime && r.Expiry != engine.Forever {
		r = engine.Record{Addr: a}
	}
	return engine.Bound{Record: r, Mod: kv.Mod}
}

// endOfTime is when no lease begins or ends, seconds since 1970: in the year 2242.
const endOfTime = 1 << 33

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of plain values
	}
	return string(b)
}

func lease(r *engine.Record) string { return string(store.AppendRecord(nil, r)) }
