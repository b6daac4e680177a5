package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strings"
	"time"

	"option150/cli/session"
	"option150/cli/terminal"
	"option150/platform/aaa"
	"option150/platform/console"
	"option150/platform/flash"
	"option150/platform/service"
	"option150/platform/sshd"
	"option150/platform/sshd/filecopy"
)

// Run opens the doors and waits until the context ends or the operator asks
// for a reload, which is ErrReload. It closes the box.
func (a *Appliance) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { a.stop(context.Canceled) })
	defer stop()
	defer a.Close()
	a.beside(a.replan)
	a.beside(giveBack)
	a.beside(func(context.Context) { a.keepClasses() })
	a.beside(a.box.Host.Run)
	a.beside(a.box.Meter.Run)
	a.beside(func(ctx context.Context) { a.box.Inventory.Report(ctx, a.box.Journal) })
	a.beside(a.reportSharing)
	a.watching.Do(a.watchWire)
	consoleDone := make(chan error, 1)
	a.beside(func(ctx context.Context) {
		consoleDone <- console.Run(ctx, console.Options{Device: a.opt.Settings.Console.Device, Speed: a.opt.Settings.Console.Speed,
			Wanted: a.consoleSpeed, Handler: a.Console, Recorder: a.box.Journal, Stands: a.consoleStands})
	})
	a.beside(a.watchDisk)
	for {
		select {
		case err := <-consoleDone:
			if err != nil {
				return fmt.Errorf("console %s: %w", a.opt.Settings.Console.Device, bare(err))
			}
			if a.opt.ConsoleEnds {
				return nil
			}
			consoleDone = nil // a pipe that ended: the box goes on serving
		case <-a.life.Done():
			if errors.Is(context.Cause(a.life), ErrReload) {
				return ErrReload
			}
			return nil
		}
	}
}

// diskTime is how often the room on the disk is looked at.
const diskTime = 30 * time.Second

