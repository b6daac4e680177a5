package simphone

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"option150/telephony/phone"
)

// maxImage bounds a firmware file: the largest known is 82 MB.
// [facts/phones.md 3.3]
const maxImage = 128 << 20

// maxComponents bounds the list in a .loads file.
const maxComponents = 64

// Component is a file named by a .loads file.
type Component struct {
	Name string
	Size int64 // bytes, -1 = not said
}

// Images reads the containers of facts/phones.md 3.1 and 3.2.
type Images interface {
	// Components lists the files of a .loads file in the order in which a
	// phone fetches them.
	Components(name string, file []byte) ([]Component, error)
	// Check says whether a component is whole: container, name, size, digest.
	Check(c Component, file []byte) error
	// Unwrap takes the signature off a signed configuration file.
	Unwrap(name string, file []byte) ([]byte, error)
}

// errUntrusted is what a phone says of files signed by somebody else.
var errUntrusted = errors.New("authentication failed")

// loadFile is the name of the list of a load; loadInformation comes with and
// without suffix. [facts/phones.md 3.4]
func loadFile(load string) string {
	if c := phone.Load(load).Canonical(); c != "" {
		return c + ".loads"
	}
	return load
}

// upgrade fetches and installs the load that the configuration asks for.
// installed (or an image that was not believed) means: reboot.
func (p *Phone) upgrade(ctx context.Context, s Settings) (o *Outcome, reboot bool, err error) {
	p.log(Step{Kind: LoadWanted, Name: s.Load, Result: "runs " + p.load})
	from := p.asksFiles.list
	if a, ok := p.resolve(ctx, p.lease, s.LoadServer); ok {
		from = []netip.Addr{a} // and no other, should it fail [facts/phones.md 2.4]
	}
	http := p.n.asksHTTP(p.load)
	if !p.n.accepts(p.load, s.Load) || s.Load == p.spec.Faults.Refuses {
		return p.disbelieve(ctx, from, s.Load, http)
	}
	o, missing, err := p.withPeers(ctx, s, p.fromServers(from, http), func(ctx context.Context, get getter) (*Outcome, bool, error) {
		return p.download(ctx, get, p.firstFile(s.Load))
	})
	if errors.Is(err, errPower) {
		return nil, true, ctx.Err() // somebody switches it on again
	}
	if o != nil || err != nil {
		return o, false, err
	}
	if missing {
		// What is not there is simply not installed. [facts/phones.md 2.4]
		p.log(Step{Kind: Install, Name: s.Load, Result: "no such load, goes on with " + p.load})
		return nil, false, nil
	}
	p.installed(s.Load)
	if p.spec.Faults.Dies {
		return stuck(Dead, p.load), false, nil
	}
	return nil, true, p.pause(ctx, installTime)
}

// disbelieve is an upgrade whose signature the running image cannot check: it
// fetches the list, says Auth Fail and reboots; the second time it is stuck.
// [facts/phones.md 3.4, facts/diagnosis.md R15]
func (p *Phone) disbelieve(ctx context.Context, from []netip.Addr, load string, http bool) (*Outcome, bool, error) {
	a, err := p.fetch(ctx, from, loadFile(load), maxImage, http)
	if err != nil || a.status != got {
		return nil, false, err
	}
	p.log(Step{Kind: Install, Name: load, Result: string(AuthFail)})
	if p.refused == load {
		return stuck(AuthFail, load+" on "+p.load), false, nil
	}
	p.refused = load
	return nil, true, nil
}

// fromServers gets the files of a load from file servers.
func (p *Phone) fromServers(from []netip.Addr, http bool) getter {
	return func(ctx context.Context, name string) (answer, error) {
		return p.fetch(ctx, from, name, maxImage, http)
	}
}

// download fetches a .loads file and what it names, in its order, one at a
// time, or an image that is the whole load. missing means that the first file
// is not there.
func (p *Phone) download(ctx context.Context, get getter, list string) (o *Outcome, missing bool, err error) {
	a, err := get(ctx, list)
	if err != nil {
		return nil, false, err
	}
	if a.status != got {
		return nil, true, nil
	}
	if image(list) {
		if err := p.o.Images.Check(Component{Name: list, Size: -1}, a.data); err != nil {
			p.log(Step{Kind: Install, Name: list, Result: err.Error()})
			return stuck(BrokenLoad, list+": "+err.Error()), false, nil
		}
		return nil, false, nil
	}
	cs, err := p.o.Images.Components(list, a.data)
	if err == nil && (len(cs) == 0 || len(cs) > maxComponents) {
		err = fmt.Errorf("names %d components", len(cs))
	}
	if err != nil {
		p.log(Step{Kind: Install, Name: list, Result: err.Error()})
		return stuck(BrokenLoad, list+": "+err.Error()), false, nil
	}
	for _, c := range cs {
		a, err := get(ctx, c.Name)
		if err != nil {
			return nil, false, err
		}
		if a.status != got {
			return stuck(IncompleteLoad, list+" names "+c.Name+": "+a.result), false, nil
		}
		if err := p.o.Images.Check(c, a.data); err != nil {
			p.log(Step{Kind: Install, Name: c.Name, Result: err.Error()})
			return stuck(BrokenLoad, c.Name+": "+err.Error()), false, nil
		}
	}
	return nil, false, nil
}

// recover is the boot loader after a factory reset: the default load of the
// model, by TFTP only. [facts/phones.md 1.6]
func (p *Phone) recover(ctx context.Context) (*Outcome, error) {
	list := p.n.model.DefaultLoad
	if list == "" {
		return stuck(NoImage, "the model has no default load"), nil
	}
	o, missing, err := p.download(ctx, p.fromServers(p.asksFiles.list, false), list)
	switch {
	case o != nil || err != nil:
		return o, err
	case missing:
		return stuck(NoImage, list), nil
	}
	p.wiped = false
	p.installed(strings.TrimSuffix(list, ".loads"))
	return nil, p.pause(ctx, installTime)
}
