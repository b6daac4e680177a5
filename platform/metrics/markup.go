package metrics

import (
	"html"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// markup builds a page. What is not written in this package goes through text,
// cell or link, which escape it: names come from the network. Its own, because
// html/template keeps every method of every type of the program for two pages.
type markup struct{ strings.Builder }

// raw writes markup of ours.
func (m *markup) raw(parts ...string) {
	for _, p := range parts {
		m.WriteString(p)
	}
}

// text writes what is to be read.
func (m *markup) text(parts ...string) {
	for _, p := range parts {
		m.WriteString(html.EscapeString(p))
	}
}

// cell writes a cell of a table; class may be "".
func (m *markup) cell(class string, parts ...string) {
	m.raw("<td")
	if class != "" {
		m.raw(` class="`, html.EscapeString(class), `"`)
	}
	m.raw(">")
	m.text(parts...)
	m.raw("</td>")
}

// link writes a link to a path; the last part may be any name.
func (m *markup) link(path, last, after, text string) {
	m.raw(`<a href="`, path, html.EscapeString(url.PathEscape(last)), after, `">`)
	m.text(text)
	m.raw("</a>")
}

// table begins a table. A head that begins with # is of numbers.
func (m *markup) table(heads ...string) {
	m.raw("<div class=\"scroll\"><table>\n<thead><tr>")
	for _, h := range heads {
		if n, ok := strings.CutPrefix(h, "#"); ok {
			m.raw(`<th class="n">`, n, "</th>")
		} else {
			m.raw("<th>", h, "</th>")
		}
	}
	m.raw("</tr></thead>\n<tbody>")
}

func (m *markup) endTable() { m.raw("\n</tbody></table></div>\n") }

// begin writes what is above a page.
func (m *markup) begin(title ...string) {
	m.raw("<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>")
	m.text(title...)
	m.raw("</title><link rel=\"stylesheet\" href=\"/style.css\"></head>\n<body>\n")
}

func (m *markup) end() { m.raw("</body></html>\n") }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// page is the whole of the overview.
func (o *overviewPage) page() string {
	m := &markup{}
	m.begin(o.Host, ": phones")
	m.raw("<header><h1>")
	m.text(o.Host)
	m.raw("</h1>\n<p class=\"sub\">")
	for i, s := range o.States {
		if i > 0 {
			m.raw(", ")
		}
		m.text(strconv.Itoa(s.N), " ", string(s.State))
	}
	if len(o.Phones) == 0 {
		m.raw("No phone has been seen")
	} else {
		m.raw(" &middot; ", strconv.Itoa(o.Up), " up")
	}
	m.raw(" &middot; ", strconv.Itoa(o.Serving), " of ", strconv.Itoa(o.Limit), " files being sent</p></header>\n<main>\n<h2>Phones</h2>\n")
	o.phones(m)
	m.raw("<h2>Services</h2>\n")
	m.table("Service", "Configured", "Working", "Listening", "Why")
	for _, s := range o.Services {
		working := s.State
		if s.Working {
			working = "yes"
		}
		m.raw("\n<tr>")
		m.cell("", s.Name)
		m.cell("", map[bool]string{true: "yes", false: "no"}[s.Configured])
		m.cell(s.State, working)
		m.cell("mono", s.Listening)
		m.cell("", s.Why)
		m.raw("</tr>")
	}
	m.endTable()
	o.more(m)
	m.raw("</main>\n<footer>Option 150 ")
	m.text(o.Version, ", up since ", stamp(o.Started), ", this page ", stamp(o.Now))
	m.raw(". Figures: <a href=\"/metrics\">/metrics</a>, <a href=\"/api/v1/phones\">/api/v1/phones</a></footer>\n")
	m.end()
	return m.String()
}

func (o *overviewPage) phones(m *markup) {
	m.table("Device", "Address", "Model", "Load", "State", "Verdict")
	for i := range o.Phones {
		p := &o.Phones[i]
		m.raw("\n<tr><td class=\"mono\">")
		m.link("/phones/", p.Key(), "", p.Key())
		m.raw("</td>")
		m.cell("mono", p.Address)
		m.cell("", p.Model)
		m.cell("mono", p.Load)
		m.cell(p.State, p.State)
		m.cell("", strings.TrimPrefix(p.Verdict.Code, "-"), " ", p.Verdict.Text)
		m.raw("</tr>")
	}
	if len(o.Phones) == 0 {
		m.raw("\n<tr><td colspan=\"6\">No phone has been seen since the start.</td></tr>")
	}
	m.endTable()
}

// more is what there is only where there is something of it.
func (o *overviewPage) more(m *markup) {
	if len(o.Pools) > 0 {
		m.raw("<h2>DHCP pools</h2>\n")
		m.table("Pool", "#Addresses", "#Leased", "#Offered", "#Excluded", "#Free")
		for _, p := range o.Pools {
			m.raw("\n<tr>")
			m.cell("", p.Name)
			for _, n := range []int{p.Total, p.Leased, p.Offered, p.Excluded, p.Free()} {
				m.cell("n", strconv.Itoa(n))
			}
			m.raw("</tr>")
		}
		m.endTable()
	}
	if len(o.Findings) > 0 {
		m.raw("<h2>Audit of the configuration</h2>\n")
		m.table("Severity", "Section", "Finding", "Fix")
		for _, f := range o.Findings {
			m.raw("\n<tr>")
			m.cell("", f.Severity)
			m.cell("mono", f.Section)
			m.cell("", f.Text)
			m.cell("mono", f.Fix)
			m.raw("</tr>")
		}
		m.endTable()
	}
}

// page is the whole of the page of a phone.
func (p *phonePage) page() string {
	m := &markup{}
	m.begin(p.Key(), " on ", p.Host)
	m.raw("<header><p class=\"sub\"><a href=\"/\">")
	m.text(p.Host)
	m.raw("</a></p><h1 class=\"mono\">")
	m.text(p.Key())
	m.raw("</h1>\n<p class=\"sub\">")
	m.text(p.Label, " ", p.Model, " ", p.Address, " ")
	if p.Load != "" {
		m.text("load ", p.Load)
	}
	m.raw("</p></header>\n<main>\n")
	m.verdict(p.State, &p.Verdict)
	for i := range p.Others {
		m.verdict("", &p.Others[i])
	}
	for _, b := range p.Boots {
		m.raw("<h2>Boot ", strconv.Itoa(b.Number), ", ", stamp(b.Start), "</h2>\n")
		if b.Dropped > 0 {
			m.raw("<p class=\"sub\">", strconv.Itoa(b.Dropped), " earlier lines are gone</p>\n")
		}
		m.table("#Seconds", "", "", "What", "Result", "#Size", "Remark")
		for _, l := range b.Lines {
			m.raw("\n<tr>")
			m.cell("n mono", l.Since())
			m.cell("", l.Transport)
			m.cell("", l.What)
			m.cell("mono", l.Name)
			m.cell("", l.Result)
			m.cell("n", l.Size())
			m.cell("", l.Remark)
			m.raw("</tr>")
		}
		m.endTable()
	}
	m.raw("</main>\n<footer>JSON: ")
	m.link("/api/v1/phones/", p.Key(), "/timeline", "/api/v1/phones/"+p.Key()+"/timeline")
	m.raw("</footer>\n")
	m.end()
	return m.String()
}

// verdict writes one of a phone; the first has the state before it.
func (m *markup) verdict(state string, v *verdictJSON) {
	m.raw(`<div class="verdict `)
	m.text(state)
	m.raw(`">`)
	if state != "" {
		m.raw("<strong>")
		m.text(state)
		m.raw("</strong> ")
	}
	m.text(strings.TrimPrefix(v.Code, "-"), " ", v.Text)
	if state != "" && v.Basis != "" {
		m.text(" (", v.Basis, ")")
	}
	if v.Fix != "" {
		m.raw(`<br>Fix: <span class="mono">`)
		m.text(v.Fix)
		m.raw("</span>")
	}
	m.raw("</div>\n")
}
