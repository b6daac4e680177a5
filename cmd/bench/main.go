// Bench measures Option 150 beside the servers it replaces, in one run, and
// prints ratios: nginx for HTTP, tftpd-hpa and dnsmasq for TFTP, dnsmasq for
// DHCP, and the aims of the project for start, memory and size. `make bench`
// builds the box and runs it.
//
//	option150 / nginx / in.tftpd / dnsmasq        this program again, as `load`
//	+--------------------------+                  +---------------------------+
//	| 10.150.0.1  eth0         |---- switch ----- | eth0 10.150.0.2           |
//	| a network namespace each |                  | 10.151.0.0/16: a thousand |
//	+--------------------------+                  | phones' addresses         |
//	                                              +---------------------------+
//
// `make lossy` has programs that others wrote (atftp, tftp-hpa, curl, busybox, pin)
// fetch files over a line in this program that loses and reorders frames.
//
// Every server has a namespace, a switch and a load generator of its own and
// is a separate process; what is compared is measured in turn, round by round,
// and medians are printed. No root is needed and nothing is left behind. Where
// a peer is not installed its column says which Debian package has it.
//
// Follows facts/files.md 3.4 and 12, facts/dhcp.md 5.4 and 10. The load is made
// by clients written here, so that the box is not judged by its own code.
// Processor time is that of the server's processes from /proc, memory their
// resident set (of children only what they do not share).
//
// Failure: one line and exit status 1; a figure that could not be measured is
// printed as such with the reason. Absolute figures depend on the machine and
// on what else it does; compare ratios. Testing: the clients are tested
// against small servers in this package.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"option150/platform/netns"
)

// The other lives of this program, as its first argument.
const (
	asLoad = "load" // makes load in the namespace of the clients, see load.go
	asShim = "shim" // becomes a peer, see shim.go
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case asLoad:
			os.Exit(loadMain())
		case asShim:
			os.Exit(shimMain(os.Args[2:]))
		case asPin:
			os.Exit(pinMain(os.Args[2:]))
		}
	}
	os.Exit(benchMain())
}

// options are the flags.
type options struct {
	binary string
	json   string
	dir    string
	rounds int
	quick  bool
	only   string
}

func benchMain() int {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/option150", "the box to measure")
	flag.StringVar(&o.json, "json", "", "also write the figures to this file")
	flag.StringVar(&o.dir, "dir", "", "where files and bindings are kept meanwhile, on the disk that is to be measured; default: the directory for temporary files")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of each measurement; the median is printed")
	flag.BoolVar(&o.quick, "quick", false, "one short round of each, to see that everything works")
	flag.StringVar(&o.only, "only", "", "only these sections, separated by commas: "+sectionNames())
	flag.Parse()
	if flag.NArg() > 0 || o.rounds < 1 || o.rounds > 100 {
		flag.Usage()
		return 2
	}
	inside, status, err := netns.Enter(netns.Options{Name: "bench"})
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	if !inside {
		return status
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// run measures section by section and prints the report.
func run(ctx context.Context, o options) error {
	b, err := newBench(o)
	if err != nil {
		return err
	}
	defer b.close()
	start := time.Now()
	for _, s := range append(slices.Clone(sections), planner, lossy, takeover) {
		if !s.wanted(o.only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "bench: %s ...\n", s.about)
		if err := s.measure(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", s.about, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	b.report.Seconds = time.Since(start).Seconds()
	b.report.print(os.Stdout)
	if o.json != "" {
		return b.report.write(o.json)
	}
	return nil
}
