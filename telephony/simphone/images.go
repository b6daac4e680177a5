package simphone

import (
	"bytes"
	"fmt"
	"strings"

	"option150/telephony/firmware"
)

// headerBytes are enough to read the container of any file.
const headerBytes = 4096

// containers are the Images of telephony/firmware: what a phone can check of
// a file without its maker's key.
type containers struct{}

// Components implements Images. A phone fetches the files of its own platform
// and no conditional extras. Which platform a model is is not public: the
// first of the list stands for it [D].
func (containers) Components(name string, file []byte) ([]Component, error) {
	set, err := firmware.ParseList(name, file)
	if err != nil {
		return nil, err
	}
	if set.Renamed() {
		return nil, fmt.Errorf("carries the name %s", set.Header.Name)
	}
	var cs []Component
	platform := ""
	for _, c := range set.Components {
		if platform == "" {
			platform = c.Platform
		}
		if c.Optional || c.Platform != platform {
			continue
		}
		cs = append(cs, Component{Name: c.Name, Size: c.Size})
	}
	return cs, nil
}

// Check implements Images.
func (containers) Check(c Component, file []byte) error {
	if c.Size >= 0 && int64(len(file)) != c.Size {
		return fmt.Errorf("has %d bytes, the list says %d", len(file), c.Size)
	}
	h, err := firmware.ParseHeader(file[:min(len(file), headerBytes)])
	if err != nil {
		return err
	}
	switch {
	case len(file) == 0 || h.Length >= len(file) && h.Form != firmware.Text:
		return fmt.Errorf("has no contents")
	case h.Name != "" && !strings.EqualFold(h.Name, c.Name):
		return fmt.Errorf("carries the name %s", h.Name)
	case h.Form == firmware.G5:
		return h.VerifyPayload(bytes.NewReader(file[h.Length:]))
	}
	return nil
}

// Unwrap implements Images. The signature is not checked: there is no key.
func (containers) Unwrap(_ string, file []byte) ([]byte, error) {
	h, err := firmware.ParseHeader(file[:min(len(file), headerBytes)])
	if err != nil || h.Form != firmware.Signed || h.Length > len(file) {
		return nil, errUntrusted
	}
	return file[h.Length:], nil
}
