// Command simphone is one simulated Cisco IP phone on one interface of this
// machine: it boots, prints every step and says how it ended.
//
//	simphone -interface veth0 -model 7961 -load SCCP41.9-4-2SR3-1S
//
// It takes the interface over: the IPv4 addresses on it are removed and the
// one from DHCP is set. Give it an interface of its own (a veth or macvlan in
// a network namespace, as the lab does), never one the machine lives on; for
// that reason -interface has no default. It needs CAP_NET_ADMIN and
// CAP_NET_RAW.
//
// Exit status: 0 provisioned, 1 stuck, 2 the machine or the command line is at
// fault. SIGINT and SIGTERM end it; with -release the address is given back.
//
// Testing: go test, in a private namespace.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"option150/platform/ether"
	"option150/telephony/simphone"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// settings are the command line.
type settings struct {
	spec    simphone.Spec
	options simphone.Options
	boots   int
	live    bool
	release bool
}

func parse(args []string, errOut io.Writer) (settings, error) {
	var s settings
	fs := flag.NewFlagSet("simphone", flag.ContinueOnError)
	fs.SetOutput(errOut)
	var mac, proto, server string
	fs.StringVar(&s.options.Interface, "interface", "", "network interface to take over")
	fs.StringVar(&s.spec.Model, "model", "7961", "model, as after `type`")
	fs.StringVar(&proto, "protocol", "", "SCCP or SIP (default: that of the load)")
	fs.StringVar(&mac, "mac", "", "MAC address (default: that of the interface)")
	fs.StringVar(&s.spec.Load, "load", "", "firmware load the phone runs")
	fs.StringVar(&server, "tftp", "", "file server set by hand on the phone (alternate TFTP)")
	fs.BoolVar(&s.spec.FactoryReset, "factory-reset", false, "start in the boot loader, without an image")
	fs.BoolVar(&s.spec.Unsigned, "unsigned", false, "a 7905 or 7912 whose firmware cannot check signatures")
	fs.BoolVar(&s.spec.ForeignTrust, "foreign-trust", false, "carry the trust list of another cluster")
	fs.BoolVar(&s.options.SetMAC, "set-mac", false, "give the interface the MAC address of -mac")
	fs.Float64Var(&s.options.Pace, "pace", 1, "pauses between files: 1 as a real phone, 0 none")
	fs.IntVar(&s.boots, "boots", 1, "how often to switch the phone on")
	fs.DurationVar(&s.options.Timers.DHCP, "dhcp-wait", 4*time.Second, "first wait for a DHCP answer")
	fs.IntVar(&s.options.Timers.DHCPTries, "dhcp-tries", 4, "tries of DHCP before giving up")
	fs.BoolVar(&s.live, "live", false, "stay plugged in: renew the lease, try again when stuck")
	fs.BoolVar(&s.release, "release", false, "give the address back at the end")
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	switch {
	case fs.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case s.options.Interface == "":
		return s, errors.New("-interface is needed: the phone takes that interface over")
	case s.options.Pace < 0 || s.boots < 1:
		return s, errors.New("-pace must not be negative, -boots at least 1")
	}
	s.spec.Protocol = simphone.Protocol(proto)
	var err error
	if server != "" {
		if s.spec.AlternateTFTP, err = netip.ParseAddr(server); err != nil || !s.spec.AlternateTFTP.Is4() {
			return s, fmt.Errorf("-tftp %q is no IPv4 address", server)
		}
	}
	s.spec.MAC, err = addressOf(s.options.Interface, mac)
	return s, err
}

// addressOf is the MAC given, or that of the interface.
func addressOf(ifname, mac string) (ether.MAC, error) {
	if mac != "" {
		return ether.ParseMAC(mac)
	}
	ifi, err := net.InterfaceByName(ifname)
	if err != nil {
		return ether.MAC{}, fmt.Errorf("interface %s: %w", ifname, err)
	}
	if len(ifi.HardwareAddr) != 6 {
		return ether.MAC{}, fmt.Errorf("interface %s has no MAC address", ifname)
	}
	return ether.MAC(ifi.HardwareAddr), nil
}

// run is the program without the process.
func run(ctx context.Context, args []string, out, errOut io.Writer) (status int) {
	s, err := parse(args, errOut)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		status, err = boot(ctx, s, out)
	}
	if err != nil {
		fmt.Fprintln(errOut, "simphone:", err)
		return 2
	}
	return status
}

func boot(ctx context.Context, s settings, out io.Writer) (status int, err error) {
	start := time.Now()
	s.options.Log = func(st simphone.Step) {
		fmt.Fprintf(out, "%9.3f %s\n", st.Time.Sub(start).Seconds(), st)
	}
	p, err := simphone.New(s.spec, s.options)
	if err != nil {
		return 2, err
	}
	leased := false
	if s.live {
		err = p.Live(ctx, 0, func(o simphone.Outcome) { status, leased = statusOf(o), o.Lease.Addr.IsValid() })
	}
	for n := 0; n < s.boots && !s.live && err == nil; n++ {
		var o simphone.Outcome
		o, err = p.Boot(ctx)
		status, leased = statusOf(o), o.Lease.Addr.IsValid()
	}
	if errors.Is(err, context.Canceled) {
		status, err = 1, nil
	}
	if s.release && leased && err == nil {
		err = p.Release()
	}
	return status, err
}

func statusOf(o simphone.Outcome) int {
	if o.Kind == simphone.Provisioned {
		return 0
	}
	return 1
}
