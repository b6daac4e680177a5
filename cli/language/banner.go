package language

import "strings"

// banner reads `banner KIND <delimiter> text <delimiter>`, which spans lines
// and is no grammar: the text may hold anything. more is the number of lines
// it took after the first. A banner without its closing delimiter takes one
// line only, so that a cut file does not swallow the rest.
func banner(i int, lines []string) (kind, text string, more int, ok bool) {
	rest, found := strings.CutPrefix(lines[i], "banner ")
	if !found {
		return "", "", 0, false
	}
	kind, rest, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
	switch kind {
	case "motd", "login", "exec", "incoming":
	default:
		return "", "", 0, false
	}
	delim, rest := Delimiter(rest)
	if delim == "" {
		return "", "", 0, false
	}
	if t, _, closed := strings.Cut(rest, delim); closed {
		return kind, lineEnd(t), 0, true
	}
	body := []string{}
	if rest != "" {
		body = append(body, rest)
	}
	for n := i + 1; n < len(lines); n++ {
		if t, _, closed := strings.Cut(lines[n], delim); closed {
			if t != "" {
				body = append(body, t)
			}
			return kind, strings.Join(body, "\n") + "\n", n - i, true
		}
		body = append(body, lines[n])
	}
	return kind, lineEnd(rest), 0, true
}

// Delimiter takes the delimiting character off the text of a banner command:
// the first character, or the two printable characters ^C that running-configs
// show for it.
func Delimiter(s string) (delim, rest string) {
	s = strings.TrimLeft(s, " ")
	if s == "" {
		return "", ""
	}
	if strings.HasPrefix(s, "^C") {
		return "^C", s[2:]
	}
	return s[:1], s[1:]
}

func lineEnd(s string) string {
	if s == "" || strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}
