package bulk

import (
	"bytes"
	"encoding/csv"
	"strconv"

	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// CSV are the phones of a configuration as a table, under the column names of
// CUCM's Bulk Administration Tool. Passwords are not in it.
func CSV(c *cnf.Config) []byte {
	rows := Rows(c)
	most := 1
	for _, r := range rows {
		most = max(most, len(r.Lines))
	}
	head := []string{"MAC Address", "Device Type", "Device Protocol", "Description"}
	for i := 1; i <= most; i++ {
		n := strconv.Itoa(i)
		head = append(head, "Directory Number "+n, "Display "+n, "Line Text Label "+n)
	}
	var w bytes.Buffer
	out := csv.NewWriter(&w)
	_ = out.Write(head) // a buffer takes all
	for _, r := range rows {
		rec := []string{r.MAC.Hex(), r.Model.Keyword, r.Protocol, r.Description}
		for i := range most {
			var l Line
			if i < len(r.Lines) {
				l = r.Lines[i]
			}
			rec = append(rec, l.Number, l.Name, l.Label)
		}
		_ = out.Write(rec)
	}
	out.Flush()
	return w.Bytes()
}

// Rows are the phones of a configuration that have a hardware address.
func Rows(c *cnf.Config) (out []Row) {
	dns := map[int]Line{}
	for _, d := range c.EphoneDNs {
		dns[d.Tag] = Line{d.Number, d.Name, d.Label}
	}
	for _, e := range c.Ephones {
		r := Row{MAC: e.MAC, Model: modelOf(e.Type), Protocol: cnf.SCCP, Description: e.Description}
		for _, b := range e.Buttons {
			if len(b.DNs) > 0 {
				r.put(b.Position, dns[b.DNs[0]])
			}
		}
		if !e.MAC.IsZero() {
			out = append(out, r)
		}
	}
	dns = map[int]Line{}
	for _, d := range c.DNs {
		dns[d.Tag] = Line{d.Number, d.Name, d.Label}
	}
	for _, p := range c.Pools {
		r := Row{MAC: p.MAC, Model: modelOf(p.Type), Protocol: cnf.SIP, Description: p.Description}
		for _, n := range p.Numbers {
			r.put(n.Position, dns[n.DN])
		}
		if !p.MAC.IsZero() {
			out = append(out, r)
		}
	}
	return out
}

func (r *Row) put(position int, l Line) {
	if position < 1 || position > maxLines {
		return
	}
	for len(r.Lines) < position {
		r.Lines = append(r.Lines, Line{})
	}
	r.Lines[position-1] = l
}

// modelOf is the model of a type, or one of that name alone.
func modelOf(keyword string) phone.Model {
	if m, ok := phone.Lookup(keyword); ok {
		return m
	}
	return phone.Model{Keyword: keyword}
}
