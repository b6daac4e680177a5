package rules

import (
	"path"
	"slices"
	"strings"
	"testing"

	"option150/cli/command"
	"option150/platform/config"
	"option150/platform/running"
)

// seldom are the fields of the configuration that no service reads, each with
// who does, or with the command whose audit says that it has no effect. All
// other fields are read by what they configure. A line that is accepted has the
// effect an engineer expects of it, or it is said to have none.
var seldom = map[string]struct{ why, mode, command string }{
	"config.Config.PromptFree":    {why: "copy and delete ask nothing (cli/command)"},
	"config.Config.ProofRequired": {why: "write memory and configure replace ask for a proof (cli/command)"},

	// Texts for people: to be printed is what they are for.
	"dns.Host.Port":            {why: "show hosts"},
	"netif.Config.Description": {why: "show interfaces"},
	"sshd.Key.Comment":         {why: "a remark beside a key"},
	"aaa.Secret.Plain":         {why: "whether it was typed as password or as secret: what is asked for is the same"},

	// The settings of setting: they say how a line that is typed is taken.
	"aaa.Config.PasswordEncryption": {why: "set hides the passwords there are and those that come (cli/command)"},
	"sshd.Config.Version2":          {why: "there is no other version: the line is true"},
	"cnf.SpeedDial.Position":        {why: "the order of the list"},
	"cnf.FeatureButton.Position":    {why: "the order of the list"},
	"cnf.URLButton.Position":        {why: "the order of the list"},
	"cnf.DialPattern.Position":      {why: "the order of the list"},
	"cnf.PhoneType.Description":     {why: "a remark beside a type"},

	// Limits and prerequisites that are rules: a line beyond them is refused or
	// warned about.
	"cnf.TelephonyService.MaxDN":      {why: "rule max-dn"},
	"cnf.RegisterGlobal.Mode":         {why: "rule no-mode: the files are the same"},
	"cnf.RegisterGlobal.AuthRegister": {why: "rule no-credentials: the files have names and passwords in any case"},
	"cnf.RegisterGlobal.AuthAll":      {why: "rule no-credentials"},

	// What the call control does with it, phones learn there.
	"cnf.AutoAssign.Forward":             {"nobody", "config-telephony", "auto assign"},
	"cnf.AutoAssign.Timeout":             {"nobody", "config-telephony", "auto assign"},
	"cnf.Locale.Load":                    {"nobody", "config-telephony", "user-locale"},
	"cnf.TelephonyService.DNPreference":  {"nobody", "config-telephony", "max-dn"},
	"cnf.TelephonyService.DNNoReg":       {"nobody", "config-telephony", "max-dn"},
	"cnf.TelephonyService.SystemMessage": {"nobody", "config-telephony", "system message"},
	"cnf.TelephonyService.Keepalive":     {"nobody", "config-telephony", "keepalive"},
	"cnf.SourceAddress.StrictMatch":      {"nobody", "config-telephony", "ip source-address"},
	"cnf.SourceAddress.Rehome":           {"nobody", "config-telephony", "ip source-address"},
	"cnf.Gateway.First":                  {"nobody", "config-voice-gateway", "voice-port"},
	"cnf.Gateway.NetworkLocale":          {"nobody", "config-voice-gateway", "network-locale"},
	"cnf.EphoneDN.Line":                  {"nobody", "config", "ephone-dn"},
	"cnf.EphoneDN.Secondary":             {"nobody", "config-ephone-dn", "number"},
	"cnf.EphoneDN.NoReg":                 {"nobody", "config-ephone-dn", "number"},
	"cnf.EphoneDN.Label":                 {"a rule", "config-ephone-dn", "label"},
	"cnf.EphoneDN.Name":                  {"nobody", "config-ephone-dn", "name"},
	"cnf.EphoneDN.Description":           {"nobody", "config-ephone-dn", "description"},
	"cnf.Button.Position":                {"rules and show", "config-ephone", "button"},
	"cnf.Button.Separator":               {"nobody", "config-ephone", "button"},
	"cnf.Ephone.Username":                {"nobody", "config-ephone", "username"},
	"cnf.Ephone.Password":                {"nobody", "config-ephone", "username"},
	"cnf.Ephone.SpeedDials":              {"nobody", "config-ephone", "speed-dial"},
	"cnf.RegisterPool.DTMFRelay":         {"nobody", "config-register-pool", "dtmf-relay"},
	"cnf.TelephonyService.OlsonVersion":  {"nobody", "config-telephony", "olsontimezone"},
	"cnf.RegisterGlobal.OlsonVersion":    {"nobody", "config-register-global", "olsontimezone"},
	"cnf.CfgFile.Sign":                   {"nobody", "config-telephony", "load-cfg-file"},
	"cnf.CfgFile.Create":                 {"nobody", "config-telephony", "load-cfg-file"},
	"cnf.BLFDial.Device":                 {"nobody", "config-register-pool", "blf-speed-dial"},
	"cnf.Template.VoicemailTimeout":      {"nobody", "config-register-template", "voicemail"},
	"cnf.PhoneType.Presentation":         {"nobody", "config-ephone-type", "max-presentation"},
	"cnf.Profile.PrivacyKey":             {"nobody", "config-user-profile", "privacy-button"},
	"ntp.Server.Version":                 {"nobody", "config", "ntp server"},
	"ntp.Server.Key":                     {"nobody", "config", "ntp server"},
	"ntp.Server.MinPoll":                 {"nobody", "config", "ntp server"},
	"ntp.Server.MaxPoll":                 {"nobody", "config", "ntp server"},
	"ntp.Server.Source":                  {"nobody", "config", "ntp server"},
	"ntp.Server.Burst":                   {"nobody", "config", "ntp server"},
	"ntp.Server.IBurst":                  {"nobody", "config", "ntp server"},
	"netif.Route.Name":                   {why: "a remark beside a route"},
	"netif.Route.Tag":                    {why: "a number for those who redistribute routes: a remark here"},
	"netif.Route.Track":                  {"nobody", "config", "ip route"},
	"netif.Route.Permanent":              {"nobody", "config", "ip route"},
	"engine.VRFRange.VRF":                {"show", "config", "ip dhcp excluded-address vrf"},
	"engine.VRFRange.Range":              {"show", "config", "ip dhcp excluded-address vrf"},
	"config.Line.AccessVRF":              {"nobody", "config-line", "access-class"},
	"config.Line.SyncLevel":              {"nobody", "config-line", "logging synchronous"},
	"config.Line.SyncLimit":              {"nobody", "config-line", "logging synchronous"},
}

