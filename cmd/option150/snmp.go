package main

import (
	"flag"
	"fmt"
	"os"

	"option150/platform/metrics/mib"
)

// settingsFile is that of the package; see packaging/option150.service.
const settingsFile = "/etc/option150/option150.toml"

// cmdSNMP answers snmpd, which starts it and asks on its standard input.
func cmdSNMP(args []string) int {
	s := mib.Source{}
	f, ok := flags("snmp", args, func(f *flag.FlagSet) {
		f.StringVar(&s.Config, "config", settingsFile, "settings file of the box: [metrics] says where it is asked")
		f.StringVar(&s.Login, "login", "", "file with user:password, where [metrics] has a user")
		f.StringVar(&s.CA, "ca", "", "file with the certificate (PEM), or that of who signed it, where [metrics] has tls")
	})
	if !ok || f.NArg() > 0 {
		if ok {
			fmt.Fprintf(os.Stderr, "option150: snmp takes no arguments, %q is one\n", f.Arg(0))
		}
		return 2
	}
	if err := s.Serve(os.Stdin, os.Stdout); err != nil {
		return fail(err)
	}
	return 0
}
