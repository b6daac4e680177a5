package fleet

import (
	"io/fs"
	"testing"
)

// Without lines the files are those that lie where they are looked for, and none where
// they do not, or where no server has a certificate.
func TestFilesWithoutLines(t *testing.T) {
	https := []string{"http://a:1", "https://a:2"}
	for name, x := range map[string]struct {
		c     Config
		there []string
		want  Config
	}{
		"none":                    {Config{Servers: https}, nil, Config{}},
		"all":                     {Config{Servers: https}, []string{DefaultCA, DefaultCertificate, DefaultKey}, Config{CA: DefaultCA, Certificate: DefaultCertificate, Key: DefaultKey}},
		"a CA":                    {Config{Servers: https}, []string{DefaultCA}, Config{CA: DefaultCA}},
		"a certificate, no key":   {Config{Servers: https}, []string{DefaultCertificate}, Config{}},
		"http":                    {Config{Servers: https[:1]}, []string{DefaultCA, DefaultCertificate, DefaultKey}, Config{}},
		"lines":                   {Config{Servers: https, CA: "ca", Certificate: "c", Key: "k"}, []string{DefaultCA, DefaultCertificate, DefaultKey}, Config{CA: "ca", Certificate: "c", Key: "k"}},
		"a user with certificate": {Config{Servers: https, User: "u"}, []string{DefaultCertificate, DefaultKey}, Config{Certificate: DefaultCertificate, Key: DefaultKey}},
	} {
		got := x.c.files(func(file string) ([]byte, error) {
			for _, f := range x.there {
				if f == file {
					return nil, nil
				}
			}
			return nil, fs.ErrNotExist
		})
		if got.CA != x.want.CA || got.Certificate != x.want.Certificate || got.Key != x.want.Key {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
