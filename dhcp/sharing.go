package dhcp

import (
	"cmp"
	"fmt"

	"option150/dhcp/durable"
	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/share/claim"
	"option150/platform/columns"
	"option150/platform/equal"
)

// shareBy begins and ends the sharing of pools, as a specification says. It does not
// wait: what was begun before is ended by the goroutine of the engine.
func (r *running) shareBy(c share.Config) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.opt.Share == nil {
		return
	}
	was := r.shareConf
	if r.sharing != nil && r.sharing.Waits() == "" {
		was.ByHost = c.ByHost // matters to who waits for a line alone
	}
	r.shareConf = c
	if equal.Of(&c, &was) {
		return
	}
	old := r.sharing
	r.sharing = nil
	if old != nil {
		old.Stop()
	}
	if !c.On() {
		if old != nil {
			r.mailbox.Put(func() { r.leave(old) })
		}
		return
	}
	s, err := Sharing(unshared(c.Waits)), error(nil)
	if c.Waits == "" {
		s, err = r.opt.Share(c)
	}
	if err != nil {
		s = unshared(err.Error())
	}
	r.sharing = s
	r.mailbox.Put(func() { // no packet between the two finds a box alone
		if old != nil {
			r.leave(old)
		}
		r.e.SetShare(r.clock.Now(), s.Domain(r.e.Wall(r.clock.Now())))
		r.stage = newStage(r.com, s.Claim, func() { durable.Ring(r.wake) })
		s.Start(r.do)
	})
}

// leave ends the sharing. It is run by the goroutine of the engine.
func (r *running) leave(old Sharing) {
	r.stage.close()
	r.answers()
	r.stage = nil
	r.e.SetShare(r.clock.Now(), nil)
	r.care.Go(old.Wait)
}

// answers tells the engine what has come of claims.
func (r *running) answers() {
	if list := r.stage.take(); len(list) > 0 {
		r.e.Claimed(r.clock.Now(), list)
	}
}

// unshared is a sharing that cannot be begun, and why: the box is isolated, and of a
// domain of which it does not know the boxes. Clients keep what they have, as long
// as they have it.
type unshared string

func (w unshared) Domain(int64) *share.Domain {
	const self = "-"
	return share.New(share.Rules{Box: self, Boxes: []string{self}})
}
func (w unshared) Why() string   { return string(w) }
func (w unshared) Waits() string { return string(w) }
func (w unshared) Claim(asks []engine.Ask) []engine.Claimed {
	return make([]engine.Claimed, len(asks))
}
func (unshared) Start(claim.Host) {}
func (unshared) Stop()            {}
func (unshared) Wait()            {}

// Shared is how the sharing of pools stands.
type Shared struct {
	share.Config
	On        bool
	Connected bool
	Why       string // it is not
	Boxes     []string
	Gives     []bool // which of the shares are given out by this box
	Down      []bool // which are declared down
	Gen       uint64
	Records   int    // of addresses, at the engine
	Alone     string // why nobody new gets an address, "" = somebody may
	Engine    engine.Shared
}

// Shared tells how the sharing of pools stands.
func (s *Server) Shared() (out Shared) {
	if run, ok := s.runs.Current(); ok {
		out = run.shared()
	}
	return out
}

func (r *running) shared() (out Shared) {
	r.do(func(e *engine.Engine, now engine.Instant) {
		d := e.Share()
		if d == nil {
			return
		}
		at := e.Wall(now)
		out = Shared{On: true, Connected: d.Connected, Boxes: d.Boxes, Gives: d.Given(at), Gen: d.Gen, Records: len(d.At), Engine: e.Stats.Shared}
		for _, b := range d.Boxes {
			_, down := d.Downs[b]
			out.Down = append(out.Down, down)
		}
		if err := d.New(at); err != nil {
			out.Alone = err.Error()
		}
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	out.Config = r.shareConf
	if r.sharing != nil && !out.Connected {
		out.Why, out.Waits = r.sharing.Why(), r.sharing.Waits()
	}
	if out.Waits != "" { // it has none
		out.Boxes, out.Gives, out.Down = nil, nil, nil
	}
	return out
}

// State is how it stands, in a line of `show fleet`.
func (v Shared) State() string {
	switch {
	case v.Waits != "":
		return "not shared yet: " + v.Waits + "; known clients keep their addresses until they end, new ones get nothing"
	case !v.Connected:
		return fmt.Sprintf("shared, isolated (%s); %s", cmp.Or(v.Why, "connecting"), share.Serves(v.Alone))
	case v.Alone != "":
		return "shared; new clients get nothing: " + v.Alone
	}
	return fmt.Sprintf("shared among %d boxes, %d addresses on record", len(v.Boxes), v.Records)
}

// SharesTable is that of Show.
var SharesTable = columns.New("%-32s  %-6s  %-14s  %s", "Box", "Share", "Given out here", "Declared down")

// Show is `show fleet bindings`.
func (v Shared) Show() *columns.Page {
	w := &columns.Page{}
	if !v.On {
		return columns.Empty("Bindings are not shared: `show ip dhcp binding` has those of this box\n")
	}
	if v.Waits != "" {
		return columns.Empty("Bindings are " + v.State() + "\n")
	}
	fmt.Fprintf(w, "Bindings are shared with the boxes of %s; this one is %s\n", v.Domain, v.Box)
	switch {
	case v.Connected:
		w.WriteString("Engine: answers\n")
	default:
		fmt.Fprintf(w, "Engine: does not answer (%s)\n", cmp.Or(v.Why, "connecting"))
		w.WriteString("Known clients are renewed for a while\n")
	}
	if v.Alone != "" {
		fmt.Fprintf(w, "New clients get nothing: %s\n", v.Alone)
	}
	fmt.Fprintf(w, "On record: %d addresses, generation %d\n", v.Records, v.Gen)
	fmt.Fprintf(w, "Claims: %d granted, %d refused, %d unanswered; clashes: %d\n", v.Engine.Granted, v.Engine.Refused, v.Engine.Unanswered, v.Engine.Clashes)
	t := w.Table(SharesTable)
	for i, b := range v.Boxes {
		t.Row(b, fmt.Sprintf("1/%d", len(v.Boxes)), yes(v.Gives[i]), yes(v.Down[i]))
	}
	return w
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
