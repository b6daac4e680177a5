package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/message"
	"option150/platform/running"
	"option150/platform/service"
)

// who is the author of what the startup configuration does.
var bootWho = running.Who{Line: "startup-config"}

// loadStartup puts the startup configuration in force as one transaction. A
// broken line is reported with its number and everything else works; a port
// that is taken is the status of its service.
func (a *Appliance) loadStartup() error {
	b := a.box
	text, err := b.NVRAM.LoadStartup()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("startup-config cannot be read: %w", bare(err))
	}
	cand, rejected, err := Candidate(b.Language, string(text), b.Store.Current(), b.Store.Facts())
	if err != nil {
		return fmt.Errorf("startup-config: %w", err)
	}
	if err := b.Store.Replace(context.Background(), bootWho, cand, service.Boot); err != nil {
		return fmt.Errorf("startup-config: %w", err)
	}
	b.Journal.Record(restarted{b.Version})
	for _, e := range rejected {
		b.Journal.Record(lineRejected{e.Number, strings.ReplaceAll(e.Err.Error(), "\n%", "; ")})
	}
	return b.Netif.Start()
}

// Candidate reads a whole configuration. If the result does not validate, the
// lines are tried one by one to find, report and skip the offenders.
func Candidate(l *language.Language, text string, base *config.Config, f config.Facts) (*config.Config, []language.LineError, error) {
	rep, err := l.Candidate(text, base, func(c *config.Config) error { return config.Refusal(c.Validate(f)) })
	if err != nil {
		return nil, nil, err
	}
	return rep.Config, rep.Rejected, nil
}

// restarted is the fact that the box is up.
type restarted struct{ version string }

func (restarted) EventName() string { return "system.Restarted" }

func (r restarted) LogMessage() (message.Message, bool) {
	return message.Restart.With(r.version), true
}

// lineRejected is a line of the startup configuration that was not accepted.
type lineRejected struct {
	number int
	why    string
}

func (lineRejected) EventName() string { return "config.LineRejected" }

func (l lineRejected) LogMessage() (message.Message, bool) {
	return message.ConfigLine.With(l.number, l.why), true
}
