package mib

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// maxLine bounds what the agent may write in a line: the longest place has 128
// numbers of ten digits.
const maxLine = 2048

// errLine is a line of the agent that is no line.
var errLine = errors.New("the agent wrote a line that is too long")

// Serve answers an agent by the protocol of pass_persist until it closes its end.
// look is asked for the tree of now. [snmpd.conf(5) MIB-Specific Extension
// Commands]
func Serve(in io.Reader, out io.Writer, look func() tree) error {
	r, w := bufio.NewReaderSize(in, maxLine), bufio.NewWriter(out)
	for {
		command, err := line(r)
		if err != nil {
			return end(err)
		}
		switch strings.ToLower(command) {
		case "ping":
			_, _ = w.WriteString("PONG\n")
		case "get", "getnext":
			at, err := line(r)
			if err != nil {
				return end(err)
			}
			answer(w, look(), at, len(command) > len("get"))
		case "set":
			for range 2 { // the place, and type with value
				if _, err := line(r); err != nil {
					return end(err)
				}
			}
			_, _ = w.WriteString("not-writable\n")
		case "": // an agent that ends
			return nil
		default:
			_, _ = w.WriteString("NONE\n")
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
}

func answer(w *bufio.Writer, t tree, at string, next bool) {
	o, ok := parse(at)
	i, found := t.find(o)
	if next && found {
		i++
	}
	if !ok || !next && !found || i >= len(t) {
		_, _ = w.WriteString("NONE\n")
		return
	}
	for _, s := range []string{t[i].at.String(), t[i].typ, t[i].value} {
		_, _ = w.WriteString(s + "\n")
	}
}

func line(r *bufio.Reader) (string, error) {
	b, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", errLine
	}
	return strings.TrimSpace(string(b)), err
}

// end is the error of an agent that did not close its end between two questions.
func end(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
