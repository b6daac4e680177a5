package terminal

import (
	"regexp"
	"strings"
)

// CompileFilter compiles an expression as IOS filters know it: Go's syntax,
// and an underscore stands for a delimiter, the beginning or the end of the
// line, or itself.
func CompileFilter(expr string) (func(line string) bool, error) {
	re, err := regexp.Compile(widen(expr))
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

// widen replaces underscores outside of brackets and behind no backslash.
func widen(expr string) string {
	var b strings.Builder
	class := false
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case c == '\\' && i+1 < len(expr):
			b.WriteByte(c)
			i++
			b.WriteByte(expr[i])
			continue
		case c == '_' && !class:
			b.WriteString(`(?:^|$|[ ,{}()_])`)
			continue
		case c == '[':
			class = true
		case c == ']':
			class = false
		}
		b.WriteByte(expr[i])
	}
	return b.String()
}
