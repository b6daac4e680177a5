package host

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"time"
)

// firewallTime bounds the question to nft, maxRules what it may answer.
const (
	firewallTime = 2 * time.Second
	maxRules     = 4 << 20
)

// Port is a port on which somebody is to be heard.
type Port struct {
	Proto string // "tcp" or "udp"
	Port  uint16
}

// Dropped is a port the packet filter of the machine does not let in.
type Dropped struct {
	Port
	Rule string // why: the chain with its policy, or the rule
}

// String is "udp 69".
func (p Port) String() string { return p.Proto + " " + strconv.Itoa(int(p.Port)) }

// Firewall tells which ports the packet filter of this machine does not let in,
// by what `nft -j list ruleset` says; ok is false when that cannot be asked. It
// errs on the side of silence: a rule it cannot read may let the port in.
func Firewall(ctx context.Context, ports []Port) (dropped []Dropped, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, firewallTime)
	defer cancel()
	text, err := exec.CommandContext(ctx, "nft", "-j", "list", "ruleset").Output()
	if err != nil || len(text) > maxRules {
		return nil, false
	}
	return blocked(text, ports)
}

// The parts of the JSON of nftables that matter here, libnftables-json(5).
type (
	ruleset struct {
		Nftables []struct {
			Chain *chain `json:"chain"`
			Rule  *rule  `json:"rule"`
		} `json:"nftables"`
	}
	chain struct {
		Family, Table, Name, Hook, Policy string
	}
	rule struct {
		Family, Table, Chain string
		Expr                 []map[string]any
	}
	match struct {
		Op    string
		Left  map[string]any
		Right any
	}
)

// blocked judges a ruleset.
func blocked(text []byte, ports []Port) (dropped []Dropped, ok bool) {
	var rs ruleset
	if json.Unmarshal(text, &rs) != nil {
		return nil, false
	}
	for _, x := range rs.Nftables {
		c := x.Chain
		if c == nil || c.Hook != "input" || c.Family == "bridge" || c.Family == "arp" || c.Family == "ip6" {
			continue
		}
		for _, p := range ports {
			verdict, why := c.Policy, fmt.Sprintf("chain %s %s %s, policy %s", c.Family, c.Table, c.Name, c.Policy)
			for _, y := range rs.Nftables {
				r := y.Rule
				if r == nil || r.Family != c.Family || r.Table != c.Table || r.Chain != c.Name {
					continue
				}
				if v, sure := r.says(p); v != "" {
					verdict = v
					if sure {
						why = fmt.Sprintf("a rule of chain %s %s %s", c.Family, c.Table, c.Name)
						break
					}
					verdict = "accept" // it may
					break
				}
			}
			if verdict == "drop" {
				dropped = append(dropped, Dropped{p, why})
			}
		}
	}
	return dropped, true
}

// says is what a rule does to a new packet to a port: "accept", "drop", or ""
// when it does not concern it. It is sure when nothing but the protocol and the
// port decides.
func (r *rule) says(p Port) (verdict string, sure bool) {
	sure = true
	for _, e := range r.Expr {
		if m, ok := e["match"]; ok {
			concerns, known := about(m, p)
			if !concerns {
				return "", true
			}
			sure = sure && known
		}
		for _, v := range []string{"drop", "reject"} {
			if _, ok := e[v]; ok {
				if !sure {
					return "", false // it drops some, not all that come to the port
				}
				return "drop", true
			}
		}
		for _, v := range []string{"accept", "jump", "goto", "queue", "vmap"} {
			if _, ok := e[v]; ok {
				return "accept", sure && v == "accept"
			}
		}
	}
	return "", true
}

// about reports whether a match may be true of a new packet from a phone to the
// port; known is false where something else than the port decides.
func about(raw any, p Port) (concerns, known bool) {
	text, _ := json.Marshal(raw)
	var m match
	if json.Unmarshal(text, &m) != nil {
		return true, false
	}
	if payload, ok := m.Left["payload"].(map[string]any); ok && payload["field"] == "dport" {
		proto, _ := payload["protocol"].(string)
		hit := (proto == p.Proto || proto == "th") && mentions(m.Right, float64(p.Port))
		return hit == (m.Op != "!="), true
	}
	if meta, ok := m.Left["meta"].(map[string]any); ok {
		switch meta["key"] {
		case "l4proto":
			list, _ := m.Right.(map[string]any)
			set, _ := list["set"].([]any)
			for _, x := range append(set, m.Right) {
				if x == p.Proto {
					return true, true
				}
			}
			return false, true
		case "iifname", "iif":
			if m.Right == "lo" {
				return m.Op == "!=", true
			}
		}
		return true, false
	}
	if payload, ok := m.Left["payload"].(map[string]any); ok && payload["field"] == "protocol" {
		return m.Right == p.Proto, true
	}
	if ct, ok := m.Left["ct"].(map[string]any); ok && ct["key"] == "state" {
		// A phone's request begins a connection.
		text, _ := json.Marshal(m.Right)
		return string(text) == `"new"` || jsonHas(m.Right, "new"), true
	}
	return true, false
}

func jsonHas(v any, word string) bool {
	switch x := v.(type) {
	case string:
		return x == word
	case []any:
		for _, y := range x {
			if jsonHas(y, word) {
				return true
			}
		}
	case map[string]any:
		return jsonHas(x["set"], word)
	}
	return false
}

// mentions reports that a set of nftables as JSON holds a port: a number, a
// list of them, a range or a prefix of those.
func mentions(right any, port float64) bool {
	switch v := right.(type) {
	case float64:
		return v == port
	case []any:
		for _, x := range v {
			if mentions(x, port) {
				return true
			}
		}
	case map[string]any:
		if r, ok := v["range"].([]any); ok && len(r) == 2 {
			lo, _ := r[0].(float64)
			hi, _ := r[1].(float64)
			return lo <= port && port <= hi
		}
		return mentions(v["set"], port)
	case string:
		return true // a named set or a service by its name: it may be ours
	}
	return false
}
