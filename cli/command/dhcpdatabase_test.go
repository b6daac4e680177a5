package command

import (
	"context"
	"errors"
	"testing"

	"option150/dhcp"
)

// Every place that IOS can name for an agent either works here or says in the
// line's warning, in `check` and in `show ip dhcp database` that it does not:
// nothing is sent to it. rcp has no servers left, ftp and http would be a second
// and third way to do what tftp: and scp: do.
func TestAgentPlaces(t *testing.T) {
	acts := map[string]bool{"flash:b": true, "flash0:b": true, "bootflash:b": true, "slot0:b": true, "tftp://h/b": true, "scp://u:p@h/b": true,
		"ftp://u:p@h/b": false, "rcp://u@h/b": false, "http://h/b": false, "https://h/b": false, "disk0:b": false, "usbflash0:b": false}
	far := &databaseFiles{b: &Box{}} // touching anything of it would panic
	for url, works := range acts {
		if v, err := (agentType{}).Parse(url); err != nil || v != url {
			t.Errorf("%s: %v %v", url, v, err)
		}
		if why := unserved(url); (why == "") != works {
			t.Errorf("%s: %q", url, why)
		}
		if works {
			continue
		}
		_, err := far.Read(context.Background(), url)
		if err2 := far.Write(context.Background(), url, []byte("x")); !errors.Is(err, dhcp.ErrAgent) || !errors.Is(err2, dhcp.ErrAgent) {
			t.Errorf("%s: %v, %v", url, err, err2)
		}
	}
	for _, url := range []string{"nfs://h/b", "b", "nvram:b"} {
		if _, err := (agentType{}).Parse(url); err == nil {
			t.Errorf("%s is an agent", url)
		}
	}
}
