package aaa

import "slices"

// Config is who may log in and with what: users and the enable secret.
// There is no default credential. Source: reference/ios-cli.md 1.2 and 1.11.
type Config struct {
	Users              []User // sorted by name
	EnableSecret       Secret // zero = none
	EnablePassword     Secret // `enable password`; the secret wins
	PasswordEncryption bool   // `service password-encryption`
}

// User is one `username` line.
type User struct {
	Name      string
	Privilege int // 0-15, default 1
	Secret    Secret
}

// Secret is a password in one of the IOS forms.
type Secret struct {
	Type  int    // 0 clear, 5 md5crypt, 7 reversible, 8 PBKDF2, 9 scrypt
	Value string // as printed in the configuration
	Plain bool   // typed with `password` and not with `secret`
}

// IsZero reports that no password is set.
func (s Secret) IsZero() bool { return s.Value == "" }

// User returns the user of that name, or nil.
func (c *Config) User(name string) *User {
	for i := range c.Users {
		if c.Users[i].Name == name {
			return &c.Users[i]
		}
	}
	return nil
}

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Users = slices.Clone(c.Users)
	return c
}
