package appliance

import (
	"context"
	"fmt"
	"time"

	"option150/platform/sshd"
	"option150/platform/sshd/filecopy"
)

// Why a copy is refused, in the words of routers.
const (
	copyDisabled   = "Administratively disabled."
	copyPrivileged = "Privilege denied."
)

// mayCopy says why files are not copied over SSH for this session, "" if they
// are: `ip scp server enable` and privilege 15. [facts/ios-cli.md 2]
func (a *Appliance) mayCopy(s *sshd.Session) string {
	c := a.box.Store.Current()
	level := s.User.Privilege
	if l := c.Line("vty", s.Line); l != nil {
		level = max(level, l.Privilege)
	}
	switch {
	case !c.SSH.SCP:
		return copyDisabled
	case level < 15:
		return copyPrivileged
	}
	return ""
}

// copies runs one transfer: it is a session in `show users` and ends by the
// exec-timeout of its line when nothing moves.
func (a *Appliance) copies(ctx context.Context, s *sshd.Session, run func(*filecopy.Server, *moving, filecopy.Who) int) {
	if !a.come() {
		return
	}
	defer a.sessions.Done()
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	defer context.AfterFunc(a.life, func() { _ = s.Close() })()
	who := filecopy.Who{User: s.User.Name, From: s.Remote.Addr().Unmap().String()}
	touch, leave := a.lines.enter("vty", s.Line, who.User, who.From, func() {}, nil) // the SSH server ends it
	defer leave()
	m := &moving{Session: s, touch: touch}
	if l := a.box.Store.Current().Line("vty", s.Line); l != nil {
		m.patience = time.Duration(l.ExecMinutes)*time.Minute + time.Duration(l.ExecSeconds)*time.Second
	}
	if m.patience > 0 {
		m.timer = time.AfterFunc(m.patience, func() { _ = s.Close() })
		defer m.timer.Stop()
	}
	s.Exit(run(&filecopy.Server{Flash: a.box.Flash, Recorder: a.box.Journal}, m, who))
}

func (a *Appliance) scp(ctx context.Context, s *sshd.Session) {
	if why := a.mayCopy(s); why != "" {
		filecopy.Refuse(s, why)
		s.Exit(1)
		return
	}
	a.copies(ctx, s, func(f *filecopy.Server, m *moving, who filecopy.Who) int { return f.SCP(m, s.Command, who) })
}

func (a *Appliance) sftp(ctx context.Context, s *sshd.Session) {
	if why := a.mayCopy(s); why != "" {
		fmt.Fprintln(s.Stderr(), why)
		s.Exit(1)
		return
	}
	a.copies(ctx, s, func(f *filecopy.Server, m *moving, who filecopy.Who) int { return f.SFTP(m, who) })
}

// moving is a stream that puts off its own end while something moves.
type moving struct {
	*sshd.Session
	touch    func()
	patience time.Duration
	timer    *time.Timer
}

func (m *moving) moved(n int) {
	if n > 0 {
		m.touch()
		if m.timer != nil {
			m.timer.Reset(m.patience)
		}
	}
}

func (m *moving) Read(p []byte) (int, error) {
	n, err := m.Session.Read(p)
	m.moved(n)
	return n, err
}

func (m *moving) Write(p []byte) (int, error) {
	n, err := m.Session.Write(p)
	m.moved(n)
	return n, err
}
