// Option150 gives a branch office all that a Cisco IP phone needs to come up:
// addresses, files, configuration, and a clear view of what each phone did. It
// is run like a router.
//
//	option150 lab                  a LAN with phones, nothing touched on the host
//	option150 run [--config FILE]  the appliance in the foreground
//	option150 check FILE           reads an IOS configuration and reports
//	option150 pfs FILE             what a capture or a log tells of firmware sharing
//	option150 replay FILE          show phone of a recording
//	option150 snmp                 the phones for snmpd, by pass_persist
//	option150 watch                the boxes of a fleet, on a machine that is none
//	option150 version
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"option150/cmd/option150/appliance"
	"option150/cmd/option150/lab"
	"option150/platform/capture"
	"option150/platform/console"
	"option150/platform/metrics"
	"option150/platform/settings"
)

// Set by the linker: see the Makefile.
var (
	version = "1.0.0-dev"
	commit  = "unknown"
)

const usage = `Option 150 brings up Cisco IP phones: DHCP with option 150, TFTP, HTTP on port
6970 and the phones' configuration files, run like a router.

usage: option150 lab                   a LAN with simulated phones; needs no root
       option150 lab --pfs [--mirror]  phones that share firmware among themselves
       option150 lab --ipv6            phones of both families and of IPv6 alone
       option150 run [--config FILE]   the appliance in the foreground
       option150 check FILE            what an IOS configuration would do here
       option150 pfs FILE              what a capture (pcap, pcapng) or a phone's log
                                       tells of firmware sharing
       option150 replay FILE.jsonl     what show phone said of a recorded phone
       option150 snmp [--config FILE]  the phones for snmpd, which starts this: pass_persist
       option150 watch --server URL    the boxes of a fleet, on a machine that is none
       option150 version               version, commit, Go version
`

func main() {
	capture.GiveBackTables()
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	switch args[0] {
	case "run":
		return cmdRun(args[1:])
	case "check":
		return cmdCheck(args[1:], os.Stdout)
	case "replay":
		return cmdReplay(args[1:], os.Stdout)
	case "pfs":
		return cmdPFS(args[1:], os.Stdout)
	case "snmp":
		return cmdSNMP(args[1:])
	case "watch":
		return cmdWatch(args[1:], os.Stdout)
	case "lab":
		return lab.Main(args[1:], version, commit)
	case "version", "--version", "-v":
		fmt.Printf("option150 %s commit %s %s %s/%s\n", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return 0
	case "help", "--help", "-h":
		fmt.Print(usage)
		return 0
	}
	fmt.Fprintf(os.Stderr, "option150: unknown command %q\n%s", args[0], usage)
	return 2
}

// unusable is the exit status for settings that cannot be used: another start
// would end the same way. [EX_CONFIG of sysexits.h; packaging/option150.service]
const unusable = 78

func fail(err error) int {
	fmt.Fprintf(os.Stderr, "option150: %v\n", err)
	return 1
}

// flags reads the flags of one subcommand; the error has been printed.
func flags(name string, args []string, set func(*flag.FlagSet)) (*flag.FlagSet, bool) {
	f := flag.NewFlagSet("option150 "+name, flag.ContinueOnError)
	f.SetOutput(os.Stderr)
	if set != nil {
		set(f)
	}
	return f, f.Parse(args) == nil
}

func cmdRun(args []string) int {
	var file string
	f, ok := flags("run", args, func(f *flag.FlagSet) { f.StringVar(&file, "config", "", "settings file (TOML)") })
	if !ok || f.NArg() > 0 {
		if ok {
			fmt.Fprintf(os.Stderr, "option150: run takes no arguments, %q is one\n", f.Arg(0))
		}
		return 2
	}
	s, err := settings.Load(file)
	if err == nil {
		err = console.Fit(s.Console.Device)
	}
	if err == nil {
		err = metrics.FitTLS(s.Metrics.TLS)
	}
	if err != nil {
		fail(err)
		return unusable
	}
	if err := asOwner(s.Root, file); err != nil {
		return fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	for {
		again, err := once(ctx, s)
		if err != nil {
			return fail(err)
		}
		if !again {
			return 0
		}
	}
}

// once runs the appliance until it is stopped; again says that the operator
// asked for a reload.
func once(ctx context.Context, s settings.Settings) (again bool, err error) {
	a, err := appliance.Open(appliance.Options{Settings: s, Version: version, Commit: commit})
	if err != nil {
		return false, err
	}
	err = a.Run(ctx)
	if errors.Is(err, appliance.ErrReload) {
		return true, nil
	}
	return false, err
}

// maxConfig bounds the configuration that is checked.
const maxConfig = 8 << 20

func cmdCheck(args []string, out io.Writer) int {
	f, ok := flags("check", args, nil)
	if !ok {
		return 2
	}
	if f.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: option150 check FILE")
		return 2
	}
	in := os.Stdin
	if f.Arg(0) != "-" {
		file, err := os.Open(f.Arg(0))
		if err != nil {
			return fail(err)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxConfig+1))
	switch {
	case err != nil:
		return fail(err)
	case len(text) > maxConfig:
		return fail(fmt.Errorf("%s: larger than %d bytes", f.Arg(0), maxConfig))
	}
	clean, err := appliance.Check(string(text), out)
	if err != nil {
		return fail(err)
	}
	if !clean {
		return 1
	}
	return 0
}
