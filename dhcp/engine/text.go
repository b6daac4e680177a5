package engine

import (
	"encoding/hex"
	"net/netip"
	"strconv"

	"option150/dhcp/wire"
)

// FormatClientID writes bytes as IOS does: two to a group, groups joined by
// dots, "0100.1e7a.0000.01".
func FormatClientID(id []byte) string {
	b := make([]byte, 0, 3*len(id))
	for i, c := range id {
		if i > 0 && i%2 == 0 {
			b = append(b, '.')
		}
		b = hex.AppendEncode(b, []byte{c})
	}
	return string(b)
}

// clientText is how a client is named in messages: its identifier, or its
// hardware address if it sent none.
func clientText(key []byte) string {
	switch {
	case len(key) > 1 && key[0] == 'i':
		return FormatClientID(key[1:])
	case len(key) > 2:
		return FormatClientID(key[2:])
	}
	return ""
}

// codesText is a parameter list, "1,66,6,3,15,150,35".
func codesText(codes []byte) string {
	b := make([]byte, 0, 4*len(codes))
	for i, c := range codes {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(c), 10)
	}
	return string(b)
}

// hexText is a sub-option for messages, bounded.
func hexText(v []byte) string { return hex.EncodeToString(v[:min(len(v), 64)]) }

// routerOf is the first router a pool sends.
func routerOf(r *rendered) netip.Addr {
	if len(r.vals[wire.OptRouters]) < 4 {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(r.vals[wire.OptRouters][:4]))
}

// maskText is the subnet mask a pool sends.
func maskText(r *rendered) string {
	if len(r.vals[wire.OptMask]) != 4 {
		return ""
	}
	return netip.AddrFrom4([4]byte(r.vals[wire.OptMask])).String()
}
