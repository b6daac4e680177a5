package e2e

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"option150/platform/testkit"
)

// noise is content that no client may change, of a size that is no multiple of
// a block.
func noise(size int) []byte {
	r := rand.NewChaCha8([32]byte{150})
	b := make([]byte, size)
	_, _ = r.Read(b)
	return b
}

// TestForeignClientsFetchTheSameBytes: curl over HTTP, tftp-hpa and atftp over
// TFTP, the generated file and one of flash:, byte for byte.
func TestForeignClientsFetchTheSameBytes(t *testing.T) {
	t.Parallel()
	curl := testkit.NeedProgram(t, "curl", "curl")
	firmware := noise(200_001)
	w := newWorld(t, setup{flash: map[string][]byte{"P00308010200.bin": firmware}})
	dir := t.TempDir()
	fetched := func(name, by string, args ...string) []byte {
		t.Helper()
		out := filepath.Join(dir, filepath.Base(by)+"-"+name)
		for i, a := range args {
			args[i] = strings.NewReplacer("OUT", out, "NAME", name).Replace(a)
		}
		if text, err := w.command(by, args...); err != nil {
			t.Errorf("%s %q: %v\n%s", by, args, err, text)
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Errorf("%s: %v", by, err)
		}
		return b
	}
	for _, name := range []string{"P00308010200.bin", "SEP001E7A000001.cnf.xml"} {
		want := fetched(name, curl, "-sf", "-o", "OUT", "http://10.150.0.1:6970/NAME")
		if name == "P00308010200.bin" && !bytes.Equal(want, firmware) || len(want) == 0 {
			t.Errorf("%s: curl has %d bytes", name, len(want))
		}
		t.Run("tftp "+name, func(t *testing.T) {
			tftp := testkit.NeedProgram(t, "tftp", "tftp-hpa")
			if got := fetched(name, tftp, "-m", "binary", "10.150.0.1", "-c", "get", "NAME", "OUT"); !bytes.Equal(got, want) {
				t.Errorf("%d bytes, want %d", len(got), len(want))
			}
		})
		t.Run("atftp "+name, func(t *testing.T) {
			atftp := testkit.NeedProgram(t, "atftp", "atftp")
			for _, more := range [][]string{nil, {"--option", "blksize 1428", "--option", "tsize 0"}, {"--option", "windowsize 8"}} {
				os.Remove(filepath.Join(dir, "atftp-"+name))
				got := fetched(name, atftp, append(more, "--get", "--remote-file", "NAME", "--local-file", "OUT", "10.150.0.1")...)
				if !bytes.Equal(got, want) {
					t.Errorf("%q: %d bytes, want %d", more, len(got), len(want))
				}
			}
		})
	}
}

// TestCurlIsAnsweredAsTheTableSays: 200, 404, HEAD, a range; the HTTP server's
// own port first without HFS, then with it.
func TestCurlIsAnsweredAsTheTableSays(t *testing.T) {
	t.Parallel()
	curl := testkit.NeedProgram(t, "curl", "curl")
	w := newWorld(t, setup{flash: map[string][]byte{"ringlist.xml": []byte("<CiscoIPPhoneRingList/>\n")}})
	check := func(want string, args ...string) {
		t.Helper()
		out, err := w.command(curl, append([]string{"-s"}, args...)...)
		if out = strings.ReplaceAll(out, "\r", ""); err != nil || !strings.Contains(out, want) {
			t.Errorf("curl %q: %v, want %q in\n%s", args, err, want, out)
		}
	}
	const status = "%{http_code} %{size_download}"
	files := func(port string) {
		t.Helper()
		at := "http://10.150.0.1:" + port + "/"
		check("200 24", "-o", "/dev/null", "-w", status, at+"ringlist.xml")
		check("<CiscoIPPhoneRingList/>\n", at+"RINGLIST.XML")
		check("404 ", "-o", "/dev/null", "-w", status, at+"nothing.xml")
		check("HTTP/1.1 200 OK\n", "-I", at+"ringlist.xml")
		check("Content-Length: 24\n", "-I", at+"ringlist.xml")
		check("HTTP/1.1 206 Partial Content\n", "-i", "-r", "1-5", at+"ringlist.xml")
		check("Cisco", "-r", "1-5", at+"ringlist.xml")
		check("Content-Range: bytes 1-5/24\n", "-i", "-r", "1-5", at+"ringlist.xml")
		check("200 24", "-0", "-o", "/dev/null", "-w", status, at+"ringlist.xml")
		check("405 ", "-X", "PUT", "-d", "x", "-o", "/dev/null", "-w", status, at+"ringlist.xml")
		check("403 ", "--path-as-is", "-o", "/dev/null", "-w", status, at+"../nvram/startup-config")
	}
	files("6970")
	check("200 ", "-o", "/dev/null", "-w", status, "http://10.150.0.1/")
	check("404 ", "-o", "/dev/null", "-w", status, "http://10.150.0.1/ringlist.xml")
	w.Login().Configure("telephony-service", "hfs enable")
	files("80")
	check("200 ", "-o", "/dev/null", "-w", status, "http://10.150.0.1/")
	if out, err := w.command(curl, "-s", "http://10.150.0.1:6970/"); err == nil {
		t.Errorf("6970 still answers: %s", out)
	}
}
