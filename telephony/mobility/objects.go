package mobility

import (
	"encoding/xml"

	"option150/telephony/cnf"
)

// The XML objects phones show. [Cisco IP Phone Services Application Development
// Notes: titles and prompts of 32 characters, menus of 100 items, directories of
// 32, texts of 4000]
const (
	maxTitle   = 32
	maxEntries = 32
)

type menu struct {
	XMLName xml.Name `xml:"CiscoIPPhoneMenu"`
	Title   string
	Prompt  string
	Items   []item `xml:"MenuItem"`
}

type item struct{ Name, URL string }

type input struct {
	XMLName xml.Name `xml:"CiscoIPPhoneInput"`
	Title   string
	Prompt  string
	URL     string
	Items   []inputItem `xml:"InputItem"`
}

type inputItem struct{ DisplayName, QueryStringParam, InputFlags, DefaultValue string }

type textPage struct {
	XMLName xml.Name `xml:"CiscoIPPhoneText"`
	Title   string
	Prompt  string
	Text    string
}

func text(title, body string) any { return textPage{Title: clip(title), Text: body} }

type directoryPage struct {
	XMLName xml.Name `xml:"CiscoIPPhoneDirectory"`
	Title   string
	Prompt  string
	Entries []entry `xml:"DirectoryEntry"`
}

type entry struct{ Name, Telephone string }

func directory(dials []cnf.SpeedDial) any {
	out := directoryPage{Title: "Personal Speed Dials", Prompt: "Select a number"}
	for _, d := range dials[:min(len(dials), maxEntries)] {
		name := d.Label
		if name == "" {
			name = d.Number
		}
		out.Entries = append(out.Entries, entry{clip(name), clip(d.Number)})
	}
	return out
}

// clip cuts a text to what phones show in a line.
func clip(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxTitle {
			return s[:i]
		}
	}
	return s
}
