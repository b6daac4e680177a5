package rootfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReadNamed: whatever is named, the answer comes, and no more is read than may be.
func TestReadNamed(t *testing.T) {
	was := Patience
	Patience = 50 * time.Millisecond
	t.Cleanup(func() { Patience = was })
	dir := t.TempDir()
	plain, silent, held := filepath.Join(dir, "plain"), filepath.Join(dir, "silent"), filepath.Join(dir, "held")
	if err := os.WriteFile(plain, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{silent, held} {
		if err := syscall.Mkfifo(p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w, err := os.OpenFile(held, os.O_RDWR, 0) // a writer that writes nothing
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := pw.WriteString("piped"); err != nil {
		t.Fatal(err)
	}
	pw.Close()
	for name, x := range map[string]struct{ file, text, says string }{
		"a file":           {plain, "01234", ""},
		"nothing":          {os.DevNull, "", ""},
		"no end":           {"/dev/zero", "", "a device"},
		"a terminal":       {"/dev/ptmx", "", "a device"},
		"no writer":        {silent, "", "nobody writes"},
		"a silent writer":  {held, "", "nothing comes"},
		"a directory":      {dir, "", "directory"},
		"no such file":     {filepath.Join(dir, "absent"), "", "no such file"},
		"what a shell has": {fmt.Sprintf("/proc/self/fd/%d", r.Fd()), "piped", ""},
	} {
		text, err := ReadNamed(x.file, 4)
		if string(text) != x.text || (err == nil) != (x.says == "") || err != nil && !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}
