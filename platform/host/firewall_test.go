package host

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestBlocked(t *testing.T) {
	ports := []Port{{"udp", 67}, {"udp", 69}, {"tcp", 6970}}
	chain := func(policy string) string {
		return `{"chain":{"family":"inet","table":"filter","name":"input","handle":1,"type":"filter","hook":"input","prio":0,"policy":"` + policy + `"}}`
	}
	rule := func(expr string) string {
		return `,{"rule":{"family":"inet","table":"filter","chain":"input","handle":4,"expr":[` + expr + `]}}`
	}
	dport := func(proto, right string) string {
		return `{"match":{"op":"==","left":{"payload":{"protocol":"` + proto + `","field":"dport"}},"right":` + right + `}},`
	}
	const established = `{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}`
	const loopback = `{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}`
	for _, c := range []struct {
		name, rules string
		want        string
	}{
		{"no filter", "", ""},
		{"open", chain("accept"), ""},
		{"closed", chain("drop"), "udp 67 udp 69 tcp 6970"},
		{"closed but for what is established and the loopback", chain("drop") + rule(established) + rule(loopback), "udp 67 udp 69 tcp 6970"},
		{"one is let in", chain("drop") + rule(dport("udp", "69")+`{"accept":null}`), "udp 67 tcp 6970"},
		{"a set, a range", chain("drop") + rule(dport("udp", `{"set":[67,69]}`)+`{"accept":null}`) + rule(dport("tcp", `{"range":[6900,7000]}`)+`{"accept":null}`), ""},
		{"another port is let in", chain("drop") + rule(dport("tcp", "22")+`{"accept":null}`), "udp 67 udp 69 tcp 6970"},
		{"one is kept out", chain("accept") + rule(dport("tcp", "6970")+`{"counter":{"packets":0,"bytes":0}},{"drop":null}`), "tcp 6970"},
		{"a network is kept out", chain("accept") + rule(`{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"10.9.9.0"}},{"drop":null}`), ""},
		{"a network is let in", chain("drop") + rule(`{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"10.9.9.0"}},{"accept":null}`), ""},
		{"another chain decides", chain("drop") + rule(`{"jump":{"target":"phones"}}`), ""},
	} {
		got, ok := blocked([]byte(`{"nftables":[{"metainfo":{"json_schema_version":1}}`+strings.Replace(","+c.rules, ",,", ",", 1)+`]}`), ports)
		if c.rules == "" {
			got, ok = blocked([]byte(`{"nftables":[]}`), ports)
		}
		var names []string
		for _, d := range got {
			names = append(names, d.Port.String())
		}
		if !ok || strings.Join(names, " ") != c.want {
			t.Errorf("%s: %q %v, want %q", c.name, names, ok, c.want)
		}
	}
	if _, ok := blocked([]byte("no"), ports); ok {
		t.Error("nonsense is believed")
	}
}

func FuzzBlocked(f *testing.F) {
	f.Add([]byte(`{"nftables":[{"chain":{"family":"ip","table":"t","name":"c","hook":"input","policy":"drop"}},{"rule":{"family":"ip","table":"t","chain":"c","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[1,{"range":[2,3]},"@x"]}}},{"drop":null}]}}]}`))
	f.Fuzz(func(_ *testing.T, text []byte) { blocked(text, []Port{{"udp", 69}, {"tcp", 6970}}) })
}

// TestHolder: this process is found by the port it listens on.
func TestHolder(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	if got := Holder("tcp", port); !strings.Contains(got, fmt.Sprintf("(pid %d)", os.Getpid())) {
		t.Errorf("port %d: %q", port, got)
	}
	l.Close()
	if got := Holder("tcp", port); got != "" {
		t.Errorf("nobody has it: %q", got)
	}
	table := "  sl  local_address rem_address   st\n   0: 00000000:0045 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2\nshort\n"
	if got := sockets(table, "udp", 69); !slices.Equal(got, []string{"4711"}) || sockets(table, "tcp", 69) != nil {
		t.Errorf("%q", got)
	}
}
