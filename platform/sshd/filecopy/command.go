package filecopy

import (
	"errors"
	"strings"
)

// command is what an exec request `scp ...` asks for.
type command struct {
	sink  bool // -t: the client sends; else -f, the client fetches
	dir   bool // -d: the target must be a directory
	times bool // -p
	path  string
}

var errCommand = errors.New("only scp -t FILE and scp -f FILE are served")

// IsSCP reports that an exec request is one of scp and no command line.
func IsSCP(line string) bool {
	w, err := words(line)
	return err == nil && len(w) > 1 && w[0] == "scp"
}

// parse reads `scp [-v] [-r] [-p] [-d] -t|-f [--] PATH` as a shell would take
// it apart. Unknown options are ignored; the last word is the path.
func parse(line string) (command, error) {
	w, err := words(line)
	if err != nil || len(w) < 2 || w[0] != "scp" {
		return command{}, errCommand
	}
	var c command
	from := false
	args := w[1:]
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		o := args[0]
		args = args[1:]
		if o == "--" {
			break
		}
		for _, r := range o[1:] {
			switch r {
			case 't':
				c.sink = true
			case 'f':
				from = true
			case 'd':
				c.dir = true
			case 'p':
				c.times = true
			}
		}
	}
	if c.sink == from || len(args) > 1 {
		return command{}, errCommand
	}
	if len(args) == 1 {
		c.path = args[0]
	}
	return c, nil
}

var errQuote = errors.New("a quote is not closed")

// words takes a line apart as a shell does: blanks separate, quotes and
// backslashes keep. Nothing is expanded.
func words(line string) ([]string, error) {
	var out []string
	var b strings.Builder
	in, quote := false, byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == '\'':
			b.WriteByte(c)
		case c == '\\' && i+1 < len(line):
			i++
			b.WriteByte(line[i])
			in = true
		case quote != 0:
			b.WriteByte(c)
		case c == '\'' || c == '"':
			quote, in = c, true
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if in {
				out = append(out, b.String())
				b.Reset()
				in = false
			}
		default:
			b.WriteByte(c)
			in = true
		}
	}
	if quote != 0 {
		return nil, errQuote
	}
	if in {
		out = append(out, b.String())
	}
	return out, nil
}
