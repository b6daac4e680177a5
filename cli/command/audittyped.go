package command

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/cli/language"
	"option150/platform/config"
	"option150/telephony/audit"
)

// spoken are the lines of which the audit says a word as they are typed, by
// mode and by the beginning of their syntax.
func spoken(b *Box) []struct {
	mode, syntax string
	after        func(*language.Invocation) error
} {
	source := func(section string) func(*language.Invocation) error {
		return func(in *language.Invocation) error {
			c, f := b.Store.Current(), b.Store.Facts()
			w := b.heard(in.Ctx, allowed(c, audit.Questions(c, f)), func(q audit.Question) bool { return q.Kind == audit.AskControl })
			return sayFirst(in, audit.OfSource(c, f, w, section))
		}
	}
	load := func(section string) func(*language.Invocation) error {
		return func(in *language.Invocation) error {
			c, f := b.Store.Current(), b.Store.Facts()
			return sayFirst(in, audit.OfLoad(c, f, b.world(c, f), section, in.Args.String("type")))
		}
	}
	option150 := func(in *language.Invocation) error {
		if in.Args.Int("code") != 150 {
			return nil
		}
		c, f := b.Store.Current(), b.Store.Facts()
		name := in.Keys.String("name")
		var mine []netip.Addr
		if p := c.DHCP.Pool(name); p != nil {
			mine = p.Option150()
		}
		w := b.heard(in.Ctx, audit.Questions(c, f), func(q audit.Question) bool { return q.Kind == audit.AskFiles && slices.Contains(mine, q.Addr) })
		return sayFirst(in, audit.OfPool(c, f, w, name))
	}
	return []struct {
		mode, syntax string
		after        func(*language.Invocation) error
	}{
		{modeTelephony, "load(", load("telephony-service")},
		{modeGlobal, "load(", load("voice register global")},
		{modeTelephony, "ip(", source("telephony-service")},
		{modeGlobal, "source-address(", source("voice register global")},
		{modePool, "option(", option150},
	}
}

// speaking gives the lines of spoken their word.
func speaking(b *Box, all []language.Declaration) []language.Declaration {
	for _, s := range spoken(b) {
		for i := range all {
			if d := &all[i]; d.Mode == s.mode && d.After == nil && d.Set != nil && strings.HasPrefix(d.Syntax, s.syntax) {
				d.After = s.after
			}
		}
	}
	return all
}

// sayFirst says the first finding in one line.
func sayFirst(in *language.Invocation, fs []audit.Finding) error {
	for i := range fs {
		f := &fs[i]
		if f.Severity == config.Note && f.Code != "A19" && f.Code != "M01" {
			continue
		}
		_, err := fmt.Fprintf(in.Out, "%%Warning: %s: %s\n", f.Code, f.Text)
		return err
	}
	return nil
}

// auditLine is the audit in one line, for `create cnf-files`.
func (b *Box) auditLine(ctx context.Context) string {
	fs := b.Audit(ctx, b.Store.Current(), false).Findings
	n, first := 0, ""
	for i := range fs {
		if f := &fs[i]; f.Severity == config.Warning {
			if n++; first == "" {
				first = f.Code + ": " + f.String()
			}
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "%Warning: " + first + "\n"
	}
	return fmt.Sprintf("%%Warning: %s; show provisioning audit has %d more\n", first, n-1)
}

// heardLife is how long an answer of another host is good for while lines are
// typed: a paste names one host many times.
const (
	heardLife = 30 * time.Second
	maxHeard  = 64
)

// answersHeard are the answers of other hosts lately.
type answersHeard struct {
	mu sync.Mutex
	at map[audit.Question]time.Time
	a  map[audit.Question]audit.Answer
}

// heard asks those of the questions that are wanted and were not asked lately.
func (b *Box) heard(ctx context.Context, qs []audit.Question, want func(audit.Question) bool) audit.World {
	m := &b.hosts
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at == nil || len(m.at) > maxHeard {
		m.at, m.a = map[audit.Question]time.Time{}, map[audit.Question]audit.Answer{}
	}
	now := time.Now()
	var ask []audit.Question
	w := audit.World{Answers: map[audit.Question]audit.Answer{}}
	for _, q := range qs {
		switch {
		case !want(q):
		case now.Sub(m.at[q]) < heardLife:
			w.Answers[q] = m.a[q]
		default:
			ask = append(ask, q)
		}
	}
	for q, a := range answers(ctx, ask) {
		w.Answers[q], m.a[q], m.at[q] = a, a, now
	}
	return w
}
