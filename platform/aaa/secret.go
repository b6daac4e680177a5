package aaa

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"option150/platform/plain"
)

// MaxPassword is the longest password in bytes: a line of the CLI is shorter,
// and an SSH client cannot make the hashes expensive with a longer one.
const MaxPassword = 254

// Errors of forms.
var (
	ErrForm     = errors.New("not a password of this type")
	ErrPassword = errors.New("unusable password")
)

// alphabet is the order of the characters in hashes of types 4, 8 and 9.
const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const (
	saltLen   = 14 // characters, types 8 and 9
	digestLen = 32 // bytes, types 4, 8 and 9
	textLen   = 43 // characters of a digest
)

func encoding() *base64.Encoding {
	return base64.NewEncoding(alphabet).WithPadding(base64.NoPadding)
}

// NewSecret makes a secret of type 9 with a random salt.
func NewSecret(plain string) (Secret, error) {
	if err := usable(plain); err != nil {
		return Secret{}, err
	}
	var raw [saltLen]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return Secret{}, fmt.Errorf("salt: %w", err)
	}
	for i, b := range raw {
		raw[i] = alphabet[b&63]
	}
	salt := string(raw[:])
	return Secret{Type: 9, Value: "$9$" + salt + "$" + scrypt9(plain, salt)}, nil
}

// usable reports why a password cannot be kept: the configuration is lines of
// printable text.
func usable(typed string) error {
	switch {
	case typed == "":
		return fmt.Errorf("%w: empty", ErrPassword)
	case len(typed) > MaxPassword:
		return fmt.Errorf("%w: longer than %d characters", ErrPassword, MaxPassword)
	case plain.Typed(typed) >= 0 || strings.Contains(typed, "\t"):
		return fmt.Errorf("%w: control character", ErrPassword)
	}
	return nil
}

// ParseSecret checks a value typed with its type: `secret 9 $9$...`,
// `password 7 094F471A1A0A`. Types 0 and 7 are marked Plain, as only `password`
// takes them; the others are not. A value of type 0 is kept as it is: whoever
// wants it hashed calls NewSecret.
func ParseSecret(typ int, value string) (Secret, error) {
	s := Secret{Type: typ, Value: value}
	var err error
	switch typ {
	case 0:
		s.Plain, err = true, usable(value)
	case 4:
		if !isDigest(value) {
			err = bad(typ)
		}
	case 5:
		if salt, hash, ok := split(value, "$1$"); !ok || len(salt) < 1 || len(salt) > 8 ||
			len(hash) != 22 || !inAlphabet(salt) || !inAlphabet(hash) {
			err = bad(typ)
		}
	case 7:
		s.Plain = true
		var plain string
		if plain, err = Decode7(value); err == nil {
			err = usable(plain)
		}
	case 8, 9:
		salt, hash, ok := split(value, fmt.Sprintf("$%d$", typ))
		if !ok || len(salt) != saltLen || !inAlphabet(salt) || !isDigest(hash) {
			err = bad(typ)
		}
	default:
		err = bad(typ)
	}
	if err != nil {
		return Secret{}, err
	}
	return s, nil
}

func bad(typ int) error { return fmt.Errorf("%w: %d", ErrForm, typ) }

// split cuts $T$salt$hash.
func split(value, prefix string) (salt, hash string, ok bool) {
	rest, ok := strings.CutPrefix(value, prefix)
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "$")
}

func inAlphabet(s string) bool {
	return strings.Trim(s, alphabet) == "" && s != ""
}

func isDigest(s string) bool {
	if len(s) != textLen {
		return false
	}
	// The last character carries 4 bits only: its low bits must be 0, else the
	// value cannot be what a router printed.
	b, err := encoding().Strict().DecodeString(s)
	return err == nil && len(b) == digestLen
}

// Reveal returns the clear text of types 0 and 7.
func (s Secret) Reveal() (string, bool) {
	switch s.Type {
	case 0:
		return s.Value, s.Value != ""
	case 7:
		plain, err := Decode7(s.Value)
		return plain, err == nil
	}
	return "", false
}
