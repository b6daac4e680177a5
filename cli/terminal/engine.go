package terminal

import (
	"io"

	"github.com/chzyer/readline"
)

// engineWidth is what the engine takes for the width of the screen. The real
// width never gets there: with 0 it loops for ever.
const engineWidth = 1 << 20

// start returns the engine, made at the first call, or nil after Close.
func (t *Terminal) start() *readline.Instance {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	if t.engine != nil {
		return t.engine
	}
	g := newGate(t.in)
	nothing := func() error { return nil }
	engine, err := readline.NewEx(&readline.Config{
		Stdin:                  g,
		Stdout:                 io.Discard,
		Stderr:                 io.Discard,
		HistoryLimit:           -1,
		DisableAutoSaveHistory: true,
		Painter:                painter{},
		Listener:               &t.edit,
		FuncFilterInputRune:    t.edit.filter,
		FuncGetWidth:           func() int { return engineWidth },
		FuncIsTerminal:         func() bool { return false },
		FuncMakeRaw:            nothing,
		FuncExitRaw:            nothing,
		FuncOnWidthChanged:     func(func()) {},
	})
	if err != nil {
		return nil // Config.Init has no way to fail
	}
	// The reading goroutine is sent to the gate at once and met there, so that
	// Close can never overtake its start. The gate holds it until a line is
	// edited: a reader that goes early sees nothing.
	engine.Terminal.KickRead()
	<-g.started
	t.engine = engine
	return engine
}

// painter is the engine's, which paints nothing.
type painter struct{}

func (painter) Paint(line []rune, _ int) []rune { return line }
