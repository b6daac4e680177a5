package settings

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	good := `root = "/srv/box"
[[interfaces]]
name = "gi0/0"
device = "eth0"
managed = true
[console]
device = "none"
[ssh]
listen = "127.0.0.1:2222"
`
	s, err := Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	if s.Root != "/srv/box" || s.Interfaces[0].Name != "GigabitEthernet0/0" || !s.Interfaces[0].Managed || s.Console.Speed != 9600 {
		t.Errorf("got %+v", s)
	}
}

func TestErrorsNameTheirLine(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", "root = \"/x\"\nhostnam = \"a\"\n", `line 2: unknown key "hostnam"`},
		{"unknown key in a table", "[console]\ndevice = \"stdio\"\nsped = 9600\n", `line 3: unknown key "console.sped"`},
		{"unknown table", "\n[extra]\na = 1\n", `line 2: unknown key "extra"`},
		{"unknown key in an entry", "[[interfaces]]\nname = \"Gi0/0\"\ndevice = \"e\"\nspeed = 1\n", `line 4: unknown key "interfaces.speed"`},
		{"syntax", "\nroot \"/x\"\n", "line 2: "},
		{"bad name", "[[interfaces]]\nname = \"eth\"\ndevice = \"e\"\n", `"eth" is not the name of an interface`},
		{"no device", "[[interfaces]]\nname = \"Gi0/0\"\n", "device is missing"},
		{"twice", "[[interfaces]]\nname = \"Gi0/0\"\ndevice = \"e\"\n[[interfaces]]\nname = \"Gi0/0\"\ndevice = \"f\"\n", "used twice"},
		{"bad listen", "[ssh]\nlisten = \"here\"\n", `ssh.listen: "here" is not address:port`},
		{"empty root", "root = \"\"\n", "root is empty"},
	} {
		_, err := Parse(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %v", c.name, err)
		}
	}
	if _, err := Load("/nonexistent/option150.toml"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("missing file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("root = \"/x\"\n[console]\nspeed = 9600\n")
	f.Add("[[interfaces]]\nname='Gi0/0'\n")
	f.Fuzz(func(t *testing.T, text string) { _, _ = Parse(text) })
}
