package inventory_test

import (
	"testing"

	"option150/cli/command"
	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/netif"
	"option150/platform/running"
	"option150/telephony/advice"
	"option150/telephony/inventory"
)

// TestAdviceIsTyped is the law that every line of a FIX is one the box takes
// in the mode it is for, over all rules.
func TestAdviceIsTyped(t *testing.T) {
	f := config.Facts{Interfaces: []config.InterfaceFact{{Mapping: netif.Mapping{Name: "GigabitEthernet0/0", Device: "eth0"}, Up: true}}}
	b := &command.Box{}
	b.Store = running.New(running.Options{Initial: config.Default(f), Facts: func() config.Facts { return f }})
	l, err := command.New(b)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, v := range inventory.Verdicts() {
		told[v.Code] = told[v.Code] || len(v.Fix) > 0
		for _, fix := range v.Fix {
			if why := takes(l, fix); why != "" {
				t.Errorf("%s: FIX %s: %s", v.Code, fix, why)
			}
		}
	}
	for _, code := range inventory.Codes() {
		if !told[code] {
			t.Errorf("%s: no scenario shows its advice", code)
		}
	}
	for _, bad := range []advice.Fix{advice.Do("find the culprit"), advice.Set("ip dhcp pool"), advice.In("ephone N", "type 7961"), advice.In("ephone 1", "create cnf-files")} {
		if takes(l, bad) == "" {
			t.Errorf("%s passes for a command", bad)
		}
	}
}

// takes says why the language does not take a line of advice, "" if it does or
// if the line is for people.
func takes(l *language.Language, fix advice.Fix) string {
	mode := fix.Mode
	switch mode {
	case "":
		return ""
	case advice.Exec:
		mode = language.Exec
	case advice.Config:
		mode = language.Global
	default:
		mode = language.Global
		for _, header := range fix.Headers() {
			r := l.Graph(mode).Match(header, 15)
			if r.Kind != grammar.OK {
				return "its section is " + r.Kind.String()
			}
			if mode = r.Action.(*language.Declaration).Enters; mode == "" {
				return "its section is none"
			}
		}
	}
	if r := l.Graph(mode).Match(fix.Line, 15); r.Kind != grammar.OK {
		return r.Kind.String()
	}
	return ""
}
