package running

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"option150/platform/config"
	"option150/platform/fleet"
	"option150/platform/service"
)

// sharing is a box that shares bindings under its host name.
func sharing(c *config.Config) {
	c.Hostname, c.Fleet = "A", fleet.Config{Domain: "D", Servers: []string{"http://127.0.0.1:9"}, Share: true}
}

// Whichever way an operator's configuration comes, as a line or as a whole, by it a box that
// shares bindings is no other box unless a line says so: refused, nothing has changed.
func TestRenamedEachWay(t *testing.T) {
	ways := map[string]func(*world, func(*config.Config)) error{
		"a line": func(w *world, edit func(*config.Config)) error { return w.change(t, edit) },
		"a whole": func(w *world, edit func(*config.Config)) error {
			c := w.Current().Clone()
			edit(c)
			return w.Replace(t.Context(), admin, c, service.Interactive)
		},
	}
	for name, way := range ways {
		w := newWorld(t)
		w.boot(t)
		if err := w.change(t, sharing); err != nil {
			t.Fatal(err)
		}
		before, prepares := w.Current(), w.prepares()
		var no *config.Refused
		if err := way(w, hostname("B")); !errors.As(err, &no) || !strings.Contains(err.Error(), "know this one as A") || w.Current() != before || w.prepares() != prepares {
			t.Errorf("%s: %v", name, err)
		}
		named := func(c *config.Config) { c.Hostname, c.Fleet.Name = "B", "A" }
		if err := way(w, named); err != nil || w.Current().Member().Name != "A" {
			t.Errorf("%s, with the line that is advised: %v", name, err)
		}
		if err := way(w, func(c *config.Config) { c.Fleet.Name = "" }); !errors.As(err, &no) {
			t.Errorf("%s, without it again: %v", name, err)
		}
		if err := way(w, func(c *config.Config) { c.Fleet.Name = "B" }); err != nil {
			t.Errorf("%s, asked for: %v", name, err)
		}
	}
}

// A start and a change that is taken back are not refused: who wants the way back to the box
// gets it. The sharing is told that nobody named the box.
func TestRenamedIsTakenBack(t *testing.T) {
	s, c, _ := box(t)
	change := func(edit func(*config.Config)) {
		t.Helper()
		if _, err := s.Change(context.Background(), admin, func(c *config.Config) error { edit(c); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	change(sharing)
	before := s.Current()
	if err := c.Arm(admin, before, time.Hour, "flash:x"); err != nil {
		t.Fatal(err)
	}
	change(func(c *config.Config) { c.Fleet.Name = "B" })
	if err := c.Revert(context.Background(), admin); err != nil || !s.Current().Equal(before) {
		t.Errorf("taken back: %v, %+v", err, s.Current().Fleet)
	}
	other := before.Clone()
	other.Hostname = "B"
	if err := s.Replace(context.Background(), Who{Line: "startup-config"}, other, service.Boot); err != nil || s.Current().Member().Name != "B" {
		t.Errorf("at a start: %v", err)
	}
}
