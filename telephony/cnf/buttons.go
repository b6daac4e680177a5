package cnf

import (
	"cmp"
	"strconv"
	"strings"

	"option150/telephony/phone"
)

// The features of line buttons that are not functions. [usecallmanager.nz: line
// keys]
const (
	featureLine    = 9
	featureSpeed   = 2
	featureService = 20
	featureBLF     = 21
)

// The kinds of `button-layout`.
const (
	kindLine    = "line"
	kindSpeed   = "speed-dial"
	kindBLF     = "blf-speed-dial"
	kindFeature = "feature-button"
	kindService = "service-uri"
)

// LayoutKinds are the words of `button-layout`.
func LayoutKinds() []string { return []string{kindLine, kindSpeed, kindBLF, kindFeature, kindService} }

// button is what stands at one button of a phone.
type button func(t *tree, at string)

// sipLines writes what stands at each button: by `button-layout`, else a line
// per number at its place and behind them speed dials, those with presence,
// functions and services.
func (b *builder) sipLines(t *tree, m phone.Model, p sipPhone) {
	t.open("sipLines")
	layout := p.template().Layout
	taken := map[int]bool{}
	last := 0
	if !hasKind(layout, kindLine) {
		for _, l := range p.lines {
			b.line(m, &p, l)(t, strconv.Itoa(l.position))
			taken[l.position] = true
			last = max(last, l.position)
		}
	}
	rest := map[string][]button{}
	var order []string
	for _, k := range LayoutKinds() {
		if k == kindLine && !hasKind(layout, kindLine) {
			continue
		}
		rest[k] = b.buttons(m, &p, k)
		order = append(order, k)
	}
	for _, l := range layout {
		for at := l.First; at <= l.Last && len(rest[l.Kind]) > 0; at++ {
			if taken[at] {
				continue
			}
			taken[at] = true
			last = max(last, at)
			rest[l.Kind][0](t, strconv.Itoa(at))
			rest[l.Kind] = rest[l.Kind][1:]
		}
	}
	for _, k := range order {
		for _, w := range rest[k] {
			last++
			w(t, strconv.Itoa(last))
		}
	}
	t.close(1)
}

func hasKind(l []Layout, kind string) bool {
	for _, x := range l {
		if x.Kind == kind {
			return true
		}
	}
	return false
}

// buttons are what a phone has of one kind.
func (b *builder) buttons(m phone.Model, p *sipPhone, kind string) (out []button) {
	switch kind {
	case kindLine:
		for _, l := range p.lines {
			out = append(out, b.line(m, p, l))
		}
	case kindSpeed:
		for _, s := range p.SpeedDials {
			out = append(out, dial(featureSpeed, s))
		}
	case kindBLF:
		for _, s := range p.BLFs {
			out = append(out, dial(featureBLF, s.SpeedDial))
		}
	case kindFeature:
		for _, f := range p.Buttons {
			if id := featureIDs[f.Feature]; id != 0 {
				out = append(out, func(t *tree, at string) {
					t.open("line", "button", at)
					t.number("featureID", id)
					t.leaf("featureLabel", cmp.Or(f.Label, f.Feature))
					t.close(1)
				})
			}
		}
	case kindService:
		for _, u := range p.template().URLButtons {
			out = append(out, func(t *tree, at string) {
				t.open("line", "button", at)
				t.number("featureID", featureService)
				t.leaf("featureLabel", cmp.Or(u.Label, u.URL))
				t.leaf("serviceURI", u.URL)
				t.close(1)
			})
		}
	}
	return out
}

// dial is a speed dial, or one that shows whether the other is busy: then with
// the option that a press picks up a call that rings there.
func dial(feature int, s SpeedDial) button {
	return func(t *tree, at string) {
		t.open("line", "button", at)
		t.number("featureID", feature)
		t.leaf("featureLabel", speedLabel(s))
		if feature == featureBLF {
			t.number("featureOptionMask", 1)
		}
		t.leaf("speedDialNumber", s.Number)
		t.close(1)
	}
}

// line is a line of the phone.
func (b *builder) line(m phone.Model, p *sipPhone, l line) button {
	g, own := &b.in.Global, own(b.in.Types.SIP, p.Type)
	calls, busy := 4, 2
	if own != nil {
		calls, busy = cmp.Or(own.MaxNumCalls, calls), cmp.Or(own.BusyTrigger, busy)
	}
	calls, busy = cmp.Or(l.calls, calls), cmp.Or(p.BusyTrigger, l.huntstop, busy)
	return func(t *tree, at string) {
		t.open("line", "button", at, "lineIndex", strconv.Itoa(l.position))
		t.number("featureID", featureLine)
		t.leaf("featureLabel", l.label)
		t.leaf("proxy", "USECALLMANAGER")
		t.number("port", port(g.SourceAddress.Port, 5060))
		t.leaf("name", l.number)
		t.leaf("displayName", l.name)
		t.open("autoAnswer")
		t.number("autoAnswerEnabled", one(l.answers))
		t.close(1)
		t.number("callWaiting", domain(m, true))
		t.leaf("authName", l.authName)
		t.leaf("authPassword", l.password)
		t.leaf("contact", l.number)
		t.flag("sharedLine", l.shared)
		t.number("messageWaitingLampPolicy", 3)
		t.leaf("messagesNumber", b.voicemail(p))
		t.number("ringSettingIdle", 4)
		t.number("ringSettingActive", 5)
		t.open("forwardCallInfoDisplay")
		for _, f := range []string{"callerName", "callerNumber", "redirectedNumber", "dialedNumber"} {
			t.flag(f, true)
		}
		t.close(1)
		t.number("maxNumCalls", max(calls, busy))
		t.number("busyTrigger", busy)
		t.close(1)
	}
}

func speedLabel(s SpeedDial) string { return cmp.Or(s.Label, s.Number) }

// voicemail is the number of the messages button.
func (b *builder) voicemail(p *sipPhone) string {
	return cmp.Or(p.template().Voicemail, b.in.Global.Voicemail)
}

// missedCalls has a character for each line of a phone, 1 = its missed calls
// are listed. [usecallmanager.nz: SEPMAC.cnf.xml]
func missedCalls(lines []line) string {
	last := 0
	for _, l := range lines {
		last = max(last, l.position)
	}
	out := []byte(strings.Repeat("0", last))
	for _, l := range lines {
		out[l.position-1] = '1'
	}
	return string(out)
}

func one(on bool) int {
	if on {
		return 1
	}
	return 0
}
