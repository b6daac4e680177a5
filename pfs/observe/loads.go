package observe

import (
	"option150/pfs"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// maxLoads bounds the loads that are looked at.
const maxLoads = 256

// Loads reads the lists of loads and the sizes of their files: what a transfer
// carried is told by its size. A load that is not there is left out.
func Loads(find firmware.Lookup, names []string) []pfs.Load {
	var out []pfs.Load
	seen := map[string]bool{}
	for _, n := range names {
		l := phone.Load(n)
		if seen[l.Canonical()] || len(out) >= maxLoads {
			continue
		}
		seen[l.Canonical()] = true
		st := firmware.Examine(find, l, false)
		first, ok := find(st.First)
		if !ok {
			continue
		}
		x := pfs.Load{Name: l.Canonical(), Files: []pfs.File{{Name: first.Name, Size: first.Size}}}
		if st.Set != nil {
			for _, c := range st.Set.Components {
				if f, ok := find(c.Name); ok && c.Name != first.Name {
					x.Files = append(x.Files, pfs.File{Name: c.Name, Size: f.Size})
				}
			}
		}
		out = append(out, x)
	}
	return out
}
