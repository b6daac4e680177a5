package acl

// Gate is who may use a door: what its access classes of both families say. The
// zero Gate lets everybody in.
type Gate struct {
	V4 *List  // `access-class`
	V6 *List6 // `ipv6 access-class`
}

// Open reports that nothing is said: everybody is let in.
func (g *Gate) Open() bool { return g == nil || g.V4 == nil && g.V6 == nil }

// Permits reports whether a flow is let in. A list of IPv4 fits no host of IPv6:
// where it stands alone nobody comes in by IPv6 past it. Where the one of IPv6
// stands alone IPv4 is not filtered, as on IOS.
func (g *Gate) Permits(f Flow) bool {
	switch {
	case g == nil:
		return true
	case f.From.Addr().Unmap().Is4() || g.V6 == nil:
		return g.V4.Permits(f.From.Addr())
	}
	return g.V6.Permits(f)
}

// Refuser is the list by which a flow is not let in, and whether its rule has
// `log`.
func (g *Gate) Refuser(f Flow) (name string, log bool) {
	switch {
	case g == nil:
	case g.V6 != nil && !f.From.Addr().Unmap().Is4():
		e := g.V6.Decides(f)
		return g.V6.Name, e != nil && e.Log
	case g.V4 != nil:
		e := g.V4.Decides(f.From.Addr())
		return g.V4.Name, e != nil && e.Log
	}
	return "", false
}
