package phone

import (
	"regexp"
	"strings"
	"sync"
)

// The tolerant rule for option 60: models append a NUL, one family writes
// "Cisco System, Inc.", another leaves the comma out. [facts/phones.md 1.1]
var (
	ciscoText   = regexp.MustCompile(`^cisco(\s+systems?,?\s+inc\.?|\s+ata\d{3})`)
	ciscoNumber = regexp.MustCompile(`\bcp-(\d{4})(nr)?g?(-ge)?(-3pcc)?\b|phone\s+(\d{4})\b|^cisco\s+ata(\d{3})(-mpp)?`)
)

// maxClass bounds what is looked at: an option holds at most 255 bytes.
const maxClass = 255

// Class is what a vendor class identifier (DHCP option 60) says.
type Class struct {
	Cisco  bool   // a Cisco phone or adapter, perhaps of unknown model
	Number string // "7961", "7961GE", "ATA-191"; "" = model not told
	MPP    bool   // multiplatform firmware: another provisioning world
	Model  Model  // valid if Known
	Known  bool
}

// classes are what was read before: a branch has few kinds of phones, and each
// message of each of them is looked at several times.
var classes struct {
	sync.RWMutex
	read map[string]Class
}

// maxClasses bounds what is remembered: anybody may send other texts.
const maxClasses = 256

// ParseClass reads a vendor class identifier. It never requires an exact text.
func ParseClass(vendorClass string) Class {
	if len(vendorClass) > maxClass {
		vendorClass = vendorClass[:maxClass]
	}
	classes.RLock()
	c, ok := classes.read[vendorClass]
	classes.RUnlock()
	if ok {
		return c
	}
	c = parseClass(vendorClass)
	classes.Lock()
	defer classes.Unlock()
	if len(classes.read) >= maxClasses || classes.read == nil {
		classes.read = map[string]Class{}
	}
	classes.read[strings.Clone(vendorClass)] = c
	return c
}

func parseClass(vendorClass string) Class {
	s := strings.ToLower(strings.Trim(vendorClass, "\x00 \t\r\n"))
	var c Class
	g := ciscoNumber.FindStringSubmatch(s)
	c.Cisco = ciscoText.MatchString(s) || g != nil && strings.HasPrefix(s, "cp-")
	if !c.Cisco || g == nil {
		return c
	}
	switch {
	case g[1] != "":
		c.Number = g[1] + strings.ToUpper(g[2])
		if g[3] != "" {
			c.Number += "GE"
		}
		c.MPP = g[4] != ""
	case g[5] != "":
		c.Number = g[5]
	default:
		c.Number = "ATA-" + g[6]
		c.MPP = g[7] != ""
	}
	c.Model, c.Known = Lookup(c.Number)
	if !c.Known {
		// A suffix the table does not tell apart: the plain model is right.
		c.Model, c.Known = Lookup(g[1])
	}
	return c
}

// IsCisco reports that a vendor class identifier is that of a Cisco phone or
// adapter, of known model or not.
func IsCisco(vendorClass string) bool { return ParseClass(vendorClass).Cisco }
