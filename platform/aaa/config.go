package aaa

import "slices"

// Config is who may log in and with what: users and the enable secret.
// There is no default credential. Source: facts/ios-cli.md 1.2 and 1.11.
type Config struct {
	Users              []User // sorted by name
	EnableSecret       Secret // zero = none
	EnablePassword     Secret // `enable password`; the secret wins
	PasswordEncryption bool   // `service password-encryption`
	Levels             []LevelSecret
	Block              Block  // `login block-for`
	QuietACL           string // `login quiet-mode access-class`: who may come in quiet mode
}

// LevelSecret is what `enable N` asks for below level 15: `enable secret level
// N` and `enable password level N`.
type LevelSecret struct {
	Level    int
	Secret   Secret
	Password Secret
}

// Level returns the secrets of a level below 15, or nil.
func (c *Config) Level(n int) *LevelSecret {
	for i := range c.Levels {
		if c.Levels[i].Level == n {
			return &c.Levels[i]
		}
	}
	return nil
}

// Enable is the secret that opens a level: its own or, where it has none, that
// of the next level above, whose holder may do more anyway. Zero = none.
func (c *Config) Enable(level int) Secret {
	first := func(a, b Secret) Secret {
		if a.IsZero() {
			return b
		}
		return a
	}
	for ; level < 15; level++ {
		if l := c.Level(level); l != nil {
			if s := first(l.Secret, l.Password); !s.IsZero() {
				return s
			}
		}
	}
	return first(c.EnableSecret, c.EnablePassword)
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
	c.Levels = slices.Clone(c.Levels)
	return c
}
