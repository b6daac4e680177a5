package firmware

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Errors of the parsers.
var (
	ErrFormat   = errors.New("not a firmware file of a known form")
	ErrTooLarge = errors.New("too large for a list of components")
)

// Form is the container of a file.
type Form string

// The forms.
const (
	Text   Form = "text"   // no container
	Signed Form = "signed" // tags, G2 to G4
	G5     Form = "g5"     // 78xx and 88xx
)

// Header is what the container of a file says about it.
type Header struct {
	Form    Form
	Length  int    // offset of the payload
	Name    string // the file's own name; "" when the container has none
	Payload int64  // length of the payload, -1 = not told (signed)
	Digest  string // algorithm of the signature: SHA-1, SHA-256, SHA-512
	SHA256  [32]byte
	Signer  string
}

// The tags of the signed container. [facts/phones.md 3.1; facts/files.md 5.2]
const (
	tagVersion   = 0x01
	tagLength    = 0x02
	tagSigner    = 0x03
	tagSubject   = 0x04
	tagSerial    = 0x05
	tagIssuer    = 0x06
	tagSignInfo  = 0x07
	tagDigest    = 0x08
	tagAlgorithm = 0x09
	tagSignature = 0x0c
	tagPad       = 0x0d
	tagName      = 0x0e
)

// Bounds of a header: the largest seen is 420 bytes.
const (
	maxHeader = 4096
	maxName   = 128
)

// The layout of the G5 container. [facts/phones.md 3.2]
const (
	g5Magic   = 0xAB1234CD
	g5Payload = 0x0c
	g5Sum     = 0x14
	g5NameLen = 0x34
	g5Name    = 0x38
	g5Sign    = 256
	g5Header  = 336
)

// ParseHeader reads the container from the first bytes of a file (4096 are
// always enough). A file without container is Text with Length 0: that is not
// an error.
func ParseHeader(b []byte) (Header, error) {
	switch {
	case len(b) >= 4 && binary.LittleEndian.Uint32(b) == g5Magic:
		return parseG5(b)
	case len(b) >= 5 && b[0] == tagVersion && b[1] == 0 && b[2] == 2:
		return parseSigned(b)
	}
	return Header{Form: Text, Payload: -1}, nil
}

func parseG5(b []byte) (Header, error) {
	if len(b) < g5Name {
		return Header{}, fmt.Errorf("%w: G5 header of %d bytes", ErrFormat, len(b))
	}
	h := Header{Form: G5, Digest: "SHA-256", Payload: int64(binary.LittleEndian.Uint32(b[g5Payload:]))}
	length, n := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[g5NameLen:])
	// The signature is the last part of the header, the name lies before it.
	if length < g5Header || length > maxHeader || n > maxName || g5Name+n+g5Sign > length || int(length) > len(b) {
		return Header{}, fmt.Errorf("%w: G5 header length %d, name length %d", ErrFormat, length, n)
	}
	h.Length = int(length)
	copy(h.SHA256[:], b[g5Sum:])
	name, err := fileName(b[g5Name : g5Name+n])
	h.Name = name
	return h, err
}

func parseSigned(b []byte) (Header, error) {
	h := Header{Form: Signed, Payload: -1}
	limit := min(len(b), maxHeader)
	for at := 0; ; {
		switch {
		case h.Length != 0 && at == h.Length:
			return h, nil
		case h.Length != 0 && at > h.Length, at >= limit:
			return Header{}, fmt.Errorf("%w: the header ends at %d of %d", ErrFormat, at, h.Length)
		case b[at] == tagPad: // a single byte without length
			at++
			continue
		case at+3 > limit:
			return Header{}, fmt.Errorf("%w: tag %02x at %d is cut off", ErrFormat, b[at], at)
		}
		tag, n := b[at], int(binary.BigEndian.Uint16(b[at+1:]))
		at += 3
		if n > limit-at {
			return Header{}, fmt.Errorf("%w: tag %02x at %d is %d bytes long", ErrFormat, tag, at-3, n)
		}
		value := b[at : at+n]
		at += n
		switch tag {
		case tagLength:
			if n != 2 || h.Length != 0 {
				return Header{}, fmt.Errorf("%w: tag 02 of %d bytes", ErrFormat, n)
			}
			if h.Length = int(binary.BigEndian.Uint16(value)); h.Length > len(b) || h.Length > maxHeader || h.Length < at {
				return Header{}, fmt.Errorf("%w: header length %d of %d bytes", ErrFormat, h.Length, len(b))
			}
		case tagSigner:
			h.Signer = subject(value)
		case tagSignInfo:
			h.Digest = digestName(value)
		case tagName:
			name, err := fileName(value)
			if err != nil {
				return Header{}, err
			}
			h.Name = name
		}
	}
}

// subject finds the name of the signer in the container of tag 03.
func subject(b []byte) string {
	if len(b) >= 3 && b[0] == tagSubject {
		if n := int(binary.BigEndian.Uint16(b[1:])); n <= len(b)-3 {
			return strings.ToValidUTF8(strings.TrimRight(string(b[3:3+n]), "\x00"), "?")
		}
	}
	return ""
}

// digestName reads tag 08 in the container of tag 07. [facts/phones.md 3.1]
func digestName(b []byte) string {
	if len(b) >= 4 && b[0] == tagDigest && b[1] == 0 && b[2] == 1 {
		switch b[3] {
		case 1:
			return "SHA-1"
		case 2:
			return "SHA-256"
		case 3:
			return "SHA-512"
		}
	}
	return ""
}

// fileName checks a name out of a file: printable ASCII, no directory.
func fileName(b []byte) (string, error) {
	b = bytes.TrimRight(b, "\x00")
	s := string(b)
	if !validName(s) {
		return "", fmt.Errorf("%w: name of %d bytes", ErrFormat, len(b))
	}
	return s, nil
}

func validName(s string) bool {
	if s == "" || len(s) > maxName || s[0] == '.' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`/\:*?"<>|`, c) >= 0 {
			return false
		}
	}
	return true
}

// VerifyPayload reads the payload of a G5 file to its end and tells whether
// length and SHA-256 are those of the header. No key is needed for that.
func (h Header) VerifyPayload(payload io.Reader) error {
	if h.Form != G5 {
		return nil
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(payload, h.Payload+1))
	switch {
	case err != nil:
		return fmt.Errorf("payload: %w", err)
	case n != h.Payload:
		return fmt.Errorf("%w: payload of %d bytes, the header says %d", ErrFormat, n, h.Payload)
	case !bytes.Equal(sum.Sum(nil), h.SHA256[:]):
		return fmt.Errorf("%w: SHA-256 of the payload differs from the header", ErrFormat)
	}
	return nil
}
