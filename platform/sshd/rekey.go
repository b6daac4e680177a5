package sshd

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/crypto/ssh"

	"option150/platform/message"
)

// Sizes of RSA host keys in bits: clients of today refuse smaller ones than the
// least, and scanners warn of less than what is made unasked.
const (
	MinHostKeyBits = 2048
	HostKeyBits    = 3072
	MaxHostKeyBits = 4096
)

// Regenerate makes both keys anew (`crypto key generate rsa`), the RSA one with
// this many bits; 0 is the default. Connections that stand keep the key they
// were made with. It takes seconds. The error leaves the old keys in use.
func (h *HostKeys) Regenerate(bits int) error {
	if bits == 0 {
		bits = HostKeyBits
	}
	if bits < MinHostKeyBits || bits > MaxHostKeyBits {
		return fmt.Errorf("ssh host key: %d bits are not between %d and %d", bits, MinHostKeyBits, MaxHostKeyBits)
	}
	h.making.Lock()
	defer h.making.Unlock()
	h.work.Wait()
	if err := h.makeRSA(bits); err != nil { // first what takes long and may fail
		return err
	}
	return h.makeEd25519()
}

// Zeroize removes the keys (`crypto key zeroize rsa`): SSH lets nobody in until
// Regenerate, or until the next start, which makes keys where there are none.
func (h *HostKeys) Zeroize() error {
	h.making.Lock()
	defer h.making.Unlock()
	h.work.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range []string{ed25519File, rsaFile} {
		if err := h.dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("ssh host key %s: %w", name, bare(err))
		}
		delete(h.signers, name)
	}
	h.gone = true
	return nil
}

// Zeroized reports that the operator removed the keys.
func (h *HostKeys) Zeroized() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.gone
}

// HostKey is the public half of a host key.
type HostKey struct {
	Type       string    // "ssh-rsa", "ssh-ed25519"
	Made       time.Time // when; zero if not known
	Bits       int       // of an RSA key
	Authorized string    // one line as in authorized_keys, without comment
	PKIX       []byte    // DER
}

// Public is the public halves of the keys there are, ed25519 first.
func (h *HostKeys) Public() []HostKey {
	var out []HostKey
	for _, s := range h.Signers() {
		k := s.PublicKey()
		line := ssh.MarshalAuthorizedKey(k)
		p := HostKey{Type: k.Type(), Bits: rsaBitsOf(k), Authorized: string(line[:len(line)-1])}
		if c, ok := k.(ssh.CryptoPublicKey); ok {
			p.PKIX, _ = x509.MarshalPKIXPublicKey(c.CryptoPublicKey())
		}
		name := ed25519File
		if p.Type == ssh.KeyAlgoRSA {
			name = rsaFile
		}
		if info, err := h.dir.Stat(name); err == nil {
			p.Made = info.ModTime()
		}
		out = append(out, p)
	}
	return out
}

// bare is an error without the path os puts before it.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// The facts about host keys.
type (
	// KeysMade is recorded when the operator made new host keys.
	KeysMade struct{}
	// KeysRemoved is recorded when he removed them.
	KeysRemoved struct{}
)

// EventName implements journal.Event.
func (KeysMade) EventName() string { return "ssh.KeysMade" }

// EventName implements journal.Event.
func (KeysRemoved) EventName() string { return "ssh.KeysRemoved" }

// LogMessage implements journal.Logged.
func (KeysMade) LogMessage() (message.Message, bool) { return message.SSHEnabled.With(), true }

// LogMessage implements journal.Logged.
func (KeysRemoved) LogMessage() (message.Message, bool) { return message.SSHDisabled.With(), true }
