package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"option150/platform/fleet/etcd"
)

// adminTime is for all requests of one command of an operator.
const adminTime = 20 * time.Second

// Errors of what operators ask for.
var (
	// ErrNone: the section is not complete.
	ErrNone = errors.New("this box is in no fleet")
	// ErrNobody: the section does not say who the box is.
	ErrNobody = errors.New("boxes are told apart by their users: the section needs a line `user NAME password PASSWORD`, or `tls certificate`")
)

func roleOf(id ID) string { return "option150/" + id.String() }

// Guarded reports whether the engine asks who somebody is.
func (f *Fleet) Guarded(ctx context.Context, c Config) (bool, error) {
	client, err := f.dial(c, "", "")
	if err != nil {
		return false, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	_, _, err = client.Range(ctx, root+"~") // which no box may read
	var no *etcd.Refused
	if errors.As(err, &no) {
		return true, nil
	}
	return false, admin("", err)
}

// dial is a client of the servers of a section for another user, "" = nobody, or who
// the certificate says.
func (f *Fleet) dial(c Config, user, password string) (*etcd.Client, error) {
	c.User, c.Password = user, password
	return c.Dial(f.opt.ReadFile)
}

// admin is an error in words that may be shown.
func admin(what string, err error) error {
	if err == nil {
		return nil
	}
	if what != "" {
		what += ": "
	}
	return errors.New(what + short(err))
}

// already reports a refusal because it is so already.
func already(err error) bool {
	var no *etcd.Refused
	return errors.As(err, &no) && strings.Contains(no.Text, "already")
}

// Init makes the user of this box with its role, its share if bindings are shared, and,
// if the engine asks nobody yet, the user root of this password: from then on it asks.
// It returns what was done. Done again it changes what is another.
func (f *Fleet) Init(ctx context.Context, c Config, root string) (done []string, err error) {
	if c.Missing() != "" {
		return nil, ErrNone
	}
	user, err := c.user(f.opt.ReadFile)
	switch {
	case err != nil:
		return nil, err
	case user == "":
		return nil, ErrNobody
	case user == "root":
		return nil, errors.New("root may do everything: this box needs a user of its own")
	case root == "":
		return nil, errors.New("the user root needs a password")
	}
	guarded, err := f.Guarded(ctx, c)
	if err != nil {
		return nil, err
	}
	who, password := "", ""
	if guarded {
		who, password = "root", root
	}
	client, err := f.dial(c, who, password)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	id := c.ID()
	do := func(what string, g func() error) bool {
		if err == nil {
			if e := g(); e != nil && !already(e) {
				err = admin(what, e)
			} else if e == nil {
				done = append(done, what)
			}
		}
		return err == nil
	}
	if roles, e := client.Roles(ctx, user); e == nil {
		if i := slices.IndexFunc(roles, func(r string) bool { return r != roleOf(id) }); i >= 0 {
			return nil, fmt.Errorf("the user %s has the role %s already: this box needs a user of its own", user, tame(roles[i], longText))
		}
	}
	do("role "+roleOf(id), func() error { return client.AddRole(ctx, roleOf(id)) })
	for _, a := range c.mayDo() {
		may := "it may read "
		if a.Write {
			may = "it may write "
		}
		do(may+a.Prefix, func() error { return client.Allow(ctx, roleOf(id), a) })
	}
	do("user "+user, func() error {
		e := client.AddUser(ctx, user, c.Password)
		if already(e) && c.Password != "" && c.User != "" {
			return client.SetPassword(ctx, user, c.Password)
		}
		return e
	})
	do("user "+user+" has role "+roleOf(id), func() error { return client.GiveRole(ctx, user, roleOf(id)) })
	if c.Share && err == nil {
		text, e := intoShares(ctx, client, id)
		if err = admin("share", e); err == nil && text != "" {
			done = append(done, text)
		}
	}
	if !guarded {
		do("user root", func() error { return client.AddUser(ctx, "root", root) })
		do("role root", func() error { return client.AddRole(ctx, "root") })
		do("user root has role root", func() error { return client.GiveRole(ctx, "root", "root") })
		do("from now on the servers ask everybody who he is", func() error { return client.Guard(ctx) })
	}
	return done, err
}

// mayDo is what the role of a box allows: what is of others it reads, and never a sign of
// life of another box is its to give.
func (c Config) mayDo() []etcd.Access {
	id := c.ID()
	see := id.Domain + "/"
	if c.ViewAll {
		see = ""
	}
	return []etcd.Access{
		{Prefix: boxes + see}, {Prefix: downs + see}, {Prefix: id.Prefix(), Write: true}, {Prefix: DownPrefix(id.Domain), Write: true},
		{Prefix: FollowTree(id.Domain)}, {Prefix: id.FollowPrefix(), Write: true},
		{Prefix: BindingsPrefix(id.Domain)}, {Prefix: LeasePrefix(id.Domain), Write: true}, {Prefix: BoxesKey(id.Domain), Alone: true, Write: true}, {Prefix: GenerationKey(id.Domain), Alone: true, Write: true},
		{Prefix: id.BeatKey(), Alone: true, Write: true}, {Prefix: id.ClockKey(), Alone: true, Write: true},
	}
}

// Watcher makes a user, for `option150 watch`, that may read what boxes publish and
// write nothing.
func (f *Fleet) Watcher(ctx context.Context, c Config, user, password, root string) error {
	const role = "option150/watch"
	if c.Missing() != "" {
		return ErrNone
	}
	client, err := f.dial(c, "root", root)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	if roles, e := client.Roles(ctx, user); e == nil && slices.ContainsFunc(roles, func(r string) bool { return r != role }) {
		return fmt.Errorf("the user %s is another's", user)
	}
	for _, g := range []func() error{
		func() error { return client.AddRole(ctx, role) },
		func() error { return client.Allow(ctx, role, etcd.Access{Prefix: boxes}) },
		func() error { return client.Allow(ctx, role, etcd.Access{Prefix: downs}) },
		func() error {
			e := client.AddUser(ctx, user, password)
			if already(e) {
				return client.SetPassword(ctx, user, password)
			}
			return e
		},
		func() error { return client.GiveRole(ctx, user, role) },
	} {
		if e := g(); e != nil && !already(e) {
			return admin("", e)
		}
	}
	return nil
}

// Watch looks at a fleet without being of it: what a machine does that is no box. The
// section needs no name, and no domain if all are followed.
func (f *Fleet) Watch(c Config) error {
	c.Name = ""
	client, err := c.Dial(f.opt.ReadFile)
	if err == nil {
		f.set(c, client)
	}
	return err
}

// intoShares puts a box into the list by which the pools are shared.
func intoShares(ctx context.Context, client *etcd.Client, id ID) (string, error) {
	for range 5 {
		list, err := one(ctx, client, BoxesKey(id.Domain))
		if err != nil {
			return "", err
		}
		s := Sharing{Domain: id.Domain, Boxes: ReadBoxes(list.Value), List: list.Mod}
		if slices.Contains(s.Boxes, id.Name) {
			return "", nil
		}
		gen, err := one(ctx, client, GenerationKey(id.Domain))
		if err != nil {
			return "", err
		}
		s.Gen, s.Generation = ReadGeneration(gen.Value), gen.Mod
		enter, err := s.Enter(id.Name)
		if err != nil {
			return "", err
		}
		r, err := client.Do(ctx, enter)
		if err != nil {
			return "", err
		}
		if r.OK {
			return fmt.Sprintf("pools are shared among %s", many(len(s.Boxes)+1, "box", "boxes")), nil
		}
	}
	return "", errors.New("others change the list of boxes all the time")
}

// one reads one key; it has Mod 0 if it is not there.
func one(ctx context.Context, client *etcd.Client, key string) (etcd.KV, error) {
	out := etcd.KV{Key: key}
	_, err := client.Scan(ctx, key, func(kv etcd.KV) string {
		if kv.Key == key {
			out = kv
		}
		return key
	})
	return out, err
}

// SetDown says that a box of the domain is off, or takes that back. It is refused for
// one that gives signs of life, and for a name that nobody has.
func (f *Fleet) SetDown(ctx context.Context, name string, down bool) error {
	l, ok := f.Link()
	if !ok {
		return ErrNone
	}
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	id := ID{l.Domain, name}
	key := DownPrefix(id.Domain) + name
	if !down {
		kv, err := one(ctx, l.Client, key)
		if err == nil && kv.Mod == 0 {
			return fmt.Errorf("nobody said that %s is down", name)
		}
		if err == nil {
			_, err = l.Client.Do(ctx, etcd.Txn{Puts: []etcd.Put{{Key: key, Delete: true}}})
		}
		return admin("", err)
	}
	gen, err := one(ctx, l.Client, GenerationKey(id.Domain))
	if err != nil {
		return admin("", err)
	}
	list, err := one(ctx, l.Client, BoxesKey(id.Domain))
	if err != nil {
		return admin("", err)
	}
	if !slices.Contains(ReadBoxes(list.Value), name) && !f.known(id) {
		return fmt.Errorf("no box of domain %s is called %s: `show fleet boxes` and `show fleet shares` have their names", id.Domain, name)
	}
	here := id.Prefix() + keyHere
	r, err := l.Client.Do(ctx, etcd.Txn{If: []etcd.Compare{{Key: here}, {Key: GenerationKey(id.Domain), Mod: gen.Mod}},
		Puts: []etcd.Put{{Key: key, Value: Word{time.Now().Unix(), ReadGeneration(gen.Value)}.String()}}, Else: []string{here}})
	switch {
	case err != nil:
		return admin("", err)
	case !r.OK && len(r.KVs) > 0:
		return fmt.Errorf("%s gives signs of life: it is not off", name)
	case !r.OK:
		return errors.New("the generation of the bindings changed meanwhile: nothing was said")
	}
	return nil
}

// known reports whether a box has published something.
func (f *Fleet) known(id ID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.view.boxes[id] != nil
}

// ShutOut takes from a box all that it may do at the engine, and what it published. Its
// role goes, so that its users may nothing any more whoever logs in as them.
func (f *Fleet) ShutOut(ctx context.Context, c Config, id ID, root string) (done []string, err error) {
	if c.Missing() != "" {
		return nil, ErrNone
	}
	client, err := f.dial(c, "root", root)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	var no *etcd.Refused
	switch e := client.RemoveRole(ctx, roleOf(id)); {
	case e == nil:
		done = append(done, "role "+roleOf(id)+" is gone: who has a user of it can read and write nothing any more")
	case errors.As(e, &no) && strings.Contains(no.Text, "role name not"):
		done = append(done, "there was no role "+roleOf(id)+": it never had `fleet init`, or was shut out before")
	default:
		return nil, admin("role", e)
	}
	for _, p := range []string{id.Prefix(), id.FollowPrefix()} {
		if err = client.RemoveAll(ctx, p); err != nil {
			return done, admin("what it published", err)
		}
	}
	return append(done, "what it published is removed"), nil
}

// Configuration reads the text that a box publishes; "" = none.
func (f *Fleet) Configuration(ctx context.Context, id ID) (string, error) {
	l, ok := f.Link()
	if !ok {
		return "", ErrNone
	}
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	kv, err := one(ctx, l.Client, id.Prefix()+keyConfig)
	if err != nil || kv.Mod == 0 {
		return "", admin("", err)
	}
	return unpack(kv.Value)
}

// Shares reads the boxes among which the pools of the domain are shared, in their order.
func (f *Fleet) Shares(ctx context.Context) ([]string, error) {
	l, ok := f.Link()
	if !ok {
		return nil, ErrNone
	}
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	kv, err := one(ctx, l.Client, BoxesKey(l.Domain))
	return ReadBoxes(kv.Value), admin("", err)
}
