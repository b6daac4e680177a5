package firmware

import (
	"crypto/sha256"
	"encoding/binary"
)

// writeSigned puts a payload in the container of G2 to G4. The signature is
// synthetic bytes: no phone takes such a file.
func writeSigned(name string, payload []byte) []byte {
	tlv := func(out []byte, tag byte, value []byte) []byte {
		out = append(out, tag)
		out = binary.BigEndian.AppendUint16(out, uint16(len(value)))
		return append(out, value...)
	}
	var signer []byte
	signer = tlv(signer, tagSubject, []byte("CN=synthetic;OU=lab;O=synthetic\x00"))
	signer = tlv(signer, tagSerial, []byte("\x00\x00\x00\x00\x00\x00\x01\x50"))
	signer = tlv(signer, tagIssuer, []byte("CN=synthetic;OU=lab;O=synthetic\x00"))
	var info []byte
	info = tlv(info, tagDigest, []byte{1})
	info = tlv(info, tagAlgorithm, []byte{0x0a, 0, 1, 0, 0x0b, 0, 1, 2})

	h := tlv(nil, tagVersion, []byte{1, 1})
	h = tlv(h, tagLength, []byte{0, 0})
	h = tlv(h, tagSigner, signer)
	h = tlv(h, tagSignInfo, info)
	h = tlv(h, tagSignature, noise("signature of "+name, 256))
	h = tlv(h, tagName, append([]byte(name), 0))
	for len(h)%4 != 0 {
		h = append(h, tagPad)
	}
	binary.BigEndian.PutUint16(h[8:], uint16(len(h)))
	return append(h, payload...)
}

// signedOverhead is the length of the container writeSigned makes.
func signedOverhead(name string) int { return len(writeSigned(name, nil)) }

// writeG5 puts a payload in the container of the 78xx and 88xx, with its right
// SHA-256 and synthetic bytes for the signature.
func writeG5(name string, payload []byte) []byte {
	h := make([]byte, g5Overhead(name), g5Overhead(name)+len(payload))
	binary.LittleEndian.PutUint32(h, g5Magic)
	binary.LittleEndian.PutUint32(h[4:], uint32(len(h)))
	binary.LittleEndian.PutUint32(h[g5Payload:], uint32(len(payload)))
	sum := sha256.Sum256(payload)
	copy(h[g5Sum:], sum[:])
	binary.LittleEndian.PutUint32(h[g5NameLen:], uint32(len(name)))
	copy(h[g5Name:], name)
	copy(h[len(h)-g5Sign:], noise("signature of "+name, g5Sign))
	return append(h, payload...)
}

// g5Overhead is 336 bytes; names beyond the 24 bytes before the signature make
// the header longer.
func g5Overhead(name string) int {
	return max(g5Header, (g5Name+len(name)+3)/4*4+g5Sign)
}
