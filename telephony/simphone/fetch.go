package simphone

import (
	"context"
	"net/netip"
	"time"
)

// status is how asking for a file ended.
type status int

const (
	silent status = iota // no server answered
	got
	absent  // a definite "no such file"
	refusal // answered, but without the file: too large, broken off
)

// answer is the end of asking for one file.
type answer struct {
	status status
	data   []byte
	result string // of the last attempt
}

// fetch asks the servers for one file, by the decision table of
// facts/phones.md 1.5:
//
//	HTTP 200              the file
//	HTTP 404              no such file, and no TFTP for it
//	HTTP 503              the same file by TFTP, at once, from the same server
//	refused, no answer    the same file by TFTP
//	anything else         the same file by TFTP [D: as a download error]
//	TFTP error 3          busy: wait and ask the same server again
//	TFTP other error      no such file
//	silence               the next server
//
// Every file starts with HTTP again.
func (p *Phone) fetch(ctx context.Context, servers []netip.Addr, name string, limit int, http bool) (answer, error) {
	last := answer{result: NoAnswer}
	for _, s := range servers {
		if http {
			data, result, err := p.httpGet(ctx, s, name, limit)
			switch {
			case err != nil:
				return answer{}, err
			case result == "200":
				return answer{got, data, result}, nil
			case result == "404":
				return answer{absent, nil, result}, nil
			case result == TooLarge:
				return answer{refusal, nil, result}, nil
			}
		}
		for try := 1; ; try++ {
			data, code, result, err := p.tftpGet(ctx, s, name, limit)
			if err != nil {
				return answer{}, err
			}
			if code == tftpFull && try < p.o.Timers.BusyTries {
				if err := sleep(ctx, p.o.Timers.Busy); err != nil {
					return answer{}, err
				}
				continue
			}
			switch {
			case result == Done:
				return answer{got, data, result}, nil
			case code == tftpFull || result == TooLarge:
				return answer{refusal, nil, result}, nil
			case code >= 0:
				return answer{absent, nil, result}, nil
			case result == CutOff:
				last = answer{refusal, nil, result}
			}
			break
		}
	}
	return last, nil
}

// ask fetches a configuration file from the file servers and then pauses as
// the generation does.
func (p *Phone) ask(ctx context.Context, name string) (answer, error) {
	a, err := p.fetch(ctx, p.asksFiles.list, name, p.n.sizeLimit(), p.n.asksHTTP(p.load))
	if err != nil {
		return a, err
	}
	if a.status == got && len(a.data) == 0 {
		a.status = absent // an empty file says nothing
	}
	return a, p.pause(ctx, p.n.gap(a.status))
}

// gap is the time to the next request. [facts/phones.md 1.7, 1.8: 63 ms on a
// 7940, 60 ms on a 7961, 0.2 s and 1.05 s on an 8861]
func (n nature) gap(s status) time.Duration {
	switch {
	case n.model.Generation != "G5" && n.model.Generation != "G4":
		return 60 * time.Millisecond
	case s == got:
		return 1050 * time.Millisecond
	}
	return 200 * time.Millisecond
}

// parseTime is what reading its configuration takes a phone. [facts/phones.md 1.7,
// 1.8]
func (n nature) parseTime() time.Duration {
	if n.model.Generation == "G5" || n.model.Generation == "G4" {
		return 3100 * time.Millisecond
	}
	return 1300 * time.Millisecond
}

// What a phone is busy with after a download. [D]
const (
	installTime = 20 * time.Second
	rebootTime  = 30 * time.Second
)
