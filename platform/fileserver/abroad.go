package fileserver

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Nowhere is ErrNotFound of a route that asked other servers.
type Nowhere struct {
	Asked  string // who was asked and what they said, "10.9.0.1 404, 10.9.0.2 404"
	Unsure bool   // not all of them said that they do not have it
}

func (n Nowhere) Error() string { return ErrNotFound.Error() + ": " + n.Asked }

// Unwrap makes it an ErrNotFound.
func (n Nowhere) Unwrap() error { return ErrNotFound }

// Elsewhere is ErrBusy because of another server: who, and what he said.
type Elsewhere string

func (e Elsewhere) Error() string { return string(e) }

// Unwrap makes it an ErrBusy.
func (e Elsewhere) Unwrap() error { return ErrBusy }

// abroad is a route that asks other servers.
type abroad struct{ Route }

// open gives the place back for the time of the question.
func (a abroad) open(ctx context.Context, r Request, clean string, place *seat) (*Hit, error) {
	if s, ok := a.Route.(Silent); ok && s.Silent(r, clean) {
		return nil, nil
	}
	place.yield()
	hit, err := a.Route.Open(ctx, r, clean)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if no := place.wait(ctx); no != nil { // found, or the next route is asked
		if hit != nil {
			closeHit(hit)
		}
		return nil, no
	}
	return hit, err
}

// Silent is a Route that knows at once that it has nothing to ask.
type Silent interface {
	Silent(r Request, cleanName string) bool
}

// patient is a file that arrives. Who waits for the line gives his place to
// others: a slow line keeps nobody from what is here.
type patient struct {
	Arriving
	place *seat
	size  int64
	at    int64
}

func (p *patient) Seek(offset int64, whence int) (int64, error) {
	at, err := p.Arriving.Seek(offset, whence)
	if err == nil {
		p.at = at
	}
	return at, err
}

func (p *patient) Read(b []byte) (int, error) {
	there, err := p.Arrived()
	if err == nil && len(b) > 0 && p.at < p.size && there <= p.at {
		p.place.yield()
		more := make(chan struct{})
		p.When(p.at+1, func() { close(more) })
		<-more
		if err := p.back(); err != nil {
			return 0, fmt.Errorf("no place when the file went on: %w", err)
		}
	}
	n, err := p.Arriving.Read(b)
	p.at += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &broken{err}
	}
	return n, err
}

// patienceTries is how often QueueTime is waited in the middle of a file.
const patienceTries = 15

func (p *patient) back() (err error) {
	for range patienceTries {
		if err = p.place.wait(context.Background()); err == nil {
			return nil
		}
	}
	return err
}

// broken tells a fault of the file from one of the client.
type broken struct{ error }

// Broken reports that reading a Content ended because it will never be whole.
func Broken(err error) bool {
	var b *broken
	return errors.As(err, &b)
}