// made are the fields that no command names, with who fills them in.
var made = map[string]string{
	"config.Config.Carried": "lines nobody here knows (cli/language)",
	"config.Carried.In":     "the same",
	"config.Carried.Place":  "the same",
	"config.Carried.Kept":   "the same",
	"config.Kept.Line":      "the same",
	"config.Kept.Text":      "the same",
	"config.Kept.Below":     "the same",
}

// setters are the places whose reads do not count: they set, copy, print or
// judge a configuration and do nothing by it.
func setter(file, function string) bool {
	base := path.Base(file)
	return strings.HasPrefix(file, "cli/command/") || strings.HasPrefix(file, "telephony/bulk/") || file == "cmd/option150/appliance/dialog.go" ||
		strings.HasPrefix(base, "show") || strings.HasPrefix(base, "validate") || base == "slip.go" ||
		slices.Contains([]string{"Clone", "cloneSecurity", "security", "keptOut"}, function)
}

// TestEveryFieldHasAnEffect finds who reads each field of config.Config, over
// all packages and by their types.
func TestEveryFieldHasAnEffect(t *testing.T) {
	if testing.Short() {
		t.Skip("reads all packages with their types")
	}
	read, typed := map[string]string{}, map[string]bool{} // field -> one place; a command is about it
	var fields []string
	for _, p := range withTypes(t) {
		if p.types.Path() == modulePath+"/platform/config" {
			fields = fieldsOf(p.types.Scope().Lookup("Config").Type())
		}
		for id, f := range p.literals() {
			if strings.HasPrefix(p.file(id.Pos()), "cli/command/") {
				typed[f] = true
			}
		}
		for sel, s := range p.info.Selections {
			if strings.HasPrefix(p.file(sel.Pos()), "cli/command/") {
				typed[fieldOf(s)] = true
			}
			if f := fieldOf(s); f != "" && !p.written[sel] && !setter(p.file(sel.Pos()), p.function(sel.Pos())) {
				read[f] = p.file(sel.Pos())
			}
		}
	}
	if len(fields) < 250 {
		t.Fatalf("only %d fields: the walk misses something", len(fields))
	}
	for _, f := range fields {
		if !typed[f] && made[f] == "" {
			t.Errorf("%s: no command sets or prints it\n\tinstead: declare its command, or name in the table who fills it in", f)
		}
		_, listed := seldom[f]
		switch at := read[f]; {
		case at == "" && !listed:
			t.Errorf("%s: nothing acts by it\n\tbecause not: a line that is accepted and has no effect deceives who typed it\n\tinstead: make it act, or carry it (Declaration.Idle or Partly) and name it in the table above", f)
		case at != "" && listed:
			t.Errorf("%s is in the table, and %s reads it: take it out", f, at)
		}
	}
	for f := range seldom {
		if !slices.Contains(fields, f) {
			t.Errorf("the table names %s, which is no field of the configuration", f)
		}
	}
}

// TestIdleFieldsAreTold: the commands of the table say that they have no effect.
func TestIdleFieldsAreTold(t *testing.T) {
	b := &command.Box{Store: running.New(running.Options{Initial: config.Default(config.Facts{}), Facts: func() config.Facts { return config.Facts{} }})}
	l, err := command.New(b)
	if err != nil {
		t.Fatal(err)
	}
	for f, s := range seldom {
		told := s.mode == ""
		for _, d := range l.Declarations(s.mode) {
			told = told || (d.Idle != "" || d.Partly != nil) && strings.HasPrefix(d.Usage()+" ", s.command+" ")
		}
		if !told {
			t.Errorf("%s: %s of mode %s does not say that it has no effect", f, s.command, s.mode)
		}
	}
}
