package pfs

import (
	"net/netip"
	"slices"
	"strings"
)

// Config is the section `pfs`.
type Config struct {
	Off       bool     // `no observe`: nothing is looked at but what is named by mirror
	Observe   []string // `observe INTERFACE`: these, instead of those that serve phones
	Mirror    []string // `mirror INTERFACE`: TCP between phones is seen there
	LogServer LogServer
	Ring      int // `capture ring SIZE`, bytes; 0 = none
}

// LogServer is `log-server`.
type LogServer struct {
	Enabled bool
	Port    uint16 // UDP
	Form    string // `log-server form TEXT`; "" = DefaultForm
}

// DefaultLogPort is the port phones log to unless their file says otherwise.
// [guide of the 7821 multiplatform phone, p. 206]
const DefaultLogPort = 514

// The words of a form that stand for the address and the port of the log
// server. The options behind them are known from help texts only.
const (
	FormAddress = "ADDRESS"
	FormPort    = "PORT"
	DefaultForm = FormAddress + ":" + FormPort
)

// Bounds of `capture ring`, bytes.
const (
	MinRing = 64 << 10
	MaxRing = 64 << 20
)

// MaxForm bounds the text of a form.
const MaxForm = 128

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Observe, c.Mirror = slices.Clone(c.Observe), slices.Clone(c.Mirror)
	return c
}

// Is reports a section without a line.
func (c Config) IsDefault() bool {
	return !c.Off && c.Observe == nil && c.Mirror == nil && c.LogServer == LogServer{} && c.Ring == 0
}

// Value is what logServer says in the file of a phone, "" without an address.
func (l LogServer) Value(a netip.Addr) string {
	if !l.Enabled || !a.IsValid() {
		return ""
	}
	form := l.Form
	if form == "" {
		form = DefaultForm
	}
	return strings.NewReplacer(FormAddress, a.Unmap().String(), FormPort, itoa(int64(l.Port))).Replace(form)
}
