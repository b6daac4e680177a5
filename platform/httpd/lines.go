package httpd

// lines follows the requests on a connection as far as it takes to know where
// one begins: there is no body behind a header, a connection whose request has
// one is closed.
type lines struct {
	at place
}

// place is what came last.
type place uint8

const (
	between place = iota // nothing of a request yet
	inLine               // a character of a line
	lineEnd              // LF
	lineCR               // LF CR
)

// strip takes the CR and LF before a request out of b and returns how much is
// left.
func (l *lines) strip(b []byte) int {
	n := 0
	for _, c := range b {
		if l.at == between && (c == '\r' || c == '\n') {
			continue
		}
		b[n] = c
		n++
		switch {
		case c == '\n' && (l.at == lineEnd || l.at == lineCR):
			l.at = between
		case c == '\n':
			l.at = lineEnd
		case c == '\r' && l.at == lineEnd:
			l.at = lineCR
		default:
			l.at = inLine
		}
	}
	return n
}
