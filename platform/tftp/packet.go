package tftp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"

	"option150/platform/plain"
)

// Operation codes. [RFC 1350 5, RFC 2347]
const (
	opRRQ   = 1
	opWRQ   = 2
	opDATA  = 3
	opACK   = 4
	opERROR = 5
	opOACK  = 6
)

const (
	headerSize       = 4     // operation and block number of DATA and ACK
	maxRequest       = 512   // octets of a request [RFC 2347]
	defaultBlockSize = 512   // without blksize [RFC 1350]
	minBlockSize     = 8     // [RFC 2348]
	maxBlockSize     = 65464 // [RFC 2348]
)

// Mode is the transfer mode of a request.
type Mode uint8

// The modes that are served. "mail" was given up by RFC 1350 itself.
const (
	Octet Mode = iota
	Netascii
)

func (m Mode) String() string {
	if m == Netascii {
		return "netascii"
	}
	return "octet"
}

// option is one option of a request as the client spelled it.
type option struct{ name, value string }

// request is a read or write request. Its strings are copies.
type request struct {
	write   bool
	name    string
	mode    Mode
	options []option
}

// errMalformed is what all requests that cannot be understood end in; the
// client gets ERROR 4 and one fixed text.
var (
	errMalformed = errors.New("malformed request")
	errMode      = errors.New("unknown transfer mode")
)

// opcode is the operation of a packet, 0 if it is too short to have one.
func opcode(b []byte) uint16 {
	if len(b) < 2 {
		return 0
	}
	return binary.BigEndian.Uint16(b)
}

// parseRequest reads an RRQ or WRQ. Name and mode must be terminated and the
// name not empty. What follows the mode is pairs of option and value; an
// incomplete pair or an empty name ends them, so that a stray NUL at the end
// (7960 firmware of the year 2000 sends one) does no harm.
func parseRequest(b []byte) (request, error) {
	var r request
	switch opcode(b) {
	case opRRQ:
	case opWRQ:
		r.write = true
	default:
		return r, errMalformed
	}
	if len(b) > maxRequest {
		return r, errMalformed
	}
	rest := b[2:]
	name, rest, ok := field(rest)
	if !ok || name == "" {
		return r, errMalformed
	}
	r.name = name
	mode, rest, ok := field(rest)
	if !ok {
		return r, errMalformed
	}
	switch strings.ToLower(mode) {
	case "octet":
		r.mode = Octet
	case "netascii":
		r.mode = Netascii
	default:
		return r, errMode
	}
	for {
		var o option
		if o.name, rest, ok = field(rest); !ok || o.name == "" {
			return r, nil
		}
		if o.value, rest, ok = field(rest); !ok {
			return r, nil
		}
		r.options = append(r.options, o)
	}
}

// field cuts one NUL-terminated string off b, as a copy.
func field(b []byte) (string, []byte, bool) {
	i := bytes.IndexByte(b, 0)
	if i < 0 {
		return "", nil, false
	}
	return string(b[:i]), b[i+1:], true
}

// appendError appends an ERROR packet.
func appendError(b []byte, e wireError) []byte {
	b = binary.BigEndian.AppendUint16(b, opERROR)
	b = binary.BigEndian.AppendUint16(b, e.code)
	b = append(b, e.text...)
	return append(b, 0)
}

// appendOACK appends an option acknowledgement.
func appendOACK(b []byte, options []option) []byte {
	b = binary.BigEndian.AppendUint16(b, opOACK)
	for _, o := range options {
		b = append(append(b, o.name...), 0)
		b = append(append(b, o.value...), 0)
	}
	return b
}

// appendDataHeader appends the head of DATA for the absolute block n: the
// number on the wire has 16 bits and rolls over to 0.
func appendDataHeader(b []byte, n uint64) []byte {
	b = binary.BigEndian.AppendUint16(b, opDATA)
	return binary.BigEndian.AppendUint16(b, uint16(n))
}

// parseError is the code and text of an ERROR, for the record of why a
// transfer ended. The text is cut to 80 octets and cleaned.
func parseError(b []byte) (code uint16, text string) {
	if len(b) >= headerSize {
		code = binary.BigEndian.Uint16(b[2:])
		text, _, _ = field(b[headerSize:])
	}
	if len(text) > 80 {
		text = text[:80]
	}
	return code, shown(text)
}

// shown is a text of a client as it is shown; the names of files are bounded by
// their packets.
func shown(s string) string { return plain.Shown(s, 0) }
