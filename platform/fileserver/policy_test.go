package fileserver

import (
	"strings"
	"testing"
	"time"

	"option150/platform/flash"
)

// What is a configuration by its content is served under no name.
func TestConfigurationByContent(t *testing.T) {
	for text, want := range map[string]bool{
		"!\nversion 15.2\nhostname A\n":                                       true,
		"!\r\n! Last configuration change\r\n!\r\nversion 15.2\r\n":           true,
		"Building configuration...\n\nCurrent configuration : 300 bytes\n!\n": true,
		"version 12.4\nservice timestamps log uptime\n":                       true,
		"<device>\n<version>1</version>\n":                                    false,
		"!hello\nworld\n":                                                     false,
		"":                                                                    false,
		"\r!\r\nversion 15.2\n":                                               true,
		"SCCP41.9-4-2SR2-2S.loads":                                            false,
	} {
		if got := configuration(&flash.File{Whole: []byte(text)}); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	// One that is too large to be read at once.
	f, err := flash.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.WriteFile("big", []byte("!\nversion 15.2\n"+strings.Repeat("!\n", flash.SmallFile))); err != nil {
		t.Fatal(err)
	}
	big, err := f.Fetch("", "big", time.Time{})
	if err != nil || big.Whole != nil || !configuration(big) {
		t.Errorf("large: %v", err)
	}
	if err == nil {
		_ = big.Close()
	}
}
