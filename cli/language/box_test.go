package language_test

import (
	"net/netip"
	"strings"
	"testing"

	"option150/cli/command"
	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/netif"
	"option150/platform/running"
)

// box is the language of the product with its factory configuration: a loader
// without commands has nothing to load.
type box struct {
	*language.Language
	facts   config.Facts
	factory *config.Config
}

func newBox(t testing.TB) *box {
	t.Helper()
	return newBoxWith(t, config.Facts{Interfaces: []config.InterfaceFact{
		{Mapping: netif.Mapping{Name: "GigabitEthernet0/0", Device: "eth0", Managed: true}, Up: true},
		{Mapping: netif.Mapping{Name: "GigabitEthernet0/1", Device: "eth1"}, Up: true, Addrs: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}},
	}})
}

func newBoxWith(t testing.TB, f config.Facts) *box {
	t.Helper()
	b := &command.Box{}
	b.Store = running.New(running.Options{Initial: config.Default(f), Facts: func() config.Facts { return f }})
	l, err := command.New(b)
	if err != nil {
		t.Fatal(err)
	}
	b.Language = l
	return &box{l, f, config.Default(f)}
}

func (b *box) refuse(c *config.Config) error { return config.Refusal(c.Validate(b.facts)) }

func (b *box) load(t testing.TB, text string) *language.Report {
	t.Helper()
	rep, err := b.Load(text, b.factory, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// only is what a configuration prints beyond the factory's lines, joined with
// "/"; blanks before a line stay.
func (b *box) only(c *config.Config) string {
	own := map[string]int{}
	for _, l := range b.Render(b.factory, false) {
		own[l]++
	}
	var out []string
	for _, l := range b.Render(c, false) {
		switch {
		case l == "!":
		case own[l] > 0:
			own[l]--
		default:
			out = append(out, l)
		}
	}
	return strings.Join(out, "/")
}
