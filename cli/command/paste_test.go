package command

import (
	"context"
	"fmt"
	"testing"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/running"
	"option150/platform/service"
)

// BenchmarkPaste is one line typed into a box that has 300 pools and 500
// phones: match, clone, apply, compare, validate and plan, without services.
func BenchmarkPaste(b *testing.B) {
	box, f := testBox(b)
	l := box.Language
	text := ""
	for i := range 300 {
		text += fmt.Sprintf("ip dhcp pool P%d\n network 10.%d.%d.0 255.255.255.0\n default-router 10.%d.%d.1\n option 150 ip 10.0.0.1\n", i, i/200, i%200, i/200, i%200)
	}
	text += "telephony-service\n max-ephones 1000\n max-dn 1000\n"
	for i := range 500 {
		text += fmt.Sprintf("ephone-dn %d\n number %d\nephone %d\n mac-address 001e.7a00.%04x\n type 7961\n button 1:%d\n", i+1, 1000+i, i+1, i, i+1)
	}
	rep, err := l.Load(text, config.Default(f), nil)
	if err != nil || len(rep.Rejected) > 0 {
		b.Fatal(err, rep.Rejected)
	}
	var services []service.Service
	for _, w := range rep.Config.Plan(f) {
		services = append(services, nothing(w.Service))
	}
	s := running.New(running.Options{Initial: rep.Config, Facts: func() config.Facts { return f }, Supervisor: service.NewSupervisor(nil, services...)})
	sec := language.Section{Mode: modeEphone, Keys: grammar.Args{"tag": 250}, Header: "ephone  250"}
	for i := 0; b.Loop(); i++ {
		line := fmt.Sprintf("speed-dial %d %d", i%30+1, 2000+i)
		r := l.Graph(sec.Mode).Match(line, 15)
		if _, err := s.Change(context.Background(), running.Who{}, func(c *config.Config) error { return l.Apply(c, sec, r, line) }); err != nil {
			b.Fatal(err)
		}
	}
}

// nothing is a service that takes every spec.
type nothing string

func (n nothing) Name() string { return string(n) }
func (nothing) Prepare(context.Context, service.Spec, service.Spec) (service.Change, error) {
	return nil, nil
}
func (nothing) Status() service.Status { return service.Status{State: service.Running} }
