package session

import (
	"context"
	"errors"
	"io"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/cli/terminal"
)

// filesLevel is the privilege that writing files needs.
const filesLevel = 15

// target reads what stands behind redirect, append and tee. at is where it
// begins, counted from after the bar.
func (f *filter) target(text string, at int) error {
	w := strings.Fields(text)
	f.more = f.kind == "append"
	if f.kind == "tee" && len(w) > 0 && strings.HasPrefix("/append", w[0]) && len(w[0]) > 1 {
		f.more, w = true, w[1:]
	}
	switch {
	case len(w) == 0:
		return &filterErr{kind: grammar.Incomplete}
	case len(w) > 1:
		return &filterErr{kind: grammar.Invalid, offset: at + strings.LastIndex(text, w[1])}
	}
	f.url = w[0]
	return nil
}

func targetHelp(kind string) grammar.Help {
	h := grammar.Help{Items: []grammar.HelpItem{{Name: "flash:", Text: "Uniform Resource Locator"},
		{Name: "nvram:", Text: "Uniform Resource Locator"}, {Name: "tftp:", Text: "Uniform Resource Locator"}}}
	if kind != "redirect" {
		h.Items = h.Items[:2]
	}
	if kind == "tee" {
		h.Items = append([]grammar.HelpItem{{Name: "/append", Text: "Append redirected output to URL"}}, h.Items...)
	}
	return h
}

// redirect is output that goes to a file, and with tee to the screen as well.
type redirect struct {
	ctx    context.Context
	file   language.File
	screen io.Writer // nil without tee
	ended  bool
}

func (s *Session) redirect(ctx context.Context, f *filter, screen io.Writer) (*redirect, error) {
	file, err := s.opt.Files.Create(ctx, f.url, f.more)
	if err != nil {
		return nil, err
	}
	r := &redirect{ctx: ctx, file: file}
	if f.kind == "tee" {
		r.screen = screen
	}
	return r, nil
}

// Write implements io.Writer. The file gets all of it even if the operator
// left the pager.
func (r *redirect) Write(p []byte) (int, error) {
	if _, err := r.file.Write(p); err != nil {
		return 0, err
	}
	if r.screen != nil {
		switch _, err := r.screen.Write(p); {
		case errors.Is(err, terminal.ErrStopped) && r.ctx.Err() == nil:
			r.screen = nil
		case err != nil:
			return 0, err
		}
	}
	return len(p), nil
}

// end puts the file in its place. What was interrupted is dropped.
func (r *redirect) end(err error) error {
	if stopped(err) {
		r.abort()
		return err
	}
	r.ended = true
	if cerr := r.file.Commit(); cerr != nil {
		return cerr
	}
	return err
}

func (r *redirect) abort() {
	if !r.ended {
		r.ended = true
		r.file.Abort()
	}
}
