package hfs

import (
	"errors"
	"fmt"

	"option150/platform/httpd"
	"option150/platform/listen"
	"option150/platform/message"
	"option150/telephony/advice"
)

// PFSPort is the port phones share firmware among themselves on. The box must
// never hold it. [sources/002, facts/cme.md 5.2]
const PFSPort = 4051

// Clash is a TCP port that HFS or the HTTP server may not have.
type Clash struct {
	Port   uint16
	Wanted string // who may not have it: Owner or httpd.Owner
	Owner  string // who has it, "" = unknown
}

// Error is the documented text and nothing else. [sources/000]
func (c *Clash) Error() string { return message.PortInUse }

// Lines is what the operator is told: the documented text, and below it the
// owner of the port.
func (c *Clash) Lines() []string {
	out := []string{message.PortInUse}
	if c.Owner != "" {
		who := "HFS"
		if c.Wanted == httpd.Owner {
			who = "HTTP"
		}
		out = append(out, fmt.Sprintf("%%%s: TCP port %d is held by %s", who, c.Port, c.Owner))
	}
	return out
}

// PortProblem is the rules of facts/cme.md 5.2 over the configuration
// alone, nil if it is right. others are the further endpoints of the plan; those
// of HFS and of the HTTP server among them are not looked at. Whether the two
// run does not matter for their own ports: a configuration is right or wrong
// independently of the order its lines were typed in.
func PortProblem(h Config, http httpd.Config, others []listen.Endpoint) *Clash {
	if http.Port == PFSPort {
		return &Clash{http.Port, httpd.Owner, "Peer Firmware Sharing"}
	}
	if http.Server {
		if o, ok := held(http.Port, others); ok {
			return &Clash{http.Port, httpd.Owner, o}
		}
	}
	if !h.Enabled || h.Port == 0 {
		return nil
	}
	switch o, ok := held(h.Port, others); {
	case h.Port == http.Port:
		return &Clash{h.Port, Owner, httpd.Owner}
	case h.Port == PFSPort:
		return &Clash{h.Port, Owner, "Peer Firmware Sharing"}
	case ok:
		return &Clash{h.Port, Owner, o}
	}
	return nil
}

// held tells who of the others has a TCP port.
func held(port uint16, others []listen.Endpoint) (owner string, ok bool) {
	mine := listen.Endpoint{Proto: listen.TCP, Port: port}
	for _, e := range others {
		if e.Owner != Owner && e.Owner != httpd.Owner && mine.Overlaps(e) {
			return e.Owner, true
		}
	}
	return "", false
}

// Held is the clash behind the error of a listener: another process has the
// port. nil if err is something else.
func Held(err error) *Clash {
	var le *listen.Error
	if !errors.As(err, &le) || !listen.InUse(err) || le.Endpoint.Proto != listen.TCP ||
		le.Endpoint.Owner != Owner && le.Endpoint.Owner != httpd.Owner {
		return nil
	}
	return &Clash{Port: le.Endpoint.Port, Wanted: le.Endpoint.Owner, Owner: le.Owner}
}

// Note is something that is accepted and worth a word.
type Note struct {
	Code string // of the audit
	Text string // one sentence
	Fix  advice.Fix
}

// PortNotes are what is worth a word about the ports and the home path of HFS.
func PortNotes(h Config, http httpd.Config) []Note {
	const section = "telephony-service"
	var out []Note
	port := Spec{Config: h, HTTPPort: http.Port}.EffectivePort()
	switch {
	case h.Enabled && port != PhonePort:
		n := Note{Code: "A06", Text: fmt.Sprintf("HFS is on port %d; phones ask for files on port %d only and use TFTP otherwise", port, PhonePort)}
		if http.Port != PhonePort {
			n.Fix = advice.In(section, fmt.Sprintf("hfs enable port %d", PhonePort))
		}
		out = append(out, n)
	case !h.Enabled && http.Port == PhonePort:
		out = append(out, Note{"A06", fmt.Sprintf("ip http port %d keeps HFS from having port %d of its own, the only one phones ask", PhonePort, PhonePort), advice.Set("no ip http port")})
	}
	if h.Enabled && !http.Server {
		out = append(out, Note{"A05", "hfs is enabled, down: ip http server is off", advice.Set("ip http server")})
	}
	if h.Enabled && (h.HomePath == "" || h.HomePath == "flash:" || h.HomePath == "flash:/") {
		out = append(out, Note{"M20", "the HFS home path is the root of flash:; a directory for phone files alone is safer",
			advice.Tell("Make a directory, move the files of the phones into it and name it with hfs home-path.")})
	}
	return out
}
