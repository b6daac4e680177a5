package dhcptest

import (
	"bytes"
	"slices"
)

// Malformed are packets nobody should send: name, packet.
func Malformed() map[string][]byte {
	m := MAC(0, 47)
	full := Phone(m, 1).Bytes()
	patch := func(at int, v ...byte) []byte { b := slices.Clone(full); copy(b[at:], v); return b }
	with := func(typ byte, o ...Option) []byte { return PC(m, typ, o...).Bytes() }
	noEnd := Phone(m, 1)
	noEnd.NoEnd, noEnd.Tail = true, []byte{0x0c, 0xfa, 0x41}
	over := PC(m, 1, Option{52, []byte{3}})
	over.File, over.Sname = append(bytes.Repeat([]byte{0}, 126), 0x0c, 0xff), []byte{0x34, 1, 3}
	return map[string][]byte{
		"a short": full[:200], "b cookie": patch(236, 0xab, 0xcd), "c hlen 255": patch(2, 255), "d hlen 200": patch(2, 200),
		"e op 2": patch(0, 2), "f 61 empty": with(1, Option{61, nil}), "g 55 empty": with(1, Option{55, nil}),
		"h 82": func() []byte {
			r := PC(m, 1, Option{82, []byte{1, 0xff}})
			r.GIAddr = "10.88.0.1"
			return r.Bytes()
		}(),
		"i 53=99": with(99), "j overrun": noEnd.Bytes(), "k hlen 0": patch(2, 0), "l infiniband": patch(1, 32, 20),
		"n 50": with(1, Option{50, []byte{1, 2}}), "o 54": with(3, Option{54, []byte{1}}, Option{50, []byte{1, 2, 3}}),
		"p overload": over.Bytes(), "q 50 empty": with(1, Option{50, nil}), "r hlen 17": patch(2, 17),
		"s 53 twice": with(1, Option{53, []byte{1}}), "t nothing": {},
	}
}
