// Docs writes the reference pages of the manual from what the box itself knows,
// so that they cannot drift:
//
//	docs/commands.md   every command by mode, from the declarations of cli/command
//	docs/messages.md   every log message, from the catalogue of platform/message
//	docs/models.md     every phone, from the model table of telephony/phone
//	docs/audit.md      every check of the audit, from telephony/audit
//	docs/json.md       every table that `| json` gives, from the declarations of cli/command
//
// `make docs` and `go generate ./...` run it. Its tests fail when a committed
// page is not what it would write, when a console session in the README or in a
// page shows a line the box would not take, and, where the machine allows a lab,
// when the README's sessions do not end as printed.
//
// Failure: one line on standard error, exit status 1; a page is written whole
// or not at all. Testing: go test ./cmd/docs.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run . -dir ../../docs

func main() {
	dir := flag.String("dir", "docs", "directory the pages are written to")
	flag.Parse()
	if err := write(*dir); err != nil {
		fmt.Fprintf(os.Stderr, "docs: %v\n", err)
		os.Exit(1)
	}
}

// page is one file of the manual and what makes it.
type page struct {
	name string
	text func() (string, error)
}

func pages() []page {
	return []page{{"commands.md", commands}, {"messages.md", messages}, {"models.md", models}, {"audit.md", auditPage}, {"json.md", jsonPage}}
}

func write(dir string) error {
	for _, p := range pages() {
		text, err := p.text()
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		name := filepath.Join(dir, p.name)
		if err := os.WriteFile(name+".new", []byte(text), 0o644); err != nil {
			return err
		}
		if err := os.Rename(name+".new", name); err != nil {
			return err
		}
	}
	return nil
}

// generated heads a page that nobody edits by hand.
const generated = "<!-- Written by `make docs`; change the source it names and run that again. -->\n\n"
