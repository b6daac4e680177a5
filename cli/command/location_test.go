package command

import (
	"strings"
	"testing"
)

func TestParseLocation(t *testing.T) {
	for in, want := range map[string]location{
		"flash:x":                       {fs: fsFlash, path: "x"},
		"FLASH:/a//b/":                  {fs: fsFlash, path: "a/b"},
		"flash:":                        {fs: fsFlash},
		"bootflash:x":                   {fs: fsFlash, path: "x"},
		"nvram:startup-config":          startupConfig,
		"nvram:/startup-config":         startupConfig,
		"system:/running-config":        runningConfig,
		"system:running-config":         runningConfig,
		"null:":                         {fs: fsNull},
		"tftp:":                         {fs: fsTFTP},
		"tftp:x":                        {fs: fsTFTP, path: "x"},
		"tftp://10.0.0.1":               {fs: fsTFTP, host: "10.0.0.1"},
		"tftp://10.0.0.1/a/b.cfg":       {fs: fsTFTP, host: "10.0.0.1", path: "a/b.cfg"},
		"tftp://10.0.0.1:6969/x":        {fs: fsTFTP, host: "10.0.0.1:6969", path: "x"},
		"http://www.example.net:80/x?y": {fs: fsHTTP, host: "www.example.net:80", path: "/x?y"},
	} {
		got, err := parseLocation(in, false)
		if err != nil || got != want {
			t.Errorf("%s: %+v %v", in, got, err)
		}
	}
	if l, err := parseLocation("a/b", true); err != nil || l != (location{fs: fsFlash, path: "a/b"}) {
		t.Errorf("a bare name: %+v %v", l, err)
	}
	for _, bad := range []string{"", "x", "x y", "flash:../x", "flash:a/../../b", "ftp://h/x", "nvram:a/b", "nvram:../x", "system:../x", "null:x", "tftp:///x", "tftp://h h/x",
		"tftp://h/\x1b[2J", "http://h@evil/x", "flash:a\x00b", "flash:" + strings.Repeat("x", 300)} {
		if l, err := parseLocation(bad, false); err == nil {
			t.Errorf("%q is read as %+v", bad, l)
		}
	}
}

// FuzzParseLocation: whatever is accepted says the same when it is written and
// read again, and never leaves its file system.
func FuzzParseLocation(f *testing.F) {
	for _, s := range []string{"flash:/a/b", "nvram:startup-config", "tftp://h:69/x", "http://h/x", "null:", "system:/its/x", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := parseLocation(s, true)
		if err != nil {
			return
		}
		again, err := parseLocation(l.String(), false)
		if err != nil || again != l {
			t.Fatalf("%q: %+v is written %q and read %+v, %v", s, l, l.String(), again, err)
		}
		if !l.remote() && strings.Contains("/"+l.path+"/", "/../") {
			t.Fatalf("%q leaves its file system: %+v", s, l)
		}
	})
}

func TestTimes(t *testing.T) {
	for in, want := range map[string]int{"5": 5, "1:30": 90, "0:05": 5, "600": 600} {
		if v, err := (delayType{}).Parse(in); err != nil || v != want {
			t.Errorf("in %s: %v %v", in, v, err)
		}
	}
	for _, bad := range []string{"", "0", "x", "1:5", "1:60", "-5", "99999999", ":5", "1:"} {
		if v, err := (delayType{}).Parse(bad); err == nil {
			t.Errorf("in %q: %v", bad, v)
		}
	}
	for in, want := range map[string]int{"00:00": 0, "18:30": 18*60 + 30, "8:05": 8*60 + 5} {
		if v, err := (hourType{}).Parse(in); err != nil || v != want {
			t.Errorf("at %s: %v %v", in, v, err)
		}
	}
	for _, bad := range []string{"24:00", "12:60", "12", "1:2", ""} {
		if v, err := (hourType{}).Parse(bad); err == nil {
			t.Errorf("at %q: %v", bad, v)
		}
	}
}