// watchDisk says when flash: is nearly full.
func (a *Appliance) watchDisk(ctx context.Context) {
	var w flash.Watch
	t := time.NewTicker(diskTime)
	defer t.Stop()
	for {
		if total, free, err := a.box.Flash.Usage(); err == nil && w.Look(total, free) {
			a.box.Journal.Record(flash.Low{Free: free, Total: total})
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// consoleStands notes how the serial console stands, for `show services`.
func (a *Appliance) consoleStands(why string) {
	st := service.Status{State: service.Running, Since: time.Now()}
	if why != "" {
		st.State, st.Why = service.Failed, why
	}
	a.console.Store(&st)
}

// consoleSpeed is `speed` of the console's line, 0 if it says nothing.
func (a *Appliance) consoleSpeed() int {
	if l := a.box.Store.Current().Line("con", 0); l != nil {
		return l.Speed
	}
	return 0
}

// beside runs one of the box's few long loops until its end.
func (a *Appliance) beside(f func(context.Context)) {
	if !a.come() {
		return
	}
	go func() {
		defer a.sessions.Done()
		f(a.life)
	}()
}

// fresh reports a box without a startup configuration.
func (a *Appliance) fresh() bool {
	_, err := a.box.NVRAM.LoadStartup()
	return errors.Is(err, fs.ErrNotExist)
}

// door is a terminal and the session that sits at it now: on the console one
// operator follows the other at the same terminal.
type door struct {
	a    *Appliance
	term *terminal.Terminal
	now  *session.Session
}

func (a *Appliance) newDoor(c terminal.Config) *door {
	d := &door{a: a}
	c.Help = func(line string) string { return d.now.Help(line) }
	c.Complete = func(line string) (string, bool) { return d.now.Complete(line) }
	d.term = terminal.New(c)
	return d
}

// session seats an operator.
func (d *door) session(o session.Options) *session.Session {
	o.Language, o.Store, o.Recorder, o.Monitor, o.Terminal = d.a.box.Language, d.a.box.Store, d.a.box.Journal, d.a.box.Logging.Monitor, d.term
	o.Files, o.Typed, o.Stamp = d.a.box, d.a.box.Typed, d.a.box.StampText
	d.now = session.New(o)
	return d.now
}

// Console is the console as long as its stream lasts: the first-boot dialog,
// then one operator after the other.
func (a *Appliance) Console(ctx context.Context, c console.Door) {
	d := a.newDoor(terminal.Config{Stream: c.Stream, Width: c.Width, Height: c.Height, Echo: c.Interactive, Shown: true, QueueSize: 1 << 20})
	defer d.term.Close()
	defer context.AfterFunc(ctx, d.term.Close)()
	go follow(ctx, c.Resize, func(z console.Size) { d.term.Resize(z.Width, z.Height) })
	d.session(session.Options{Line: "con0", From: "console"})
	stdio := a.opt.Settings.Console.Device == console.Stdio
	here := stdio // somebody is there: who answered the dialog, who started the box
	if c.Interactive && a.fresh() {
		if err := a.firstBoot(ctx, d.term); err != nil && !errors.Is(err, terminal.ErrInterrupt) {
			return
		}
		here = true
	}
	for first := true; ctx.Err() == nil; first = false {
		if c.Interactive && !(first && here) && !a.pressReturn(d.term, first, stdio) {
			return
		}
		err := a.consoleSession(ctx, d, c.Hangup)
		cleared := errors.Is(err, terminal.ErrHangup) // by somebody else: the console stays
		if err != nil && !cleared || a.opt.ConsoleEnds && !cleared || !c.Interactive {
			return
		}
	}
}

// pressReturn waits for somebody at a console that is free. On the terminal
// the appliance was started from, ^C stops it: no other key could.
func (a *Appliance) pressReturn(t *terminal.Terminal, first, stdio bool) bool {
	if !first {
		fmt.Fprintf(t.Writer(), "\n\n%s con0 is now available\n", a.box.Store.Current().Hostname)
	}
	text := "\n\nPress RETURN to get started."
	if stdio {
		text += " (^C stops the appliance)"
	}
	t.Idle(0)
	for {
		k, err := t.ReadKey(text)
		switch {
		case err != nil:
			return false
		case k == 3 && stdio:
			a.stop(context.Canceled)
			return false
		case k == '\r':
			fmt.Fprint(t.Writer(), "\n\n")
			return true
		}
		text = ""
	}
}

// clearGrace is how long a console session that was cleared may go on writing
// to a line that takes nothing.
const clearGrace = 2 * time.Second

// consoleSession logs somebody in, where `line con 0` says so, and runs his
// session. The error is that of the stream, or terminal.ErrHangup if somebody
// cleared the line. hangup, which may be nil, breaks a line that takes nothing.
func (a *Appliance) consoleSession(ctx context.Context, d *door, hangup func()) error {
	c := a.box.Store.Current()
	o := session.Options{Line: "con0", From: "console", Privilege: 1}
	l := c.Line("con", 0)
	if l != nil && l.Privilege > 0 {
		o.Privilege = l.Privilege
	}
	banner(d.term.Writer(), c.Banner("motd"))
	u, err := a.consoleUser(d.term, c)
	if errors.Is(err, errNobody) {
		return nil
	}
	if err != nil {
		return err
	}
	o.User, o.Privilege = u.Name, max(u.Privilege, o.Privilege)
	banner(d.term.Writer(), c.Banner("exec"))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stuck := time.AfterFunc(time.Hour, func() {
		if hangup != nil {
			hangup()
		}
	})
	stuck.Stop()
	mail := newMailbox()
	go mail.show(ctx, d.term)
	_, leave := a.lines.enter("con", 0, o.User, "", func() { cancel(); stuck.Reset(clearGrace) }, mail)
	defer stuck.Stop()
	defer leave()
	err = d.session(o).Run(ctx)
	a.box.Journal.Record(consoleLogout{o.User})
	if errors.Is(err, terminal.ErrIdle) {
		return nil
	}
	if err == nil && !d.now.Closed() {
		return io.EOF // the stream ended, not the session
	}
	return err
}

func banner(w io.Writer, text string) {
	if text != "" {
		fmt.Fprint(w, "\n"+text)
	}
}

// Visit is an operator who came over the network and was let in.
type Visit struct {
	Stream        io.ReadWriter
	User          aaa.User
	Line          int        // number of the vty
	From          netip.Addr // where he comes from
	Width, Height int        // of his window; height 0 = no paging
	Resize        <-chan sshd.Size
	Command       string // lines to carry out instead of a shell, as in `ssh box "show clock"`
}

// sshSession is one shell, one exec request or one scp over SSH.
func (a *Appliance) sshSession(ctx context.Context, s *sshd.Session) {
	if filecopy.IsSCP(s.Command) {
		a.scp(ctx, s)
		return
	}
	v := Visit{Stream: s, User: s.User, Line: s.Line, From: s.Remote.Addr().Unmap(), Width: s.Width, Height: s.Height, Resize: s.Resize, Command: s.Command}
	if !s.Pty {
		v.Height = 0 // a script on a pipe answers no --More--
	}
	a.Serve(ctx, v)
}

// Serve is the session of a visitor, until he leaves, hangs up or the context
// ends. The caller closes the stream.
func (a *Appliance) Serve(ctx context.Context, v Visit) {
	if !a.come() {
		return
	}
	defer a.sessions.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(a.life, cancel)()
	c := a.box.Store.Current()
	o := session.Options{User: v.User.Name, Line: fmt.Sprintf("vty%d", v.Line), From: fmt.Sprintf("vty%d (%s)", v.Line, v.From), Privilege: v.User.Privilege}
	if l := c.Line("vty", v.Line); l != nil {
		o.Privilege = max(o.Privilege, l.Privilege)
	}
	var mail mailbox
	if v.Command == "" {
		mail = newMailbox()
	}
	touch, leave := a.lines.enter("vty", v.Line, v.User.Name, v.From.String(), cancel, mail)
	defer leave()
	if v.Command != "" {
		o.Language, o.Store, o.Recorder, o.Out = a.box.Language, a.box.Store, a.box.Journal, v.Stream
		o.Files, o.Typed, o.Stamp = a.box, a.box.Typed, a.box.StampText
		x := session.New(o)
		for _, line := range strings.Split(v.Command, "\n") {
			x.Line(ctx, strings.TrimRight(line, "\r"))
		}
		return
	}
	d := a.newDoor(terminal.Config{Stream: active{v.Stream, touch}, Width: v.Width, Height: v.Height, Echo: true})
	defer d.term.Close()
	go mail.show(ctx, d.term)
	go follow(ctx, v.Resize, func(z sshd.Size) { d.term.Resize(z.Width, z.Height) })
	fmt.Fprint(d.term.Writer(), "\n")
	banner(d.term.Writer(), c.Banner("motd"))
	banner(d.term.Writer(), c.Banner("exec"))
	_ = d.session(o).Run(ctx)
}

// active notes when an operator typed last.
type active struct {
	io.ReadWriter
	touch func()
}

func (a active) Read(p []byte) (int, error) {
	n, err := a.ReadWriter.Read(p)
	if n > 0 {
		a.touch()
	}
	return n, err
}

// follow passes window changes on until the door closes.
func follow[T any](ctx context.Context, sizes <-chan T, f func(T)) {
	for {
		select {
		case <-ctx.Done():
			return
		case z, ok := <-sizes:
			if !ok {
				return
			}
			f(z)
		}
	}
}
