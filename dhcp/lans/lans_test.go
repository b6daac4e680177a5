package lans

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"option150/platform/listen"
)

// TestLans: one that exists is served and told of, one that does not is waited for,
// and both ends of a socket's life are told in order.
func TestLans(t *testing.T) {
	happened := make(chan string, 16)
	open := func(ctx context.Context, name string, e listen.Endpoint) (*Sockets, error) {
		s, _, err := Open(ctx, name, e)
		return s, err
	}
	var s *Lans[*Sockets]
	s = New(Server[*Sockets]{Open: open,
		Up: func(l *Sockets) {
			if s.Now()[l.Name] != l {
				t.Error("it is up and not among those that are served")
			}
			happened <- "up " + l.Name
		},
		Serve: func(l *Sockets) error {
			b := make([]byte, 1)
			for {
				if _, err := l.UDP.Read(b); err != nil && l.Over(err) {
					return err
				}
			}
		},
		Down: func(name string) { happened <- "down " + name },
	}, netip.MustParseAddrPort("127.0.0.1:0"), nil)
	t.Cleanup(s.Close)
	want := func(what string) {
		t.Helper()
		select {
		case got := <-happened:
			if got != what {
				t.Errorf("%q, want %q", got, what)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("no %q", what)
		}
	}
	c, err := s.Prepare(t.Context(), listen.Endpoint{Proto: listen.UDP, Port: 67}, []Wanted{{"GigabitEthernet0/0", "eth0"}, {"GigabitEthernet0/1", "eth1"}}, false)
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	want("up GigabitEthernet0/0")
	if at := s.Standing(); len(at.Listening) != 1 || len(at.Down)+len(at.NoRaw) != 0 {
		t.Errorf("%+v", at)
	}
	_ = s.Now()["GigabitEthernet0/0"].UDP.Close() // it dies
	want("down GigabitEthernet0/0")
	want("up GigabitEthernet0/0")
	quit, looks := make(chan struct{}), 0
	s.Look(quit, nil, func(int) { // in the test listen mode no interface is looked at
		if looks++; looks == 2 {
			close(quit)
		}
	})
	s.Close()
	want("down GigabitEthernet0/0")
}

func TestAbsent(t *testing.T) {
	s := New(Server[*Sockets]{Up: func(*Sockets) {}, Serve: func(*Sockets) error { return nil }, Down: func(string) {},
		Open: func(ctx context.Context, name string, e listen.Endpoint) (*Sockets, error) {
			l, _, err := Open(ctx, name, e)
			return l, err
		}}, netip.AddrPort{}, nil)
	t.Cleanup(s.Close)
	c, err := s.Prepare(t.Context(), listen.Endpoint{Proto: listen.UDP, Port: 0}, []Wanted{{"GigabitEthernet0/7", "nowhere7"}}, false)
	if err != nil {
		t.Fatal("one that does not exist refuses the change:", err)
	}
	c.Commit()
	at := s.Standing()
	if !errors.Is(at.Down["GigabitEthernet0/7"], ErrNoDevice) {
		t.Errorf("%+v", at)
	}
	at.Down["GigabitEthernet0/8"] = ErrNoAddress
	at.Down["GigabitEthernet0/9"] = errors.New("port held")
	missing, failed := at.Why()
	if len(missing) != 2 || missing[0] != "address of GigabitEthernet0/8" || missing[1] != "interface GigabitEthernet0/7" || len(failed) != 1 || failed[0] != "GigabitEthernet0/9: port held" {
		t.Errorf("%q %q", missing, failed)
	}
}

// TestNoRaw: an interface that is not Ethernet has no packet socket, and says so.
func TestNoRaw(t *testing.T) {
	var s Sockets
	s.Device = "lo"
	if s.OpenRaw(&net.Interface{Index: 1}, nil); s.Raw != nil || s.NoRaw == nil {
		t.Errorf("%+v", &s)
	}
}
