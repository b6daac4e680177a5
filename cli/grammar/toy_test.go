package grammar

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// ifname is an interface name: `gi0/0`, `Gi 0/0`, `GigabitEthernet0/0`.
type ifname struct{}

func (ifname) Label() string       { return "IFNAME" }
func (ifname) Rank() int           { return RankHost }
func (ifname) Format(v any) string { return fmt.Sprint(v) }
func (ifname) Span(tokens []string) int {
	if len(tokens) > 1 && strings.Trim(strings.ToLower(tokens[0]), "abcdefghijklmnopqrstuvwxyz") == "" && tokens[1][0] >= '0' && tokens[1][0] <= '9' {
		return 2
	}
	return 1
}
func (ifname) Parse(s string) (any, error) {
	at := strings.IndexAny(s, "0123456789")
	if at < 1 {
		return nil, errors.New("no number")
	}
	word := strings.ToLower(strings.TrimRight(s[:at], " \t"))
	if !strings.HasPrefix("gigabitethernet", word) || strings.Trim(s[at:], "0123456789/") != "" {
		return nil, errors.New("no interface")
	}
	return "GigabitEthernet" + s[at:], nil
}

// pool is the name of a DHCP pool: a word, some of which exist.
type pool struct{ word }

func (pool) Complete(prefix string) []string {
	return []string{"VOICE", "DATA", "VIDEO", "with blank", "VOICE"}
}

func toyTypes() Types {
	return Builtin().With(Types{"IFNAME": ifname{}, "POOL": pool{}})
}

// declare adds lines of `action options: syntax`; options are letters: n
// negatable, h hidden, 1 and 15 the level.
func declare(t testing.TB, text string) *Graph {
	t.Helper()
	g := NewGraph()
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		head, syntax, _ := strings.Cut(l, ": ")
		action, options, _ := strings.Cut(head, " ")
		s, err := Parse(syntax, toyTypes())
		if err != nil {
			t.Fatal(err)
		}
		o := Options{
			Negatable: strings.Contains(options, "n"),
			NoDefault: strings.Contains(options, "d"),
			Hidden:    strings.Contains(options, "h"),
			Level:     1,
		}
		if strings.Contains(options, "15") {
			o.Level = 15
		}
		if err := g.Try(s, action, o); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// execText is an exec mode in small.
const execText = "" +
	"version: show(\"Show running system information\") version(\"Versions\") [ `|`(\"Output modifiers\") <filter:LINE>(\"Filter\") ]\n" + `
	ipint: show ip("IP information") interface("Interfaces") [<if:IFNAME>("Interface name")] [brief$brief("One line each")]
	iproute: show ip route("Routes")
	inventory: show inventory("Parts")
	clock: show clock("The time")
	async: show async("Asynchronous lines")
	pools: show ip dhcp("DHCP") pool("Pools") [<pool:POOL>("Pool name")]
	secret h: show internals("Internals of the box")
	run 15: show running-config("Current configuration") [interface("One interface") <if:IFNAME>("Interface name") | all$all("With defaults")]
	conf 15: configure("Enter configuration mode") terminal("From the terminal")
	connect: connect("Open a connection") <host:WORD>("Host name")
	copy 15: copy("Copy a file") <from:WORD>("Source") <to:WORD>("Destination")
	ping: ping("Send echo requests") ( <addr:A.B.C.D>("Address") | ip("IP") <addr:A.B.C.D>("Address") | <host:WORD>("Host") )
	debug 15nd: debug("Debug") tftp("TFTP") events("Events")
`

// configText is a configuration mode in small.
const configText = `
	port n: ip("IP settings") http("HTTP server") port("Port of the server") ![<port:1-65535>("TCP port")]
	server n: ip http server("Enable the server")
	excluded n: ip dhcp("DHCP") excluded-address("Never offer these") <low:A.B.C.D>("First") [<high:A.B.C.D>("Last")]
	pool n: ip dhcp pool("A pool") <pool:POOL>("Pool name")
	lookup n: ip domain-lookup("Ask name servers")
	v6 n: ipv6("IPv6 settings") unicast("Forward")
	logging n: logging("Logging") ( host("Server") <host:A.B.C.D>("Address") | buffered("To memory") [<size:4096-2147483647>("Bytes")] )
	loghost n: logging <host:A.B.C.D>("Address")
	hostname n: hostname("Name of the box") <name:WORD>("Name")
	desc n: description("Say what it is") <text:LINE>("Text")
	name n: name("Name to show") <name:STRING>("Name") [label("Label") <label:STRING>("Label")]
	option n: option("DHCP option") <code:0-254>("Code") ( ip("Addresses") <ip:A.B.C.D>("Server")+8 | ascii("Text") <text:LINE>("Text") )
	network n: network("Subnet") <net:A.B.C.D>("Number") [<mask:MASK>("Mask")]
	dn n: number("Number") <number:WORD>("Digits") { secondary("Second number") <second:WORD>("Digits") | no-reg$reg("Do not register") ( both$which("Both") | primary$which("First") ) | label("Label") <label:WORD>("Text") }
	source n: source-interface("Interface to use") <if:IFNAME>("Interface name")
	speed n: speed("Speed") ( auto$speed("Negotiate") | <speed:1-1000>("Mbit/s") | 10half$speed("Old") )
	acl n: access("Access") ( <list:1-99>("Standard") permit("Allow") | <list:50-199>("Any") deny("Refuse") )
`
