package sshd

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"option150/platform/rootfile"
)

// ErrHostKey says that a host key file is there and cannot be used. It is not
// replaced unasked: clients would warn of an attack.
var ErrHostKey = errors.New("unusable SSH host key")

// The files of the host keys, in the directory given to OpenHostKeys.
const (
	ed25519File = "ssh_host_ed25519_key"
	rsaFile     = "ssh_host_rsa_key"
	maxKeyFile  = 64 << 10
)

// HostKeys are the keys the box is known by: made at the first start, kept as
// OpenSSH files that only the owner can read. The RSA key takes seconds on a
// small machine, so it is made in the background; until then the box has one key.
type HostKeys struct {
	dir *os.Root

	mu      sync.Mutex
	signers map[string]ssh.Signer // by file
	err     error                 // of the background work
	gone    bool                  // the operator removed them
	work    sync.WaitGroup
	making  sync.Mutex // one Regenerate or Zeroize at a time
}

// OpenHostKeys reads the keys in dir, which must exist, and makes the missing
// ones. Close must be called.
func OpenHostKeys(dir string) (*HostKeys, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("ssh host keys: %w", err)
	}
	h := &HostKeys{dir: root, signers: map[string]ssh.Signer{}}
	have, err := h.load(ed25519File)
	if err == nil && !have {
		err = h.makeEd25519()
		if errors.Is(err, unix.EROFS) || errors.Is(err, unix.ENOSPC) {
			h.err, err = err, nil // the box starts all the same; nobody comes in by SSH without a key that lasts
		}
	}
	if err == nil {
		have, err = h.load(rsaFile)
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	if !have {
		h.work.Go(func() {
			err := h.makeRSA(HostKeyBits)
			h.mu.Lock()
			defer h.mu.Unlock()
			h.err = err
		})
	}
	return h, nil
}

func (h *HostKeys) makeEd25519() error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("ssh host key: %w", err)
	}
	return h.keep(ed25519File, key)
}

func (h *HostKeys) makeRSA(bits int) error {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return fmt.Errorf("ssh host key: %w", err)
	}
	return h.keep(rsaFile, key)
}

func (h *HostKeys) load(name string) (bool, error) {
	f, err := h.dir.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrHostKey, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return false, fmt.Errorf("%w: %s: %w", ErrHostKey, name, err)
	}
	s, err := ssh.ParsePrivateKey(b)
	if err != nil {
		return false, fmt.Errorf("%w: %s: %w", ErrHostKey, name, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.signers[name] = s
	return true, nil
}

// keep writes a key so that a power cut leaves the old one or the new one, and
// then uses it.
func (h *HostKeys) keep(name string, key crypto.PrivateKey) error {
	block, err := ssh.MarshalPrivateKey(key, "option150")
	if err != nil {
		return fmt.Errorf("ssh host key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return fmt.Errorf("ssh host key: %w", err)
	}
	if err := rootfile.Replace(h.dir, name, name+".tmp", pem.EncodeToMemory(block)); err != nil {
		return fmt.Errorf("ssh host key: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.signers[name], h.gone = signer, false
	return nil
}

// Signers are the keys there are now, ed25519 first.
func (h *HostKeys) Signers() []ssh.Signer {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []ssh.Signer
	for _, name := range []string{ed25519File, rsaFile} {
		if s := h.signers[name]; s != nil {
			out = append(out, s)
		}
	}
	return out
}

// Wait waits for the background work and tells how it went.
func (h *HostKeys) Wait() error {
	h.work.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// Close waits for the background work and lets go of the directory.
func (h *HostKeys) Close() error {
	h.work.Wait()
	return h.dir.Close()
}
