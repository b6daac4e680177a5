package audit

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"option150/telephony/phone"
)

// orders are the elements of a phone file by their parent, in the order files of
// call managers have them; the two protocols differ. Elements that are not named
// may stand anywhere. [usecallmanager.nz, SEPMAC.cnf.xml; wazo-provd-plugins, base.tpl]
var orders = map[bool]map[string][]string{
	false: {
		"device": {"fullConfig", "deviceProtocol", "devicePool", "versionStamp", "loadInformation", "addOnModules", "userLocale", "networkLocale", "networkLocaleInfo",
			"deviceSecurityMode", "idleTimeout", "authenticationURL", "directoryURL", "idleURL", "informationURL", "messagesURL", "proxyServerURL", "servicesURL", "vendorConfig"},
		"devicePool":  {"dateTimeSetting", "callManagerGroup", "srstInfo"},
		"callManager": {"ports", "processNodeName"},
	},
	true: {
		"device": {"fullConfig", "deviceProtocol", "devicePool", "sipProfile", "MissedCallLoggingOption", "commonProfile", "loadInformation", "inactiveLoadInformation", "vendorConfig",
			"versionStamp", "userLocale", "networkLocale", "networkLocaleInfo", "deviceSecurityMode"},
		"devicePool":  {"dateTimeSetting", "callManagerGroup", "srstInfo"},
		"callManager": {"ports", "processNodeName"},
		"sipProfile":  {"sipProxies", "sipCallFeatures", "sipStack", "sipLines"},
	},
}

// misplaced says what is wrong with the outline of a phone file, "" if nothing
// or if it is none: the root, what has to be in it, and the order.
func misplaced(name string, content []byte) string {
	base := path.Base(name)
	if _, own := phone.MACOfFile(base); !own || !strings.EqualFold(path.Ext(base), ".xml") || !strings.HasPrefix(strings.ToUpper(base), "SEP") {
		return ""
	}
	order := orders[bytes.Contains(content, []byte("<sipProfile>"))]
	d := xml.NewDecoder(bytes.NewReader(content))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	type level struct {
		name, last string
		at         int
	}
	var open []level
	control := false
	for {
		t, err := d.Token()
		if err != nil {
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			n := t.Name.Local
			if len(open) == 0 && n != "device" {
				return "its root is " + n + ", which phones do not read"
			}
			control = control || n == "processNodeName"
			if len(open) > 0 {
				up := &open[len(open)-1]
				if i := slices.Index(order[up.name], n); i >= 0 {
					if i < up.at {
						return fmt.Sprintf("%s stands behind %s in %s; phones look for it before", n, up.last, up.name)
					}
					up.at, up.last = i, n
				}
			}
			open = append(open, level{name: n})
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	if !control {
		return "it names no call manager (processNodeName)"
	}
	return ""
}
