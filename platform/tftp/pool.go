package tftp

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"

	"option150/platform/listen"
)

// pool is where transfers run: the sockets beside a door, or the door itself.
// A client echoes nothing but the port of its transfer and a block number, so
// the port is the only secret that keeps a forger from acknowledging what went
// to somebody else. docs/adr/0011-a-port-is-the-only-secret.md
type pool struct {
	srv     *Server
	sockets []*socket
	windows bool // ports enough for windowsize
}

// transfersOwner is whose the sockets of a pool are.
const transfersOwner = "TFTP transfers"

// poolWants are the places of the pool beside the i-th door.
func (s *Server) poolWants(i int, door listen.Endpoint, c Config) []listen.Want {
	if c.SinglePort {
		return nil
	}
	n := s.tune.PoolSize
	if c.PortHigh > 0 {
		n = min(n, int(c.PortHigh)-int(c.PortLow)+1)
	}
	door.Owner = transfersOwner
	all := make([]listen.Want, n)
	for j := range all {
		e := door
		e.Port = 0
		w := listen.Want{N: 1 + j, Spare: true}
		if c.PortHigh > 0 {
			e.Port, w.N = c.PortLow+uint16(j), 1 // a port is kept whatever range it is of
		} else {
			w.N += i * PoolSize
		}
		w.Endpoint = e
		all[j] = w
	}
	return all
}

// pick chooses the socket of a client by a hash nobody else can compute; of a
// socket that is dead the next one takes the place.
func (p *pool) pick(peer netip.AddrPort) *socket {
	var b [len(p.srv.key) + 18]byte
	copy(b[:], p.srv.key[:])
	a := peer.Addr().As16()
	copy(b[len(p.srv.key):], a[:])
	binary.BigEndian.PutUint16(b[len(b)-2:], peer.Port())
	sum := sha256.Sum256(b[:])
	h, n := binary.BigEndian.Uint64(sum[:]), uint64(len(p.sockets))
	for i := range n {
		if k := p.sockets[(h+i)%n]; k.alive() {
			return k
		}
	}
	return nil
}
