package aaa

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
)

// key7 is the fixed key of type 7. [facts/ios-cli.md 1.11]
const key7 = "dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"

// maxStart7 is the highest start in the key that IOS writes; reading accepts
// any place of the key. [facts/libraries.md 7.1]
const maxStart7 = 15

// Encode7 obscures a password as `service password-encryption` does. It keeps
// it from a glance over the shoulder and from nothing else.
func Encode7(plain string) string {
	var b [1]byte
	// A start that is always the same would be no weaker: the key is public.
	_, _ = rand.Read(b[:])
	return encode7(plain, int(b[0])%(maxStart7+1))
}

func encode7(plain string, start int) string {
	out := []byte(plain)
	for i := range out {
		out[i] ^= key7[(start+i)%len(key7)]
	}
	return fmt.Sprintf("%02d%s", start, strings.ToUpper(hex.EncodeToString(out)))
}

// Decode7 gives the clear text of a type 7 password. The error is ErrForm.
func Decode7(value string) (string, error) {
	if len(value) < 4 || len(value) > 2+2*MaxPassword || value[0] < '0' || value[0] > '9' || value[1] < '0' || value[1] > '9' {
		return "", bad(7)
	}
	start := int(value[0]-'0')*10 + int(value[1]-'0')
	out, err := hex.DecodeString(value[2:])
	if err != nil || start >= len(key7) {
		return "", bad(7)
	}
	for i := range out {
		out[i] ^= key7[(start+i)%len(key7)]
	}
	return string(out), nil
}
