package transcript

import (
	"fmt"
	"regexp"
	"strings"
)

// named are the keys with names of their own.
var named = map[string]string{
	"?": "?", "TAB": "\t", "SPACE": " ", "CR": "\r", "LF": "\n", "NUL": "\x00", "ESC": "\x1b", "BS": "\x7f",
	"UP": "\x1b[A", "DOWN": "\x1b[B", "RIGHT": "\x1b[C", "LEFT": "\x1b[D",
}

var keyName = regexp.MustCompile(`<(\^[A-Z^\]\\_]|[A-Z]+|\?)>`)

// press makes bytes of text with keys in it. ends tells the last key, which
// decides whether Enter has to be typed.
func press(text string) (bytes, ends string, err error) {
	var w strings.Builder
	at := 0
	for _, m := range keyName.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		key, ok := named[name]
		if name[0] == '^' {
			key, ok = string(rune(name[1]&0x1F)), true
		}
		if !ok {
			continue
		}
		w.WriteString(text[at:m[0]] + key)
		at, ends = m[1], name
	}
	if at < len(text) {
		ends = ""
	}
	if strings.ContainsAny(text[at:], "?\t") || strings.Contains(keyName.ReplaceAllString(text, ""), "?") {
		return "", "", fmt.Errorf("a question mark and a tab are keys: write <?> and <TAB>")
	}
	return w.String() + text[at:], ends, nil
}
