package appliance_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
)

// locale is a synthetic package of German, as it comes for Unified CME (flat), or
// for the call manager: a gzipped tar with another in it (nested).
func locale(kind string) []byte {
	tarOf := func(names ...string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for i := 0; i+1 < len(names); i += 2 {
			_ = w.WriteHeader(&tar.Header{Name: names[i], Mode: 0o644, Size: int64(len(names[i+1]))})
			_, _ = io.WriteString(w, names[i+1])
		}
		_ = w.Close()
		return b.Bytes()
	}
	if kind == "flat" {
		return tarOf("mk-sccp.jar", "SYNTHETIC", "SCCP-dictionary.xml", "<x/>", "g3-tones.xml", "<x/>", "tags_file", "1")
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(tarOf("copstart.sh", "#!/bin/sh\n", "po-locale.tar", string(tarOf("german_germany/mk-sccp.jar", "SYNTHETIC", "german_germany/sp-sip.jar", "SYNTHETIC", "germany/g3-tones.xml", "<x/>"))))
	_ = z.Close()
	return b.Bytes()
}
