package command

import (
	"net/netip"
	"slices"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp"
	"option150/platform/config"
)

// modePoolSecondary is below `network A M secondary`.
const modePoolSecondary = "config-dhcp-subnet-secondary"

const (
	networkHead = `network("Network number and mask") `
	networkArgs = `<net:A.B.C.D>("Network number in dotted-decimal notation") [ ( <mask:MASK>("Network mask") | <len:A.B.C.D/N>("Prefix length") ) ]`
)

// poolNetworkOf reads the arguments of `network`: without a mask it is that of
// the class.
func poolNetworkOf(a grammar.Args, pool *dhcp.Pool) (netip.Prefix, error) {
	addr := grammar.Get[netip.Addr](a, "net")
	bits := classful(addr)
	if a.Has("mask") {
		bits = maskBits(grammar.Get[netip.Addr](a, "mask"))
	} else if a.Has("len") {
		bits = a.Int("len")
	}
	p := netip.PrefixFrom(addr, bits).Masked()
	if pool.Host.IsValid() {
		return p, language.Answer("% This command may not be used with host, origin, vrf or relay pools.")
	}
	if bits < 8 || bits > 31 || p.Addr().IsUnspecified() {
		return p, language.Answer("% Network " + addr.String() + " with this mask cannot be leased from")
	}
	return p, nil
}

func networkLine(p netip.Prefix) grammar.Args {
	return args("net", p.Addr(), "mask", maskOf(p.Bits()))
}

// poolNetwork is `network A M`.
func poolNetwork(at func(*language.Context) *dhcp.Pool, doc string) language.Declaration {
	return language.Declaration{
		Mode: modePool, Doc: doc, Syntax: networkHead + `![ ` + networkArgs + ` ]`,
		Set: func(c *language.Context) error {
			pool := at(c)
			p, err := poolNetworkOf(c.Args, pool)
			if err != nil {
				return err
			}
			if pool.Network != p {
				pool.Network = p
				pool = behind(c.Config, pool, p)
			}
			dropSecondary(c.Config, pool, func(s netip.Prefix) bool { return s == p })
			return nil
		},
		Unset: func(c *language.Context) error {
			pool := at(c)
			pool.Network = netip.Prefix{}
			dropSecondary(c.Config, pool, func(netip.Prefix) bool { return true })
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			if n := at(viewContext(v)).Network; n.IsValid() {
				return []grammar.Args{networkLine(n)}
			}
			return nil
		},
	}
}

// behind puts a pool behind the others if its new network shares addresses with
// one of theirs: the pool that was there is the one that goes on serving.
func behind(c *config.Config, pool *dhcp.Pool, n netip.Prefix) *dhcp.Pool {
	d := &c.DHCP
	if !d.Before(pool.Name, n) {
		return pool
	}
	p := *pool
	d.Pools = slices.DeleteFunc(d.Pools, func(o dhcp.Pool) bool { return o.Name == p.Name })
	d.Pools = append(d.Pools, p)
	return &d.Pools[len(d.Pools)-1]
}

// poolSecondary is `network A M secondary`, a section of its own as on IOS.
func poolSecondary(at func(*language.Context) *dhcp.Pool) language.Declaration {
	return language.Declaration{
		Mode: modePool, Doc: "facts/dhcp.md 1.3", Enters: modePoolSecondary, Keys: []string{"net", "mask"},
		Syntax: networkHead + networkArgs + ` secondary("Configure as secondary subnet")`,
		Set: func(c *language.Context) error {
			pool := at(c)
			p, err := poolNetworkOf(c.Args, pool)
			switch {
			case err != nil:
				return err
			case !pool.Network.IsValid():
				return language.Answer("% Primary network must be configured first")
			case pool.Network == p:
				return language.Answer("% Network " + p.Addr().String() + " is the primary network of this pool")
			}
			if !slices.Contains(pool.Secondary, p) {
				pool.Secondary = append(pool.Secondary, p)
				behind(c.Config, pool, p)
			}
			// The section is entered by its full header.
			c.Args["net"], c.Args["mask"] = p.Addr(), maskOf(p.Bits())
			delete(c.Args, "len")
			return nil
		},
		Unset: func(c *language.Context) error {
			p, err := poolNetworkOf(c.Args, &dhcp.Pool{})
			if err == nil {
				dropSecondary(c.Config, at(c), func(s netip.Prefix) bool { return s == p })
			}
			return err
		},
		Get: func(v *language.View) []grammar.Args {
			var out []grammar.Args
			for _, s := range at(viewContext(v)).Secondary {
				out = append(out, networkLine(s))
			}
			return out
		},
	}
}

// dropSecondary removes secondary networks with all that stands below them.
func dropSecondary(c *config.Config, pool *dhcp.Pool, which func(netip.Prefix) bool) {
	for _, s := range pool.Secondary {
		if which(s) {
			c.DropSection("network " + s.Addr().String() + " " + maskOf(s.Bits()).String() + " secondary")
		}
	}
	pool.Secondary = slices.DeleteFunc(slices.Clone(pool.Secondary), which)
	pool.Overrides = slices.DeleteFunc(slices.Clone(pool.Overrides), func(o dhcp.Override) bool { return which(o.Network) })
}

// secondaryLines are the lines below `network A M secondary`.
func secondaryLines(at func(*language.Context) *dhcp.Pool) []language.Declaration {
	const doc = "facts/dhcp.md 1.3"
	network := func(c *language.Context) netip.Prefix {
		return netip.PrefixFrom(grammar.Get[netip.Addr](c.Keys, "net"), maskBits(grammar.Get[netip.Addr](c.Keys, "mask")))
	}
	overrides := list[dhcp.Override, netip.Prefix]{in: func(c *language.Context) *[]dhcp.Override { return &at(c).Overrides }, key: func(o *dhcp.Override) netip.Prefix { return o.Network }, order: netip.Prefix.Compare}
	router := language.Declaration{
		Mode: modePoolSecondary, Doc: doc,
		Syntax: `override("Override the setting of the pool") default-router("Default routers") ![ <a:A.B.C.D>("Router's IP address")+8 ]`,
		Set: func(c *language.Context) error {
			routers := grammar.List[netip.Addr](c.Args, "a")
			for _, a := range routers {
				if !hostAddress(a) {
					return language.Answer("% " + a.String() + " is not the address of a host")
				}
			}
			return overrides.put(c, dhcp.Override{Network: network(c), DefaultRouters: routers})
		},
		Unset: func(c *language.Context) error { overrides.drop(c, network(c)); return nil },
		Get: func(v *language.View) []grammar.Args {
			c := viewContext(v)
			if o := find(at(c).Overrides, network(c), overrides.key); o != nil {
				return one(len(o.DefaultRouters) > 0, "a", o.DefaultRouters)
			}
			return nil
		},
	}
	return append([]language.Declaration{router}, carryAll(modePoolSecondary, doc,
		`override utilization("Utilization marks of this network") <rest:LINE>("high or low, and percent")`)...)
}
