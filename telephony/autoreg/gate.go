package autoreg

import (
	"context"
	"strings"
	"sync"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/message"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// Bounds: phones that are added a second, and at once. A branch that gets its
// power back has what is over asked again within seconds.
const (
	perSecond = 5
	atOnce    = 50
	maxDenied = 1024
	again     = 30 * time.Second
)

// Gate is the route of the file server that adds phones: before the files are
// looked for, whoever asks for the file of a phone nobody knows, from an address
// that is known to be that phone's, has a section from then on. It has no files
// itself.
type Gate struct {
	Config func() *cnf.Config
	// Holds reports that an address is that of the phone: by its lease or by
	// what is seen on the wire. It may take 300 ms.
	Holds func(context.Context, ether.MAC, fileserver.Request) bool
	Known func(ether.MAC) Phone // what was seen of a phone
	// Add makes one change of the configuration.
	Add      func(context.Context, Phone) (Added, error)
	Recorder journal.Recorder

	mu     sync.Mutex
	tokens float64
	filled time.Time
	denied map[ether.MAC]time.Time // not asked again so soon
}

var _ interface {
	fileserver.Route
	fileserver.Silent
} = (*Gate)(nil)

// Name implements fileserver.Route.
func (*Gate) Name() string { return "auto-registration" }

// Silent implements fileserver.Silent.
func (g *Gate) Silent(r fileserver.Request, name string) bool {
	mac, ok := phone.MACOfFile(name)
	low := strings.ToLower(name)
	if !ok || r.Peer || !strings.HasPrefix(low, "sep") || !strings.HasSuffix(low, ".cnf.xml") {
		return true
	}
	c := g.Config()
	if c == nil || !Wanted(c) || Configured(c, mac) {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	at, no := g.denied[mac]
	return no && time.Since(at) < again
}

// Open implements fileserver.Route: it never has a file.
func (g *Gate) Open(ctx context.Context, r fileserver.Request, name string) (*fileserver.Hit, error) {
	mac, _ := phone.MACOfFile(name)
	if !g.Holds(ctx, mac, r) {
		return nil, nil
	}
	if !g.take(time.Now()) {
		return nil, fileserver.ErrBusy // it asks again
	}
	p := g.Known(mac)
	p.MAC = mac
	a, err := g.Add(ctx, p)
	if err != nil {
		g.deny(mac)
		g.Recorder.Record(Refused{MAC: mac, Model: p.Model, Why: err.Error()})
		return nil, nil
	}
	g.Recorder.Record(Registered{MAC: mac, Added: a})
	return nil, nil
}

// take is a bucket of tokens.
func (g *Gate) take(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.filled.IsZero() {
		g.tokens = atOnce
	} else {
		g.tokens = min(atOnce, g.tokens+now.Sub(g.filled).Seconds()*perSecond)
	}
	g.filled = now
	if g.tokens < 1 {
		return false
	}
	g.tokens--
	return true
}

func (g *Gate) deny(mac ether.MAC) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.denied) >= maxDenied || g.denied == nil {
		g.denied = map[ether.MAC]time.Time{}
	}
	g.denied[mac] = time.Now()
}

// Registered is the fact that a phone has a section now that nobody typed.
type Registered struct {
	MAC ether.MAC
	Added
}

// EventName implements journal.Event.
func (Registered) EventName() string { return "autoreg.Registered" }

// LogMessage implements journal.Logged.
func (r Registered) LogMessage() (message.Message, bool) {
	number := r.Number
	if number == "" {
		number = "none"
	}
	return message.PhoneRegistered.With(r.MAC.Device(), r.Section, r.Type, number), true
}

// Refused is the fact that a phone asked and was not added.
type Refused struct {
	MAC        ether.MAC
	Model, Why string
}

// EventName implements journal.Event.
func (Refused) EventName() string { return "autoreg.Refused" }

// LogMessage implements journal.Logged.
func (r Refused) LogMessage() (message.Message, bool) {
	return message.PhoneNotRegistered.With(r.MAC.Device(), r.Why), true
}
