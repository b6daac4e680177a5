package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"option150/telephony/phone"
)

const modelsHead = `# Phones

The model table (` + "`telephony/phone/models.toml`" + `), in the order of XMLDefault.cnf.xml. A type that is not in it can still be
configured: it gets a general file, and the audit says so.

| Column | Means |
|---|---|
| type | keyword of ` + "`ephone / type`" + ` (SCCP) and ` + "`voice register pool / type`" + ` (SIP); *load* is added where ` + "`load`" + ` has another one |
| id | number of ` + "`loadInformationN`" + ` in XMLDefault; – is not published |
| SCCP, SIP | can be configured for that protocol; for SIP the kind of file it reads |
| first asks | HTTP: port 6970 before TFTP; 9.3: with firmware 9.3 or later; TFTP: never HTTP; ? unknown |
| after reset | what it asks for when it has no image |
| images | family of firmware images: phones of one family share firmware |
| shares | has Peer Firmware Sharing ([how to verify it](pfs.md)): older firmware than 8.3(1) has not, where the model has; ? unknown |

| type | model | id | SCCP | SIP | lines | first asks | after reset | images | shares | sure |
|---|---|---|---|---|---|---|---|---|---|---|
`

// models is the page of the model table.
func models() (string, error) {
	var w strings.Builder
	w.WriteString(generated + modelsHead)
	for _, m := range phone.Models() {
		kind := m.Keyword
		if m.LoadKey != m.Keyword {
			kind += " (load " + m.LoadKey + ")"
		}
		fmt.Fprintf(&w, "| %s | %s | %s | %s | %s | %d | %s | %s | %s | %s | %s |\n", kind, plain(m.Name), number(m.ID), sccp(m), sip(m), m.Lines, first(m), dash(m.DefaultLoad), dash(m.Images), cmp.Or(m.PFS, "?"), sure(m.Source))
	}
	w.WriteString("\n*sure*: V every fact of the row is verified, M some are from memory; the row in the table says which.\n")
	w.WriteString(stepsHead)
	for _, t := range phone.Steps() {
		below, first := "what cannot check signatures", "every signed load"
		if t.Below.Known {
			below, first = "below "+t.Below.String(), t.First.String()+" and later"
		}
		fmt.Fprintf(&w, "| %s | %s | %s | %s | %s | %s |\n", strings.Join(t.Images, ", "), below, first, t.Release(), t.Why, t.Source)
	}
	return w.String(), nil
}

const stepsHead = `
## Stepping stones

What a phone has to run before it can take a load (` + "`telephony/phone/steps.toml`" + `). Its file names the stone first, and the load once it
has come back with that.

| images | phones | cannot take | go over | because | source |
|---|---|---|---|---|---|
`

func number(n int) string {
	if n == 0 {
		return "–"
	}
	return strconv.Itoa(n)
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func sccp(m phone.Model) string {
	switch {
	case !m.SCCP:
		return "–"
	case m.DefaultFileOnly:
		return "default file"
	}
	return "yes"
}

func sip(m phone.Model) string {
	switch {
	case !m.SIP:
		return "–"
	case m.Addon:
		return "yes"
	}
	switch m.SIPFile {
	case phone.SEPXML:
		return "SEP.cnf.xml"
	case phone.SIPCNF:
		return "SIP.cnf"
	case phone.LD:
		return "ld"
	case phone.GK:
		return "gk"
	case phone.ATA:
		return "ata"
	}
	return "no file known"
}

func first(m phone.Model) string {
	switch {
	case m.Addon:
		return "–"
	case m.HTTP == "yes":
		return "HTTP"
	case m.HTTP == "no":
		return "TFTP"
	case m.HTTP == "":
		return "?"
	}
	return m.HTTP
}

func sure(source string) string {
	if strings.Contains(source, "[M]") {
		return "M"
	}
	return "V"
}
