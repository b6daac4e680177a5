package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"option150/cmd/option150/appliance"
	"option150/platform/fleet"
	"option150/platform/listen"
	"option150/platform/metrics"
	"option150/platform/metrics/pages"
)

const watchUsage = `usage: option150 watch --server URL... [flags] [WHAT]

shows the boxes of a fleet, on a machine that is none. WHAT is boxes (the default),
phones, phones stuck, phones summary, phone NAME, or configuration DOMAIN/BOX: it is
shown once. With --listen there is the page and /metrics at that address until it
is stopped, and WHAT is not needed.

`

// cmdWatch looks at a fleet without being of it.
func cmdWatch(args []string, out io.Writer) int {
	var c fleet.Config
	var password, at string
	wait := 30 * time.Second
	f, ok := flags("watch", args, func(f *flag.FlagSet) {
		f.Func("server", "a member of etcd, https://HOST:2379; may be given several times", func(s string) error {
			c.Servers = append(c.Servers, s)
			return fleet.CheckServer(s)
		})
		f.StringVar(&c.Domain, "domain", "", "one domain; without it all")
		f.StringVar(&c.User, "user", "", "user of the servers, see `fleet watcher` of a box")
		f.StringVar(&password, "password-file", "", "file with the password")
		f.StringVar(&c.CA, "ca", "", "file with who signs the certificates of the servers, PEM")
		f.StringVar(&c.Certificate, "cert", "", "file with a certificate, PEM")
		f.StringVar(&c.Key, "key", "", "file with its key, PEM")
		f.StringVar(&at, "listen", "", "address for the page and /metrics, such as 127.0.0.1:9150")
		f.DurationVar(&wait, "wait", wait, "how long to wait for the servers")
		usage := f.Usage
		f.Usage = func() { fmt.Fprint(os.Stderr, watchUsage); usage() }
	})
	if !ok || len(c.Servers) == 0 || c.Domain != "" && !fleet.ValidName(c.Domain) {
		if ok {
			f.Usage()
		}
		return 2
	}
	if password != "" {
		b, err := os.ReadFile(password)
		if err != nil {
			return fail(err)
		}
		c.Password = strings.TrimRight(string(b), "\r\n")
	}
	c.ViewAll = c.Domain == ""
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	w := fleet.New(fleet.Options{ReadFile: os.ReadFile})
	defer w.Close()
	if err := w.Watch(c); err != nil {
		return fail(err)
	}
	if at != "" {
		if err := serve(ctx, w, at); err != nil {
			return fail(err)
		}
		return 0
	}
	for end := time.Now().Add(wait); ; {
		if v := w.View(); v.Answers {
			break
		} else if time.Now().After(end) {
			return fail(fmt.Errorf("the servers do not answer: %s", v.Why))
		}
		select {
		case <-ctx.Done():
			return 1
		case <-time.After(20 * time.Millisecond):
		}
	}
	text, err := watched(ctx, w, f.Args())
	if err != nil {
		return fail(err)
	}
	fmt.Fprint(out, text)
	return 0
}

// watched is what was asked for.
func watched(ctx context.Context, w *fleet.Fleet, args []string) (string, error) {
	v := w.View()
	switch what := strings.Join(args, " "); {
	case what == "" || what == "boxes":
		return fleet.ShowBoxes(v, time.Now()).String(), nil
	case what == "phones":
		return fleet.ShowPhones(v, w.Phones(nil)).String(), nil
	case what == "phones stuck":
		return fleet.ShowPhones(v, w.Phones(fleet.IsStuck)).String(), nil
	case what == "phones summary":
		return fleet.ShowSummary(v).String(), nil
	case len(args) == 2 && args[0] == "phone":
		return fleet.ShowPhone(v, w.Phones(fleet.Named(args[1]))).String(), nil
	case len(args) == 2 && args[0] == "configuration":
		b, ok := v.Find(args[1])
		if !ok {
			return "", fmt.Errorf("no box is called %s", args[1])
		}
		text, err := w.Configuration(ctx, b.ID)
		if err == nil && text == "" {
			err = fmt.Errorf("%s does not publish its configuration", b.ID)
		}
		return fleet.ShowConfiguration(text), err
	default:
		return "", fmt.Errorf("%q is nothing to be shown: boxes, phones, phones stuck, phones summary, phone NAME, configuration DOMAIN/BOX", what)
	}
}

// serve is the page and the figures, until ctx ends. The page is for this machine; the
// figures for everybody who reaches the address, as those of a box.
func serve(ctx context.Context, w *fleet.Fleet, at string) error {
	addr, err := netip.ParseAddrPort(at)
	if err != nil {
		return fmt.Errorf("--listen %s is no address with a port", at)
	}
	s := metrics.Sources{Version: version, Commit: commit, Started: time.Now(), Hostname: func() string { return "fleet" },
		Fleet:    func() (metrics.Fleet, bool) { return appliance.FleetFigures(w.View()) },
		Phones:   appliance.FleetInventory(w),
		Services: func() []metrics.Service { return appliance.FleetServices(w.View()) },
	}
	host, _ := os.Hostname()
	if s.Page, err = pages.New(pages.Sources{Sources: s, Last: func() uint64 { return uint64(w.View().Revision) }, Phone: appliance.FleetPhone(w),
		Names: func() []string { return []string{host} }}); err != nil {
		return err
	}
	m := metrics.New(s)
	defer m.Close()
	step, err := m.Prepare(ctx, nil, metrics.Spec{Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: addr.Addr(), Port: addr.Port(), Owner: metrics.Name}})
	if err != nil {
		return err
	}
	step.Commit()
	fmt.Fprintf(os.Stderr, "option150: http://%s/ and /metrics of the fleet %s\n", at, strings.Join(w.View().Servers, " "))
	<-ctx.Done()
	return nil
}
