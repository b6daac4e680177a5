package fileserver

import (
	"strings"
	"testing"
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
		"SCCP41.9-4-2SR2-2S.loads":                                            false,
	} {
		if got := configuration(strings.NewReader(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
