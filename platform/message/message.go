// Package message is the catalogue of what the appliance says: log messages in
// Cisco's form %FACILITY-SEVERITY-MNEMONIC with their explanation and the
// recommended action, and the fixed answers of the CLI. Wording lives here and
// nowhere else, so that it cannot drift; docs/messages.md is made from it.
//
// Follows: source 000 for the shape of an entry (Error Message, Explanation,
// Recommended Action); facts/ios-cli.md 1.12 for the log line.
//
// Adding a message means adding its explanation: a test checks every entry.
package message

import (
	"fmt"
	"time"
)

// Entry is one message of the catalogue.
type Entry struct {
	Facility    string // "SYS", "DHCPD", "HFS"
	Severity    int    // 0 emergencies ... 7 debugging
	Mnemonic    string // "CONFIG_I"
	Text        string // fmt format of the text after the colon
	Explanation string
	Action      string // what the operator should do
}

// Tag is the stable name of the entry, "SYS-5-CONFIG_I".
func (e *Entry) Tag() string {
	return fmt.Sprintf("%s-%d-%s", e.Facility, e.Severity, e.Mnemonic)
}

// Message is an entry with its arguments filled in.
type Message struct {
	Entry *Entry
	Args  []any
	More  string // behind the text, as it is
}

// With fills in the arguments of the entry.
func (e *Entry) With(args ...any) Message { return Message{Entry: e, Args: args} }

// String is the message as logged, without time stamp:
// "%SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.5)".
func (m Message) String() string {
	if m.Entry == nil {
		return ""
	}
	return "%" + m.Entry.Tag() + ": " + fmt.Sprintf(m.Entry.Text, m.Args...) + m.More
}

// often are the messages that one cause brings in any number: of those that have
// one argument in common one line says it, and one how many followed. -1: all of
// the entry have one cause.
var often = map[*Entry]struct {
	arg    int
	within time.Duration
}{
	HFSDenied: {2, time.Minute}, TFTPDenied: {2, time.Minute}, FileBusy: {-1, time.Minute}, FileElsewhere: {2, time.Minute}, FileHidden: {-1, time.Minute},
	FileUnbound: {-1, time.Minute}, FileNear: {1, time.Minute}, PhoneScan: {-1, time.Minute}, SSHRefused: {1, time.Minute}, AccessDenied: {0, time.Minute},
	PairFetched: {2, time.Minute}, CNFBuilt: {-1, 10 * time.Second},
}

// Cause is what the message has in common with others of which one line is enough
// within a time; "" = it is said each time.
func (m Message) Cause() (key string, within time.Duration) {
	o, ok := often[m.Entry]
	if !ok || m.More != "" {
		return "", 0
	}
	key = m.Entry.Tag()
	if o.arg >= 0 && o.arg < len(m.Args) {
		key += fmt.Sprint(" ", m.Args[o.arg])
	}
	return key, o.within
}
