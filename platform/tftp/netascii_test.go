package tftp

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// toNetascii is the conversion done in the plainest way.
func toNetascii(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\r"), []byte("\r\x00"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}

func readBlocks(t *testing.T, content []byte, size, window int) []byte {
	t.Helper()
	a := newNetascii(bytes.NewReader(content), int64(len(content)), window)
	var all []byte
	p := make([]byte, size)
	for n := uint64(1); a.last() == 0; n++ {
		k, err := a.block(n, p)
		if err != nil {
			t.Fatal(err)
		}
		if n > uint64(window) { // go back as far as a window can, and come again
			for m := n - uint64(window) + 1; m <= n; m++ {
				if k, err = a.block(m, p); err != nil {
					t.Fatal(err)
				}
			}
		}
		all = append(all, p[:k]...)
		if (k < size) != (a.last() == n) {
			t.Fatalf("block %d of %d octets, last %d", n, k, a.last())
		}
	}
	return all
}

// CR LF and CR NUL at every edge of a block.
func TestNetascii(t *testing.T) {
	for _, text := range []string{"", "\n", "\r", "\r\n", "a\nb", "1234567\n", "1234567\r", "12345678\n", "\n\n\n\n\n\n\n\n",
		"1234567\n1234567\r\n", "no end of line", "\r\r\r\n\n\n\x00"} {
		for size := 8; size < 20; size++ {
			want := toNetascii([]byte(text))
			if got := readBlocks(t, []byte(text), size, 3); !bytes.Equal(got, want) {
				t.Errorf("%q in blocks of %d: %q", text, size, got)
			}
		}
	}
}

func FuzzNetascii(f *testing.F) {
	f.Add([]byte("line\nline\r\n"), uint8(8), uint8(1))
	f.Fuzz(func(t *testing.T, content []byte, size, window uint8) {
		got := readBlocks(t, content, 8+int(size), 1+int(window)%64)
		if want := toNetascii(content); !bytes.Equal(got, want) {
			t.Fatalf("%q instead of %q", got, want)
		}
	})
}

// A file that became shorter must not look complete.
func TestShrunkFile(t *testing.T) {
	o := newOctets(bytes.NewReader(make([]byte, 700)), 1000, 512)
	p := make([]byte, 512)
	if n, err := o.block(1, p); n != 512 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := o.block(2, p); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
	a := newNetascii(bytes.NewReader(make([]byte, 700)), 1000, 1)
	_, _ = a.block(1, p)
	if _, err := a.block(2, p); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("netascii: error %v", err)
	}
}
