package simphone

import (
	"context"
	"encoding/xml"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Pages are the web pages of a phone: what it says of itself once it is up. Use
// Phone.Pages. [facts/phones.md 7]
type Pages struct {
	spec Spec
	n    nature
	on   *atomic.Int32 // where it is registered, counted from 1

	mu   sync.Mutex
	up   bool
	last Outcome
}

// Pages are the pages of the phone; they say nothing until Up.
func (p *Phone) Pages() *Pages { return &Pages{spec: p.spec, n: p.n, on: &p.on} }

// Up tells the pages how a boot ended. A phone that is stuck shows none.
func (w *Pages) Up(o Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up, w.last = o.Kind == Provisioned, o
}

// Serve answers on port 80 of the phone until the context ends. in opens the
// socket where the phone is, as Options.In.
func (w *Pages) Serve(ctx context.Context, in func(func() error) error) error {
	var l net.Listener
	if err := in(func() (err error) { l, err = net.Listen("tcp4", ":80"); return err }); err != nil {
		return err
	}
	s := &http.Server{Handler: w, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { s.Close() })()
	_ = s.Serve(l)
	return ctx.Err()
}

// ServeHTTP implements http.Handler.
func (w *Pages) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	o, up := w.last, w.up
	w.mu.Unlock()
	if !up || o.Settings.WebAccess == "1" {
		http.NotFound(out, r)
		return
	}
	var root string
	var fields [][2]string
	add := func(name, value string) { fields = append(fields, [2]string{name, value}) }
	switch r.URL.Path {
	case "/DeviceInformationX":
		root = "DeviceInformation"
		add("MACAddress", strings.TrimPrefix(w.spec.MAC.Device(), "SEP"))
		add("HostName", w.spec.MAC.Device())
		add("versionID", o.Load)
		add("serialNumber", fmt.Sprintf("FCH15%02X%02X%02X", w.spec.MAC[3], w.spec.MAC[4], w.spec.MAC[5]))
		add("modelNumber", "CP-"+w.n.model.Keyword)
	case "/NetworkConfigurationX":
		root = "NetworkConfiguration"
		if len(o.Servers) > 0 {
			add("TFTPServer1", o.Servers[0].String())
		}
		for i, c := range o.Settings.CallControl {
			if int32(i) == w.on.Load()-1 {
				c += "  Active"
			}
			add(fmt.Sprintf("CallManager%d", i+1), c)
		}
	case "/PortInformationX":
		root = "PortInformation"
		add("CDPNeighborDeviceId", "access-1")
		add("CDPNeighborPort", fmt.Sprintf("GigabitEthernet1/0/%d", w.spec.MAC[5]))
	default:
		http.NotFound(out, r)
		return
	}
	out.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(out, "%s<%s>", xml.Header, root)
	for _, f := range fields {
		fmt.Fprintf(out, "<%s>", f[0])
		_ = xml.EscapeText(out, []byte(f[1]))
		fmt.Fprintf(out, "</%s>\n", f[0])
	}
	fmt.Fprintf(out, "</%s>", root)
}
