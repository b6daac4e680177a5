package grammar_test

import (
	"fmt"
	"strings"

	"option150/cli/grammar"
)

// A declaration becomes what the operator types, asks, mistypes and reads back.
func Example() {
	config := grammar.NewGraph()
	port := config.MustAdd(`ip("IP settings") http("HTTP server") port("Port") <port:1-65535>("TCP port")`,
		nil, "set the port", grammar.Options{Negatable: true})
	config.MustAdd(`ip http server("Enable the server")`, nil, "serve", grammar.Options{Negatable: true})

	r := config.Match("ip ht p 6970", 15)
	fmt.Println(r.Kind, r.Action, r.Args.Int("port"))

	prompt, line := "Router(config)#", "ip http port 99999"
	r = config.Match(line, 15)
	fmt.Println(prompt + line)
	fmt.Println(strings.Repeat(" ", len(prompt)+r.Offset) + "^")

	for _, l := range config.Help("ip http ", 15).Lines(80) {
		fmt.Println(l)
	}
	rest, _ := config.Complete("ip http ser", 15)
	fmt.Printf("%q\n", rest)

	text, _ := port.Render(grammar.Args{"port": 6970})
	fmt.Println(text)
	fmt.Println(port)
	// Output:
	// ok set the port 6970
	// Router(config)#ip http port 99999
	//                             ^
	//   port    Port
	//   server  Enable the server
	// "ver "
	// ip http port 6970
	// ip http port <1-65535>
}
