package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	httpclient "option150/platform/httpd/client"
	tftpclient "option150/platform/tftp/client"
	"option150/telephony/audit"
	"option150/telephony/phone"
)

// maxSelf bounds the file the box asks itself for.
const maxSelf = 256 << 10

// selfFetch asks the box, at an address phones ask it at, for one of its files
// over each transport that is on: both have to give the bytes that are there.
// What comes from an address of the box itself is nobody's boot.
func (b *Box) selfFetch(ctx context.Context) []audit.SelfTest {
	at := b.ownAddress()
	name, want := b.selfFile()
	if !at.IsValid() || name == "" {
		return nil
	}
	c := b.Store.Current()
	get := map[string]func(io.Writer) error{}
	if c.HTTP.Server && c.HFS.Enabled {
		port := c.HFS.Port
		if port == 0 {
			port = c.HTTP.Port
		}
		get["HTTP"] = func(w io.Writer) error {
			_, err := httpclient.Get(ctx, "http://"+net.JoinHostPort(at.String(), strconv.Itoa(int(port)))+"/"+name, w, maxSelf)
			return err
		}
	}
	get["TFTP"] = func(w io.Writer) error {
		_, err := tftpclient.Get(ctx, at.String(), name, w, maxSelf)
		return err
	}
	return fetchSelf(name, want, get)
}

// fetchSelf compares what each transport gives with what is there.
func fetchSelf(name string, want []byte, get map[string]func(io.Writer) error) (out []audit.SelfTest) {
	for _, how := range []string{"HTTP", "TFTP"} {
		f := get[how]
		if f == nil {
			continue
		}
		t := audit.SelfTest{Name: name + " by " + how}
		var got bytes.Buffer
		switch err := f(&got); {
		case err != nil:
			t.Fault = "it was not given: " + err.Error()
		case !bytes.Equal(got.Bytes(), want):
			t.Fault = fmt.Sprintf("it was given %d bytes, which are not the %d of the file", got.Len(), len(want))
		}
		out = append(out, t)
	}
	return out
}

// ownAddress is where phones ask: an address option 150 names, else the first.
func (b *Box) ownAddress() netip.Addr {
	var own []netip.Addr
	for _, i := range b.Store.Facts().Interfaces {
		for _, a := range i.Addrs {
			if a.Addr().Is4() && !a.Addr().IsLoopback() {
				own = append(own, a.Addr())
			}
		}
	}
	d := &b.Store.Current().DHCP
	for i := range d.Pools {
		for _, a := range d.Pools[i].Option150() {
			if slices.Contains(own, a) {
				return a
			}
		}
	}
	if len(own) == 0 {
		return netip.Addr{}
	}
	return own[0]
}

// selfFile is a file made from the configuration that is no single phone's.
func (b *Box) selfFile() (string, []byte) {
	if b.CNF == nil {
		return "", nil
	}
	for _, f := range b.CNF.Current().Files() {
		if _, own := phone.MACOfFile(f.Name); own || f.Fallback || len(f.Content) == 0 || len(f.Content) > maxSelf || strings.ContainsAny(f.Name, "/\\ ") {
			continue
		}
		return f.Name, f.Content
	}
	return "", nil
}
