package upgrade

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/platform/sorted"
)

// saved is a phone in the file of classes.
type saved struct {
	MAC      string    `json:"mac"`
	Class    Class     `json:"class"`
	Runs     string    `json:"runs,omitempty"`
	Evidence string    `json:"evidence,omitempty"`
	Inferred bool      `json:"inferred,omitempty"`
	Stone    string    `json:"stone,omitempty"`
	Since    time.Time `json:"since"`
}

// Marshal is the text of the file of classes, a phone to a line.
func Marshal(all []Known) []byte {
	sorted.By(all, func(a, b Known) int { return strings.Compare(a.MAC.Hex(), b.MAC.Hex()) })
	var out []byte
	for _, k := range all {
		b, err := json.Marshal(saved{k.MAC.Hex(), k.Class, k.Runs, k.Evidence, k.Inferred, k.Stone, k.Since.UTC()})
		if err == nil {
			out = append(append(out, b...), '\n')
		}
	}
	return out
}

// Unmarshal reads the file of classes. A line that makes no sense is left out:
// what is not known is shown again by the phone.
func Unmarshal(text []byte) (out []Known) {
	for line := range strings.SplitSeq(string(text), "\n") {
		var s saved
		if len(line) > 1024 || json.Unmarshal([]byte(line), &s) != nil || len(out) >= maxPhones {
			continue
		}
		mac, err := ether.ParseMAC(s.MAC)
		if err != nil || !slices.Contains([]Class{Unknown, Exact, Stepping, Stone, Direct}, s.Class) {
			continue
		}
		out = append(out, Known{mac, s.Class, s.Runs, s.Evidence, s.Inferred, s.Stone, s.Since})
	}
	return out
}
