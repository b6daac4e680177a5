package claim

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/store"
	"option150/platform/fleet/etcd"
)

// keys are where a domain has its bindings.
type keys string

// Prefix is what all keys of the bindings of a domain begin with.
func Prefix(domain string) string { return "/option150/" + domain + "/bindings/" }

func (k keys) boxes() string            { return string(k) + "boxes" }
func (k keys) generation() string       { return string(k) + "generation" }
func (k keys) at(a netip.Addr) string   { return string(k) + "at/" + a.String() }
func (k keys) beat(box string) string   { return string(k) + "beat/" + box }
func (k keys) clock(box string) string  { return string(k) + "clock/" + box }
func (k keys) downOf(box string) string { return string(k) + "down/" + box }

// Bounds of what others may have us keep.
const (
	maxBoxes    = 64
	maxBindings = 1 << 18
	maxValue    = 8 << 10
)

// beat is what a box says of itself.
type beat struct {
	Stamp int64        `json:"stamp"`
	Gen   uint64       `json:"gen,omitempty"`
	Addrs []netip.Addr `json:"addresses,omitempty"` // of its DHCP server
}

type down struct {
	Since int64  `json:"since"`
	Gen   uint64 `json:"gen"`
}

// view is what the engine has, at one revision.
type view struct {
	head             etcd.Header
	boxes            []string
	list, generation int64 // revisions of the keys
	gen              uint64
	beats            map[string]beat
	downs            map[string]share.Down
	at               map[netip.Addr]engine.Bound
}

func newView(head etcd.Header) *view {
	return &view{head: head, beats: map[string]beat{}, downs: map[string]share.Down{}, at: map[netip.Addr]engine.Bound{}}
}

// put takes one key into the view. What cannot be read counts for nothing, but for
// a lease: its address is somebody's.
func (v *view) put(k keys, kv etcd.KV) {
	name := strings.TrimPrefix(kv.Key, string(k))
	kind, of, _ := strings.Cut(name, "/")
	if len(kv.Value) > maxValue {
		kv.Value = ""
	}
	switch kind {
	case "boxes":
		var list []string
		if json.Unmarshal([]byte(kv.Value), &list) == nil && len(list) <= maxBoxes {
			v.boxes = list
		}
		v.list = kv.Mod
	case "generation":
		v.gen, _ = strconv.ParseUint(kv.Value, 10, 63)
		v.generation = kv.Mod
	case "at":
		if a, err := netip.ParseAddr(of); err == nil && a.Is4() && len(v.at) < maxBindings {
			v.at[a] = bound(a, kv)
		}
	case "beat":
		var b beat
		if json.Unmarshal([]byte(kv.Value), &b) == nil && len(v.beats) < maxBoxes {
			v.beats[of] = b
		}
	case "down":
		var d down
		if json.Unmarshal([]byte(kv.Value), &d) == nil && len(v.downs) < maxBoxes {
			v.downs[of] = share.Down{Since: d.Since, Gen: d.Gen, Mod: kv.Mod}
		}
	}
}

// bound reads a lease. One that cannot be read has no kind.
func bound(a netip.Addr, kv etcd.KV) engine.Bound {
	r, err := store.ParseRecord([]byte(kv.Value))
	if err != nil || r.Addr != a || r.Kind != engine.RecordBinding {
		r = engine.Record{Addr: a}
	}
	return engine.Bound{Record: r, Mod: kv.Mod}
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of plain values
	}
	return string(b)
}

func lease(r *engine.Record) string { return string(store.AppendRecord(nil, r)) }
