package command

import (
	"strings"
	"testing"

	"option150/platform/config"
)

// The random operator does not hit names of months; these lines are held to
// the laws one by one.
func TestClockLines(t *testing.T) {
	b, f := testBox(t)
	for typed, want := range map[string]string{
		"clock timezone EST -3 30":      "clock timezone EST -3 30",
		"clock timezone UTC 0":          "clock timezone UTC 0 0",
		"clock summer-time X recurring": "clock summer-time X recurring",
		"clock summer-time X recurring 2 sunday march 2:00 first Sun Nov 02:00": "clock summer-time X recurring",
		"clock summer-time X recurring 2 Sun Mar 2:00 1 Sun Nov 2:00 30":        "clock summer-time X recurring 2 Sun Mar 2:00 1 Sun Nov 2:00 30",
		"clock summer-time X recurring last Fri Mar 23:59 4 Mon Oct 0:00":       "clock summer-time X recurring last Fri Mar 23:59 4 Mon Oct 0:00",
		"clock summer-time X date Mar 29 2026 2:00 Oct 25 2026 3:00":            "clock summer-time X date Mar 29 2026 2:00 Oct 25 2026 3:00",
		"clock summer-time X date march 29 2026 2:00 october 25 2026 3:00 1440": "clock summer-time X date Mar 29 2026 2:00 Oct 25 2026 3:00 1440",
	} {
		factory := config.Default(f)
		rep, err := b.Language.Load(typed, factory, nil)
		if err != nil || len(rep.Rejected) > 0 {
			t.Errorf("%s: %v %v", typed, err, rep.Rejected)
			continue
		}
		text := b.Language.RenderText(rep.Config)
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s prints\n%s", typed, text)
		}
		if again, _ := b.Language.Load(text, factory, nil); !again.Config.Equal(rep.Config) {
			t.Errorf("%s: what is printed means something else", typed)
		}
		if gone, _ := b.Language.Load("no "+want, rep.Config, nil); !gone.Config.Equal(factory) {
			t.Errorf("no %s leaves something", want)
		}
	}
}
