package language_test

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad: whatever a file holds, loading it ends, and what is printed of it
// loads as the same value and prints the same again.
func FuzzLoad(f *testing.F) {
	b := newBox(f)
	files, _ := filepath.Glob(filepath.Join(configs, "*.txt"))
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, s := range []string{
		"", "\n", "!", "end", "hostname X\r\n", "banner motd #", "banner motd ##", "banner exec ^C\n^C", "ba m \x00a\x00",
		"interface gi0/0\n ip address 10.0.0.1 255.0.0.0\nno interface gi0/0\n", "no no no\n", "default default\n",
		"ephone 1\nephone 2\n button 1:1\n", "line vty 0 15\nline vty 3\n length 0\nno line vty 2\n", "exit\nexit\n",
		" a\n  b\n c\n", "\ta\n\t\tb\n", "ip dhcp pool \"a b\"\n network 10.0.0.0 /8\n", "ephone-dn 1 dual-line\n foo\nephone-dn 1 octo-line\n",
		"archive\n log config\n  hidekeys\n foo\n", "voice service voip\n sip\n  x\nfoo\n", "R(config)#foo\nR#", "no foo\nfoo\nfoo bar\nno foo\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rep, err := b.Candidate(text, b.factory, b.refuse)
		if err != nil {
			return // beyond the bounds
		}
		if err := b.refuse(rep.Config); err != nil {
			t.Fatalf("a candidate does not validate: %v", err)
		}
		b.stable(t, rep)
	})
}
