package command

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
)

// TestGone: what is typed below a section that another operator removed is
// refused, whatever the line, and nothing of it is lost in an element nobody
// holds or makes the section again.
func TestGone(t *testing.T) {
	b, f := testBox(t)
	gone := map[string]grammar.Args{
		modeEphone: {"tag": 7}, modeGateway: {"tag": 7}, modeEphoneDN: {"tag": 7}, modeDN: {"tag": 7}, modeRegisterPool: {"tag": 7},
		modeDialplan: {"tag": 7}, modeUserProfile: {"tag": 7}, modeLogoutProfile: {"tag": 7}, modeEphoneTemplate: {"tag": 7}, modeRegisterTemplate: {"tag": 7},
		modeEphoneType: {"name": "GONE"}, modePoolType: {"name": "GONE"},
		modePool: {"name": "GONE"}, modePubkeyUser: {"user": "gone"}, modeInterface: {"name": "GigabitEthernet0/7"},
		modeLine:      {"kind": "vty", "first": 3},
		modeDHCPClass: {"name": "GONE"}, modeRelayInfo: {"name": "GONE"}, modePoolClass: {"name": "GONE", "class": "gone"},
		modePoolSecondary: {"name": "GONE", "net": netip.MustParseAddr("10.1.0.0"), "mask": netip.MustParseAddr("255.255.0.0")},
	}
	for mode, keys := range gone {
		t.Run(mode, func(t *testing.T) {
			o := &operator{r: rand.New(rand.NewPCG(150, 1)), l: b.Language, f: f, c: config.Default(f), stack: []language.Section{{Mode: mode, Keys: keys, Header: "gone"}}}
			typed := 0
			for range 400 {
				line := o.line()
				r := b.Language.Graph(mode).Match(line, 15)
				if r.Kind != grammar.OK {
					continue
				}
				d := r.Action.(*language.Declaration)
				if d.Mode != mode || d.Carry || d.Set == nil || r.Form == grammar.No && d.Unset == nil {
					continue
				}
				typed++
				c := o.c.Clone()
				if err := b.Language.Apply(c, o.section(), r, line); !errors.Is(err, language.ErrGone) {
					t.Errorf("%q in a section that is gone: %v", line, err)
				}
				if !c.Equal(o.c) {
					t.Fatalf("%q in a section that is gone changes the configuration", line)
				}
			}
			if typed < 5 {
				t.Errorf("only %d lines", typed)
			}
		})
	}
}

// TestKeyed: a list keeps its order, replaces by key, and is bounded.
func TestKeyed(t *testing.T) {
	b, f := testBox(t)
	load := func(lines ...string) (*config.Config, []language.LineError) {
		rep, err := b.Language.Load(strings.Join(lines, "\n"), config.Default(f), nil)
		if err != nil {
			t.Fatal(err)
		}
		return rep.Config, rep.Rejected
	}
	c, bad := load("ephone 9", "ephone 2", " speed-dial 3 300", " speed-dial 1 100", " speed-dial 3 301 label three", " no speed-dial 2", "ephone 5", "no ephone 9")
	var tags []int
	for _, e := range c.Telephony.Ephones {
		tags = append(tags, e.Tag)
	}
	if len(bad) > 0 || !slices.Equal(tags, []int{2, 5}) {
		t.Fatalf("tags %v, rejected %v", tags, bad)
	}
	if s := fmt.Sprint(c.Telephony.Ephones[0].SpeedDials); s != "[{1 100 } {3 301 three}]" {
		t.Errorf("speed dials %s", s)
	}
	var many []string
	for i := range maxAliases + 3 {
		many = append(many, fmt.Sprintf("alias exec a%d show clock", i))
	}
	c, bad = load(append(many, "alias exec a0 show version")...)
	if len(c.Aliases) != maxAliases || len(bad) != 3 || c.Aliases[0].Line != "show version" {
		t.Errorf("%d aliases, %d rejected, first %+v", len(c.Aliases), len(bad), c.Aliases[0])
	}
}

// TestRefusedWhole: a line that is refused for its second half leaves nothing
// of its first.
func TestRefusedWhole(t *testing.T) {
	b, f := testBox(t)
	for _, c := range []string{
		"username op privilege 15 secret 4 Abcdefghijk", "username op privilege 15 nopassword",
		"enable secret level 3 4 Abcdefghijk", "enable password level 3 5 Abcdefghijk",
		"ephone 1|button 1:1 2:2 x", "ephone 1|mac-address ffff.ffff.ffff",
		"ip ssh pubkey-chain|username " + strings.Repeat("x", 65),
		"ip dhcp pool A|option 150 ascii 10.0.0.1",
		"ntp server 0.0.0.0 prefer",
	} {
		lines := strings.Split(c, "|")
		o := &operator{l: b.Language, f: f, c: config.Default(f)}
		for _, line := range lines {
			r := b.Language.Graph(o.section().Mode).Match(line, 15)
			if r.Kind != grammar.OK {
				t.Fatalf("%q: %v", line, r.Kind)
			}
			cand := o.c.Clone()
			err := b.Language.Apply(cand, o.section(), r, line)
			if line == lines[len(lines)-1] {
				if err == nil || !cand.Equal(o.c) {
					t.Errorf("%q: refused with %v, changed %v", line, err, !cand.Equal(o.c))
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			o.c = cand
			sec, err := b.Language.Enter(o.section(), r)
			if err != nil {
				t.Fatal(err)
			}
			o.stack = append(o.stack, sec)
		}
	}
}
