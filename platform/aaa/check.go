package aaa

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"github.com/GehirnInc/crypt/md5_crypt"
	"golang.org/x/crypto/scrypt"
)

// ScryptPlaces is how many scrypt computations run at a time.
const ScryptPlaces = 4

// places bounds the memory of scrypt for the whole process. Memory is one per
// process, so the bound is too; it holds no data.
var places = make(chan struct{}, ScryptPlaces)

// Cost of the hashes. [facts/libraries.md 7.1]
const (
	rounds8 = 20000
	n9      = 16384
)

// Check reports whether the password is the one of the secret. The comparison
// takes the same time wherever the two differ. A zero secret matches nothing.
func Check(s Secret, password string) bool {
	if s.IsZero() || password == "" || len(password) > MaxPassword {
		return false
	}
	// A value that ParseSecret would refuse (an edited file) matches nothing.
	if _, err := ParseSecret(s.Type, s.Value); err != nil {
		return false
	}
	switch s.Type {
	case 0, 7:
		plain, ok := s.Reveal()
		return ok && same(plain, password)
	case 4:
		sum := sha256.Sum256([]byte(password))
		return same(s.Value, encoding().EncodeToString(sum[:]))
	case 5:
		salt, _, _ := split(s.Value, "$1$")
		got, err := md5_crypt.New().Generate([]byte(password), []byte("$1$"+salt))
		return err == nil && same(s.Value, got)
	case 8:
		salt, hash, _ := split(s.Value, "$8$")
		sum, err := pbkdf2.Key(sha256.New, password, []byte(salt), rounds8, digestLen)
		return err == nil && same(hash, encoding().EncodeToString(sum))
	case 9:
		salt, hash, _ := split(s.Value, "$9$")
		return same(hash, scrypt9(password, salt))
	}
	return false
}

// same compares in constant time for equal lengths; hashing first makes the
// length irrelevant too.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func scrypt9(password, salt string) string {
	places <- struct{}{}
	defer func() { <-places }()
	sum, err := scrypt.Key([]byte(password), []byte(salt), n9, 1, 1, digestLen)
	if err != nil {
		// The parameters are constants: only a broken library gets here.
		panic(fmt.Errorf("scrypt: %w", err))
	}
	return encoding().EncodeToString(sum)
}
