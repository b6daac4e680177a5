package sshd

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Key is a public key as the configuration keeps it: its type and the MD5 hash
// of its wire form, as `key-hash` lines have them. Nobody can make another key
// with a given MD5 hash: what is broken is finding two of the same.
// [facts/ios-cli.md 1.14]
type Key struct {
	Type    string // "ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256" ...
	Hash    string // 32 upper-case hexadecimal digits
	Comment string
}

// KeyTypes are the types of keys that may log in.
func KeyTypes() []string {
	return []string{ssh.KeyAlgoRSA, ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521}
}

// UserKeys are the keys of one user: `username NAME` below `ip ssh pubkey-chain`.
type UserKeys struct {
	User string
	Keys []Key
}

// Bounds of keys.
const (
	MaxKeys      = 16       // of a user
	MaxKeyText   = 16 << 10 // bytes of a key-string
	MaxComment   = 200      // characters
	minRSABits   = 1024     // below it a key can be computed from its public half
	maxKeyBlob   = 8 << 10  // bytes of a key
	rfc4716Begin = "---- BEGIN SSH2 PUBLIC KEY ----"
	rfc4716End   = "---- END SSH2 PUBLIC KEY ----"
)

// ErrKey says that a text is not the public key of a user.
var ErrKey = errors.New("not a public key")

// ParseKey reads what follows `key-string`: the base64 text of a key cut into
// any number of lines, a line of authorized_keys or of a .pub file, or the form
// of RFC 4716. The error is ErrKey with the reason.
func ParseKey(text string) (Key, error) {
	if len(text) > MaxKeyText {
		return Key{}, fmt.Errorf("%w: too long", ErrKey)
	}
	body, comment := rfc4716(text)
	words := strings.Fields(body)
	named := ""
	if len(words) > 0 && slices.Contains(KeyTypes(), words[0]) {
		named, words = words[0], words[1:]
	}
	blob, rest, err := blobOf(words)
	if err != nil {
		return Key{}, err
	}
	pub, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return Key{}, fmt.Errorf("%w: the text is damaged or not of a key", ErrKey)
	}
	if !slices.Contains(KeyTypes(), pub.Type()) || named != "" && named != pub.Type() {
		return Key{}, fmt.Errorf("%w: keys of type %s are not taken here", ErrKey, printable(pub.Type()))
	}
	if n := rsaBitsOf(pub); n != 0 && n < minRSABits {
		return Key{}, fmt.Errorf("%w: an RSA key of %d bits is too short", ErrKey, n)
	}
	if comment == "" {
		comment = strings.Join(rest, " ")
	}
	return Key{Type: pub.Type(), Hash: hashOf(pub), Comment: CleanComment(comment)}, nil
}

// blobOf joins words as long as they are base64 of one key: what the lines were
// cut into, or the key and then its comment. The length inside tells where it
// ends.
func blobOf(words []string) (blob []byte, rest []string, err error) {
	joined := ""
	for i, w := range words {
		joined += w
		if len(joined) > 2*maxKeyBlob {
			break
		}
		if len(joined)%4 != 0 && i+1 < len(words) {
			continue
		}
		if b, err := base64.StdEncoding.DecodeString(joined); err == nil && len(b) <= maxKeyBlob {
			if _, err := ssh.ParsePublicKey(b); err == nil {
				return b, words[i+1:], nil
			}
		}
	}
	return nil, nil, fmt.Errorf("%w: the text is damaged or not of a key", ErrKey)
}

// rfc4716 takes the frame and the headers off, if the text has them.
func rfc4716(text string) (body, comment string) {
	if !strings.Contains(text, rfc4716Begin) {
		return text, ""
	}
	var b strings.Builder
	more := false // the line goes on a header that ended with a backslash
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		header, value, is := strings.Cut(line, ":")
		switch {
		case line == rfc4716Begin:
			b.Reset()
		case line == rfc4716End:
			return b.String(), comment
		case more || is:
			more = strings.HasSuffix(line, `\`)
			if is && strings.EqualFold(header, "Comment") {
				comment = strings.Trim(strings.TrimSpace(value), `"\`)
			}
		default:
			b.WriteString(line + "\n")
		}
	}
	return b.String(), comment
}

// CleanComment makes a comment fit for one line of a configuration.
func CleanComment(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, strings.Join(strings.Fields(s), " "))
	return strings.TrimSpace(s[:min(len(s), MaxComment)])
}

// CleanHash reads a hash as typed: 32 hexadecimal digits, perhaps with colons.
func CleanHash(s string) (string, bool) {
	h := strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(s, "MD5:"), ":", ""))
	b, err := hex.DecodeString(h)
	return h, err == nil && len(b) == md5.Size
}

func hashOf(k ssh.PublicKey) string {
	sum := md5.Sum(k.Marshal())
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// rsaBitsOf is the size of an RSA key, 0 for others.
func rsaBitsOf(k ssh.PublicKey) int {
	var w struct {
		Type string
		E, N []byte
	}
	if k.Type() != ssh.KeyAlgoRSA || ssh.Unmarshal(k.Marshal(), &w) != nil {
		return 0
	}
	n := 8 * len(w.N)
	for _, b := range w.N {
		for mask := byte(0x80); mask != 0; mask >>= 1 {
			if b&mask != 0 {
				return n
			}
			n--
		}
	}
	return n
}
