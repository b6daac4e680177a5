package simphone

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Settings is what a phone takes from its configuration file as far as the
// boot goes. [facts/phones.md 2.1 to 2.5]
type Settings struct {
	Load          string   // loadInformation, image_version
	VersionStamp  string   //
	CallControl   []string // processNodeName of each member
	UserLocale    string   // directory of texts
	NetworkLocale string   // directory of tones
	SoftKeys      string   // file names
	DialTemplate  string
	FeaturePolicy string
	LoadServer    string        // vendorConfig
	PeerSharing   bool          // vendorConfig peerFirmwareSharing
	LogServer     string        // vendorConfig: address, or address:port
	WebAccess     string        // vendorConfig: 1 = no pages
	Again         time.Duration // CfgInterval of a profile: how often it is read; 0 = at a boot only
}

// Bounds of a configuration file.
const (
	maxDepth   = 32
	maxMembers = 5 // [facts/phones.md 2.3]
	maxValue   = 1024
)

// errConfig is a file the phone does not take.
var errConfig = errors.New("not a phone configuration")

// parseXML reads SEP<MAC>.cnf.xml (root device) and XMLDefault.cnf.xml (root
// Default) for a model with the device id.
func parseXML(file []byte, id int) (Settings, error) {
	var s Settings
	var path []string
	var value strings.Builder
	seen := false
	d := xml.NewDecoder(bytes.NewReader(file))
	d.CharsetReader = charset
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Settings{}, fmt.Errorf("%w: %w", errConfig, err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			seen = true
			if path = append(path, t.Name.Local); len(path) > maxDepth {
				return Settings{}, fmt.Errorf("%w: deeper than %d elements", errConfig, maxDepth)
			}
			if root := path[0]; root != "device" && root != "Default" {
				return Settings{}, fmt.Errorf("%w: root element %q", errConfig, root)
			}
			value.Reset()
		case xml.CharData:
			if value.Len()+len(t) <= maxValue {
				value.Write(t)
			}
		case xml.EndElement:
			s.set(path, strings.TrimSpace(value.String()), id)
			path = path[:len(path)-1]
			value.Reset()
		}
	}
	if !seen {
		return Settings{}, fmt.Errorf("%w: empty", errConfig)
	}
	return s, nil
}

// set takes the value of one element.
func (s *Settings) set(path []string, v string, id int) {
	last := path[len(path)-1]
	if last == "processNodeName" && len(path) > 2 && path[len(path)-2] == "callManager" {
		if v != "" && len(s.CallControl) < maxMembers {
			s.CallControl = append(s.CallControl, v)
		}
		return
	}
	switch full := strings.Join(path, "/"); {
	case full == "Default/loadInformation"+strconv.Itoa(id) && id != 0, full == "device/loadInformation":
		s.Load = v
	case full == "device/versionStamp":
		s.VersionStamp = v
	case full == "device/userLocale/name":
		s.UserLocale = v
	case full == "device/networkLocale", full == "device/networkLocaleInfo/name" && s.NetworkLocale == "":
		s.NetworkLocale = v
	case full == "device/sipProfile/softKeyFile":
		s.SoftKeys = v
	case full == "device/sipProfile/dialTemplate":
		s.DialTemplate = v
	case full == "device/featurePolicyFile":
		s.FeaturePolicy = v
	case full == "device/vendorConfig/loadServer":
		s.LoadServer = v
	case full == "device/vendorConfig/peerFirmwareSharing":
		s.PeerSharing = v == "1"
	case full == "device/vendorConfig/logServer":
		s.LogServer = v
	case full == "device/vendorConfig/webAccess":
		s.WebAccess = v
	}
}

// charset lets ISO-8859-1 pass, the other encoding phones are given.
func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "iso-8859-1", "us-ascii", "windows-1252":
		return &latin1{r: bufio.NewReader(r)}, nil
	}
	return nil, fmt.Errorf("encoding %q", label)
}

type latin1 struct {
	r    *bufio.Reader
	rest []byte
}

func (l *latin1) Read(b []byte) (int, error) {
	if len(l.rest) == 0 {
		c, err := l.r.ReadByte()
		if err != nil {
			return 0, err
		}
		l.rest = []byte(string(rune(c)))
	}
	n := copy(b, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// parseText reads SIPDefault.cnf and SIP<MAC>.cnf of the 7940 and 7960 into
// what is known already: the file of the device comes last and wins.
// [facts/phones.md 2.5]
func (s *Settings) parseText(file []byte) error {
	any := false
	for _, line := range strings.Split(string(file), "\n") {
		line, _, _ = strings.Cut(line, ";")
		k, v, ok := strings.Cut(line, ":")
		if k = strings.ToLower(strings.TrimSpace(k)); !ok || k == "" || k[0] == '#' {
			continue
		}
		any = true
		v = strings.Trim(strings.TrimSpace(v), `"`)
		if len(v) > maxValue {
			return fmt.Errorf("%w: value of %q", errConfig, k)
		}
		switch k {
		case "image_version":
			s.Load = v
		case "proxy1_address":
			s.CallControl = nil
			if v != "" && v != "UNPROVISIONED" {
				s.CallControl = []string{v}
			}
		case "dial_template":
			s.DialTemplate = v
		}
	}
	if !any {
		return fmt.Errorf("%w: empty", errConfig)
	}
	return nil
}
