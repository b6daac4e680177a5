package config

import (
	"errors"
	"fmt"
	"strings"

	"option150/hfs"
	"option150/platform/listen"
	"option150/platform/message"
)

// Explain is what an operator reads of a refused change, "" if the error is
// none of a rule or an endpoint. A port that is taken is answered with the
// documented text, whoever holds it, the configuration itself or a foreign
// process; a second line names the holder. [sources/000]
func Explain(err error) string {
	var ref *Refused
	if errors.As(err, &ref) {
		if p := ref.Problems[0]; p.Kind == PortClash {
			return p.Text
		}
		if strings.HasPrefix(ref.Problems[0].Text, "%") {
			return ref.Problems[0].Text // a fixed answer
		}
		return "% " + capital(ref.Error())
	}
	if k := hfs.Held(err); k != nil {
		return strings.Join(k.Lines(), "\n")
	}
	var le *listen.Error
	if !errors.As(err, &le) {
		return ""
	}
	switch {
	case listen.InUse(err):
		text := portTaken(le.Endpoint, le.Owner)
		if le.Cure != "" {
			text += "\n%" + capital(le.Cure)
		}
		return text
	case listen.Denied(err):
		return fmt.Sprintf("%% Port %d needs the right to bind ports below 1024 (CAP_NET_BIND_SERVICE)", le.Endpoint.Port)
	}
	return ""
}

func portTaken(e listen.Endpoint, holder string) string {
	if holder == "" {
		holder = "another process"
	}
	return fmt.Sprintf("%s\n%%%s: %s port %d is held by %s", message.PortInUse, e.Owner, strings.ToUpper(string(e.Proto)), e.Port, holder)
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
