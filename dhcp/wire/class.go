package wire

import "strings"

// CiscoPhone reports whether a vendor class (option 60) is that of a Cisco IP
// phone or analogue adapter. The strings found in the field are misspelt in
// several ways ("Cisco System, Inc.", "Cisco Systems Inc."), end with or
// without a NUL, and name the model or not, so this never asks for an exact
// string. [facts/phones.md 1.1]
func CiscoPhone(class string) bool {
	s := strings.ToLower(strings.Trim(class, "\x00 "))
	if strings.HasPrefix(s, "cp-") && len(s) >= 7 && digits(s[3:7]) { // CP-8841-3PCC
		return true
	}
	if strings.HasPrefix(s, "cisco ata") {
		return true
	}
	rest, ok := strings.CutPrefix(s, "cisco system")
	if !ok {
		return false
	}
	rest = strings.TrimPrefix(rest, "s")
	rest = strings.TrimPrefix(rest, ",")
	rest, ok = strings.CutPrefix(rest, " inc.")
	if !ok {
		return false
	}
	rest = strings.TrimSpace(rest)
	// "Cisco Systems, Inc." alone is an early 69xx before it knows its model.
	return rest == "" || strings.HasPrefix(rest, "ip phone") || strings.Contains(rest, "phone ") || strings.Contains(rest, "cp-")
}

func digits(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}
