package archive

import (
	"regexp"
	"slices"
	"strings"
)

// keyWords stand before a secret; it is what follows them in the line.
var keyWords = []string{"secret", "password", "key", "key-string", "key-hash", "community", "passphrase", "credential", "credentials", "pin", "psk", "md5", "sha", "hmac-sha-256"}

// keyEnds and keyParts make a word one of those: `authentication-key`,
// `service phone sshPassword`.
var (
	keyEnds  = []string{"-key", "-psk", "-pin"}
	keyParts = []string{"password", "passwd", "passphrase", "secret"}
)

// after are commands whose secret has no word before it: it follows so many
// words behind the first.
var after = []struct {
	begins []string
	words  int
}{
	{[]string{"snmp-server", "host"}, 3},
	{[]string{"standby", "", "authentication"}, 3},
	{[]string{"vrrp", "", "authentication"}, 3},
	{[]string{"glbp", "", "authentication"}, 3},
	{[]string{"isdn", "spid1"}, 2}, {[]string{"isdn", "spid2"}, 2},
}

var word = regexp.MustCompile(`\S+`)

// inURL is a name and a password in an address.
var inURL = regexp.MustCompile(`(://[^\s/:@]*):[^\s/@]*@`)

// Secret is where in a line that what is secret begins; false: there is nothing.
// A digit that says the type of a hash is none.
func Secret(line string) (at int, ok bool) {
	w := word.FindAllStringIndex(line, -1)
	of := func(i int) string { return strings.ToLower(line[w[i][0]:w[i][1]]) }
	first := 0
	if len(w) > 0 && of(0) == "no" {
		first = 1
	}
	for _, c := range after {
		fits := len(w) > first+c.words
		for i, b := range c.begins {
			fits = fits && (b == "" || of(first+i) == b)
		}
		if fits {
			return w[first+c.words][0], true
		}
	}
	for i := 0; i+1 < len(w); i++ {
		if !isKeyWord(of(i)) {
			continue
		}
		if t := of(i + 1); len(t) == 1 && t[0] >= '0' && t[0] <= '9' && i+2 < len(w) {
			i++
		}
		return w[i+1][0], true
	}
	return 0, false
}

// HideKeys replaces what is secret in a line by asterisks.
func HideKeys(line string) string {
	if at, ok := Secret(line); ok {
		line = strings.TrimRight(line[:at], " \t") + " *****"
	}
	return inURL.ReplaceAllString(line, "$1:*****@")
}

func isKeyWord(s string) bool {
	return slices.Contains(keyWords, s) ||
		slices.ContainsFunc(keyEnds, func(e string) bool { return strings.HasSuffix(s, e) }) ||
		slices.ContainsFunc(keyParts, func(p string) bool { return strings.Contains(s, p) })
}
