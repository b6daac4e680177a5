package language

import (
	"slices"
	"strings"
	"unicode/utf8"

	"option150/platform/config"
	"option150/platform/plain"
)

// banners are the kinds of banner; the text of the first four is shown by the
// box, that of the others is carried.
var banners = []string{"exec", "incoming", "login", "motd", "config-save", "prompt-timeout", "slip-ppp"}

const shownBanners = 4

// unseenBanner is checked and kept as the others are, and greets nobody here:
// routers show it on reverse connections to a line.
const unseenBanner = "incoming"

// maxBanner bounds the lines of a banner: a delimiter that never comes again
// must not cost a search through the whole file for every banner.
const maxBanner = 500

// BannerLine takes `banner KIND <delimiter>...` apart; rest begins with the
// delimiter. Words may be shortened as typed commands may. Its text spans lines
// and may hold anything: it is no grammar.
func BannerLine(line string) (kind, rest string, ok bool) {
	word, rest := cutWord(line)
	if len(word) < 2 || !foldPrefix("banner", word) {
		return "", "", false
	}
	kind, rest = cutWord(rest)
	if kind == "" || rest == "" {
		return "", "", false
	}
	for _, k := range banners {
		if foldPrefix(k, kind) {
			return k, rest, true
		}
	}
	return "", "", false
}

func shownBanner(kind string) bool { return slices.Contains(banners[:shownBanners], kind) }

func cutWord(s string) (word, rest string) {
	word, rest, _ = strings.Cut(strings.TrimLeft(s, " \t"), " ")
	return word, strings.TrimLeft(rest, " \t")
}

func foldPrefix(full, s string) bool {
	return len(s) <= len(full) && strings.EqualFold(full[:len(s)], s)
}

// bannerText reads the text that begins with rest and goes on in lines. more is
// the number of lines it took. A banner without its closing delimiter takes
// none, so that a cut file does not swallow what follows.
func bannerText(rest string, lines []string) (text string, more int) {
	delim, rest := Delimiter(rest)
	if t, _, closed := strings.Cut(rest, delim); closed {
		return lineEnd(t), 0
	}
	var body []string
	if rest != "" {
		body = append(body, rest)
	}
	for n, line := range lines[:min(len(lines), maxBanner)] {
		t, _, closed := strings.Cut(line, delim)
		if !closed {
			body = append(body, line)
			continue
		}
		if t != "" {
			body = append(body, t)
		}
		if body == nil {
			return "", n + 1
		}
		return strings.Join(body, "\n") + "\n", n + 1
	}
	return lineEnd(rest), 0
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
	_, n := utf8.DecodeRuneInString(s)
	return s[:n], s[n:]
}

// delimiters are tried in this order when a banner is printed.
var delimiters = strings.Split("^C # @ % $ ~ | + = & * ; ! ? / \\ < > ( ) [ ] { } ` ' \" , : . - _ Z Y X W V U T S R Q 9 8 7 6 5 § ¤ ¶ µ", " ")

// RenderBanner prints a banner with a delimiter that its text does not hold.
func RenderBanner(kind, text string) []string {
	delim := delimiters[0]
	for _, d := range delimiters {
		if !strings.Contains(text, d) {
			delim = d
			break
		}
	}
	out := append([]string{"banner " + kind + " " + delim}, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
	return append(out, delim)
}

// FitsBanner reports why a text cannot be a banner, nil if it can.
func FitsBanner(text string) error {
	if plain.Typed(strings.ReplaceAll(text, "\n", "")) >= 0 {
		return Answer("% A banner cannot hold control characters or marks that turn the direction of writing")
	}
	return nil
}

func lineEnd(s string) string {
	if s == "" || strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}

// keepBanner carries a banner of a kind that is shown nowhere here.
func (l *Language) keepBanner(c *config.Config, kind string, lines []string) {
	at := l.spot(top, lines[0])
	c.Unkeep(at, "banner "+kind)
	c.Keep(at, lines[0], sameLine(lines[0]), config.Negation(lines[0]))
	at.Path = []string{lines[0]}
	for _, line := range lines[1:] {
		c.KeepText(at, line)
	}
}
