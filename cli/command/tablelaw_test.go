package command

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
)

// tableModes are the modes in which phones are configured.
var tableModes = []string{modeTelephony, modeEphone, modeEphoneDN, modeEphoneTemplate, modeEphoneType, modeGlobal, modeDN, modeRegisterPool, modeRegisterTemplate,
	modeDialplan, modePoolType, modeUserProfile, modeLogoutProfile, modeAutoRegister, modeGateway}

// tableHeads are the commands of other modes that belong to them.
var tableHeads = map[string]*regexp.Regexp{
	language.Global: regexp.MustCompile(`^(ip http|tftp-server|ip tftp|ip dhcp (excluded-address|pool)|telephony-service|ephone|voice (register|user-profile|logout-profile|service)|voice-gateway)\b`),
	modePool:        regexp.MustCompile(`^(network|default-router|dns-server|domain-name|option|lease|host|hardware-address|client-identifier|next-server|bootfile)\b`),
	language.Exec:   regexp.MustCompile(`^(show (telephony-service|ephone|voice register|flash:|provisioning)|more|dir|mkdir|delete|copy|archive|debug (tftp|cme-hfs|ephone|voice)|clear telephony-service|phone)\b`),
}

var (
	typedAt   = regexp.MustCompile(`^[A-Za-z][\w.-]*(?:\(([\w-]+)\))?([#>])(.*)$`)
	startupAs = regexp.MustCompile(`^#: startup (.*)$`)
)

// TestEveryCommandHasATranscript: each command with which phones are configured,
// and each with which they are looked at, is typed in some transcript, at its
// prompt or as a line of a startup-config: what it answers there is what was
// read and found right.
func TestEveryCommandHasATranscript(t *testing.T) {
	b, f := testBox(t)
	l := b.Language
	done := map[*language.Declaration]bool{}
	mark := func(r grammar.Result) bool {
		d, ok := r.Action.(*language.Declaration)
		if ok && r.Kind == grammar.OK {
			done[d] = true
			return true
		}
		return false
	}
	files, err := filepath.Glob("../../testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cur, cfg := l.NewCursor(privileged, l.Graph), config.Default(f)
		for line := range strings.Lines(string(text)) {
			line = strings.TrimRight(line, "\r\n")
			if m := startupAs.FindStringSubmatch(line); m != nil {
				p := cur.Place(cfg, m[1])
				switch mark(p.Result); p.What {
				case language.Command:
					if next := cfg.Clone(); l.Perform(next, p) == nil {
						cfg = next
						cur.Took(p)
					} else {
						cur.Refused(p)
					}
				case language.Nothing:
				default:
					cur.Took(p)
				}
				continue
			}
			m := typedAt.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			typed, _, _ := strings.Cut(m[3], " | ")
			mode := m[1]
			if mode == "" {
				mode = language.Exec
			}
			if rest, do := strings.CutPrefix(typed, "do "); do {
				mode, typed = language.Exec, rest
			}
			for _, in := range []string{mode, language.Global} {
				if g := l.Graph(in); g != nil && mark(g.Match(typed, privileged)) || mode == language.Exec {
					break
				}
			}
		}
	}
	for _, mode := range l.Modes() {
		head, some := tableHeads[mode.Name]
		for _, d := range l.Declarations(mode.Name) {
			if d.Syntax == "" { // texts
				continue
			}
			words := d.Usage()
			if done[d] || d.Hidden || d.Free || !slices.Contains(tableModes, mode.Name) && !(some && head.MatchString(words)) {
				continue
			}
			t.Errorf("%s: no transcript types %s", mode.Name, words)
		}
	}
}
