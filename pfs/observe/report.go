package observe

import (
	"fmt"
	"io"
	"net/netip"

	"option150/pfs"
)

// Report prints what a file says, in the tables of the show commands. What the
// file does not tell is "?".
func (r *Reading) Report(w io.Writer, loads []pfs.Load, subnets []netip.Prefix) error {
	f := pfs.Facts{Loads: loads, Observing: r.Broadcast, Mirror: r.TCP, LogServer: r.Kind == Log, Offline: true}
	s := r.State.Snapshot(subnets)
	if r.Kind == Log {
		_, err := fmt.Fprintf(w, "%d records\n%s", len(r.Records), logText(&s.Strange))
		return err
	}
	text := fmt.Sprintf("%s, %d frames, %d malformed: %d broadcasts and %d segments on port %d, %d frames of unknown hosts\n",
		r.Kind, r.Frames, r.Malformed, r.Broadcasts, r.Segments, pfs.Port, r.Strangers)
	if r.Cut != nil {
		text += fmt.Sprintf("The file is damaged behind frame %d (%v)\n", r.Frames, r.Cut)
	}
	for _, part := range []fmt.Stringer{pfs.ShowVerify(pfs.Verify(s, f, "")), pfs.ShowTree(pfs.Trees(s, f), ""), pfs.ShowPeers(s, f), pfs.ShowEvidence(s)} {
		text += "\n" + part.String()
	}
	_, err := io.WriteString(w, text)
	return err
}

// logText is what a log says of whoever wrote it.
func logText(l *pfs.Log) string {
	text := l.Text(netip.Addr{})
	if t := l.Timing(); t != "" {
		text += t + "\n"
	}
	return text
}
