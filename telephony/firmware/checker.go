package firmware

import "sync"

// maxKnown bounds what a Checker remembers, in files.
const maxKnown = 4096

// Checker examines loads and remembers what it read of a file by the file's
// identity: a flash: of a hundred megabytes is read once and not for every
// phone file. Safe for concurrent use; a nil Checker remembers nothing.
type Checker struct {
	mu    sync.Mutex
	known map[string]*seen
}

// seen is what was read of a file.
type seen struct {
	header    Header
	headerErr error
	verified  bool
	verifyErr error
}

func (k *Checker) of(id string) (seen, bool) {
	if k == nil || id == "" {
		return seen{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.known[id]; e != nil {
		return *e, true
	}
	return seen{}, false
}

func (k *Checker) keep(id string, e seen) {
	if k == nil || id == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= maxKnown {
		k.known = map[string]*seen{}
	}
	k.known[id] = &e
}

func (k *Checker) header(f Found) (Header, error) {
	if e, ok := k.of(f.ID); ok {
		return e.header, e.headerErr
	}
	h, err := header(f)
	if f.Open != nil {
		k.keep(f.ID, seen{header: h, headerErr: err})
	}
	return h, err
}

func (k *Checker) verify(f Found, h Header) error {
	e, ok := k.of(f.ID)
	if ok && e.verified {
		return e.verifyErr
	}
	err := verify(f, h)
	k.keep(f.ID, seen{header: h, verified: true, verifyErr: err})
	return err
}
