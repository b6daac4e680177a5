package wire

// Peek finds the message type of a request without reading it: 0 when there is
// none, it is not a message, or it stands where only Decode looks (RFC 2132 9.3).
func Peek(b []byte) byte {
	if len(b) < HeaderLen+CookieLen || [4]byte(b[HeaderLen:HeaderLen+CookieLen]) != [4]byte(cookie) {
		return MsgBootp
	}
	for o := b[HeaderLen+CookieLen:]; len(o) > 0; {
		switch {
		case o[0] == OptEnd:
			return MsgBootp
		case o[0] == OptPad:
			o = o[1:]
		case len(o) < 2 || len(o) < 2+int(o[1]):
			return MsgBootp
		case o[0] == OptMessageType && o[1] == 1:
			return o[2]
		default:
			o = o[2+int(o[1]):]
		}
	}
	return MsgBootp
}

// Urgent reports whether a message ends an exchange or is about an address that
// is in use: a client waits for it with an address it already counts on.
func Urgent(typ byte) bool {
	return typ == MsgRequest || typ == MsgDecline || typ == MsgRelease || typ == MsgInform
}
