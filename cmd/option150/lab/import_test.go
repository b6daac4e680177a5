package lab

import (
	"archive/tar"
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pin/tftp/v3"

	"option150/telephony/firmware"
	"option150/telephony/simphone"
)

// TestImportFromServers: a package comes in from a TFTP and from a HTTP server
// of another host; one that breaks off, or that is not there, leaves flash: as it
// was.
func TestImportFromServers(t *testing.T) {
	if alone(t) {
		return
	}
	l, err := New(Options{Root: t.TempDir(), SSH: "127.0.0.1:0", Pace: 0.001, Hold: true, Phones: []simphone.Spec{g3(1, "7961", load41)}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	pack := func(load string) []byte {
		files, err := firmware.Synthesise(load, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		for _, n := range slices.Sorted(maps.Keys(files)) {
			if err := w.WriteHeader(&tar.Header{Name: n, Size: int64(len(files[n])), Mode: 0o644}); err != nil {
				t.Fatal(err)
			}
			_, _ = w.Write(files[n])
		}
		w.Close()
		return out.Bytes()
	}
	served := map[string][]byte{"one.tar": pack("SCCP42.9-4-2SR3-1S"), "two.tar": pack("SCCP45.9-4-2SR3-1S"), "half.tar": pack("SCCP42.9-3-1SR2-1S")[:9000]}
	far, err := l.Host("files", netip.MustParsePrefix("10.150.0.201/24"))
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	var udp *net.UDPConn
	var tcp net.Listener
	if err := far.Do(func() (err error) {
		if udp, err = net.ListenUDP("udp4", &net.UDPAddr{Port: 69}); err == nil {
			tcp, err = net.Listen("tcp4", ":80")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	files := tftp.NewServer(func(name string, rf io.ReaderFrom) error {
		b, ok := served[strings.TrimPrefix(name, "/")]
		if !ok {
			return io.ErrUnexpectedEOF
		}
		_, err := rf.ReadFrom(bytes.NewReader(b))
		return err
	}, nil)
	files.EnableSinglePort() // its sockets are those of that host
	go func() { _ = files.Serve(udp) }()
	defer files.Shutdown()
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, ok := served[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/half") {
			w.Header().Set("Content-Length", "90000") // and breaks off
		}
		_, _ = w.Write(b)
	})}
	go func() { _ = web.Serve(tcp) }()
	defer web.Close()

	flash := func() (out []string) {
		for _, f := range l.Box.Box().Flash.Files("") {
			out = append(out, f.Path)
		}
		return out
	}
	before := flash()
	l.typed(t, "configure terminal", "file prompt quiet", "end")
	for _, bad := range []string{"tftp://10.150.0.201/none.tar", "http://10.150.0.201/none.tar", "tftp://10.150.0.201/half.tar", "http://10.150.0.201/half.tar", "http://10.150.0.202/one.tar"} {
		if out := l.typed(t, "archive import "+bad); !strings.Contains(out, "%") {
			t.Errorf("%s: %s", bad, out)
		}
		if now := flash(); !slices.Equal(before, now) {
			t.Errorf("%s left %v", bad, now)
		}
	}
	for source, load := range map[string]string{"tftp://10.150.0.201/one.tar": "SCCP42.9-4-2SR3-1S", "http://10.150.0.201/two.tar": "SCCP45.9-4-2SR3-1S"} {
		out := l.typed(t, "archive import "+source)
		if !strings.Contains(out, load+": 5 of 5 components present") || !strings.Contains(out, "!") || !strings.Contains(out, "[100%]") {
			t.Errorf("%s: %s", source, out)
		}
		if _, ok := l.Box.Box().Find(load + ".loads"); !ok {
			t.Errorf("%s is not served", load)
		}
	}
}
