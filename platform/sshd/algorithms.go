package sshd

import (
	"slices"

	"golang.org/x/crypto/ssh"
)

// AlgorithmKind is what `ip ssh server algorithm` is about.
type AlgorithmKind string

// The kinds.
const (
	KEX        AlgorithmKind = "kex"
	HostKeyAlg AlgorithmKind = "hostkey"
	Encryption AlgorithmKind = "encryption"
	MAC        AlgorithmKind = "mac"
)

// Kinds are all, in the order in which they are printed.
func Kinds() []AlgorithmKind { return []AlgorithmKind{KEX, HostKeyAlg, Encryption, MAC} }

// Algorithms are those that are offered, in the order of preference. An empty
// list is the default one: what no scanner has anything against.
type Algorithms struct {
	KEX, HostKey, Encryption, MAC []string
	DHMin                         int // bits of the smallest Diffie-Hellman group; 0 = DefaultDHMin
}

// DefaultDHMin is the factory default of `ip ssh dh min size`. [Cisco IOS XE
// security command reference]
const DefaultDHMin = 2048

// Of is the list of a kind, to change.
func (a *Algorithms) Of(k AlgorithmKind) *[]string {
	switch k {
	case KEX:
		return &a.KEX
	case HostKeyAlg:
		return &a.HostKey
	case Encryption:
		return &a.Encryption
	}
	return &a.MAC
}

// Clone is a deep copy.
func (a Algorithms) Clone() Algorithms {
	for _, k := range Kinds() {
		*a.Of(k) = slices.Clone(*a.Of(k))
	}
	return a
}

// offered are the defaults. Curves of NIST, SHA-1, 2048 bits and MACs of the
// plain text are not among them; who has a client that knows nothing else names
// them. [RFC 9142; RFC 8308 for the signatures of RSA keys]
var offered = map[AlgorithmKind][]string{
	KEX:        {ssh.KeyExchangeMLKEM768X25519, ssh.KeyExchangeCurve25519, ssh.KeyExchangeDH16SHA512},
	HostKeyAlg: {ssh.KeyAlgoED25519, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
	Encryption: {ssh.CipherAES256GCM, ssh.CipherAES128GCM, ssh.CipherChaCha20Poly1305, ssh.CipherAES256CTR, ssh.CipherAES192CTR, ssh.CipherAES128CTR},
	MAC:        {ssh.HMACSHA512ETM, ssh.HMACSHA256ETM},
}

// older are those that are there for who names them.
var older = map[AlgorithmKind][]string{
	KEX:        {ssh.KeyExchangeECDHP256, ssh.KeyExchangeECDHP384, ssh.KeyExchangeECDHP521, ssh.KeyExchangeDH14SHA256, ssh.InsecureKeyExchangeDH14SHA1},
	HostKeyAlg: {ssh.KeyAlgoRSA},
	Encryption: {ssh.InsecureCipherAES128CBC, ssh.InsecureCipherTripleDESCBC},
	MAC:        {ssh.HMACSHA512, ssh.HMACSHA256, ssh.HMACSHA1, ssh.InsecureHMACSHA196},
}

// names are other names of some: the library answers to both.
var names = map[string]string{"curve25519-sha256@libssh.org": ssh.KeyExchangeCurve25519, "aes128-gcm": ssh.CipherAES128GCM, "aes256-gcm": ssh.CipherAES256GCM}

// groupBits are the Diffie-Hellman groups.
var groupBits = map[string]int{ssh.KeyExchangeDH14SHA256: 2048, ssh.InsecureKeyExchangeDH14SHA1: 2048, ssh.KeyExchangeDH16SHA512: 4096}

// Known are the names of a kind that this box has.
func Known(k AlgorithmKind) []string { return slices.Concat(offered[k], older[k]) }

// Missing are those of a list that this box does not have.
func Missing(k AlgorithmKind, list []string) (out []string) {
	for _, n := range list {
		if !slices.Contains(Known(k), canonical(n)) {
			out = append(out, n)
		}
	}
	return out
}

func canonical(n string) string {
	if c, ok := names[n]; ok {
		return c
	}
	return n
}

// Use are the algorithms of a kind that are offered.
func (a Algorithms) Use(k AlgorithmKind) (out []string) {
	list := *a.Of(k)
	if len(list) == 0 {
		list = offered[k]
	}
	least := a.DHMin
	if least == 0 {
		least = DefaultDHMin
	}
	for _, n := range list {
		n = canonical(n)
		if bits, group := groupBits[n]; group && bits < least || !slices.Contains(Known(k), n) || slices.Contains(out, n) {
			continue
		}
		out = append(out, n)
	}
	return out
}

// Empty is the first kind of which nothing would be offered, "" = none.
func (a Algorithms) Empty() AlgorithmKind {
	for _, k := range Kinds() {
		if len(a.Use(k)) == 0 {
			return k
		}
	}
	return ""
}

// apply makes a connection offer them, with the keys that can sign so.
func (a Algorithms) apply(c *ssh.ServerConfig, keys []ssh.Signer) {
	c.KeyExchanges, c.Ciphers, c.MACs = a.Use(KEX), a.Use(Encryption), a.Use(MAC)
	c.PublicKeyAuthAlgorithms = ssh.SupportedAlgorithms().PublicKeyAuths
	for _, key := range keys {
		var can []string
		for _, n := range a.Use(HostKeyAlg) {
			if n == key.PublicKey().Type() || key.PublicKey().Type() == ssh.KeyAlgoRSA && slices.Contains([]string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}, n) {
				can = append(can, n)
			}
		}
		as, ok := key.(ssh.AlgorithmSigner)
		if len(can) == 0 || !ok {
			continue
		}
		if s, err := ssh.NewSignerWithAlgorithms(as, can); err == nil {
			c.AddHostKey(s)
		}
	}
}
