package mobility

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"option150/platform/ether"
)

// maxSeats bounds what is read: there are no more phones.
const maxSeats = 10_000

// Marshal is a line a seat: device, tag, when, name.
func Marshal(seats []Seat) []byte {
	var w strings.Builder
	for _, s := range seats {
		fmt.Fprintf(&w, "%s %d %d %s\n", s.MAC.Device(), s.Tag, s.Since.Unix(), strconv.Quote(s.User))
	}
	return []byte(w.String())
}

// Unmarshal reads what Marshal wrote; lines that are none are left out.
func Unmarshal(text []byte) (out []Seat) {
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(f) != 4 || len(out) == maxSeats {
			continue
		}
		hex, ok := strings.CutPrefix(f[0], "SEP")
		mac, err := ether.ParseMAC(hex)
		tag, err2 := strconv.Atoi(f[1])
		since, err3 := strconv.ParseInt(f[2], 10, 64)
		user, err4 := strconv.Unquote(f[3])
		if !ok || err != nil || err2 != nil || err3 != nil || err4 != nil || mac.IsZero() || tag < 1 {
			continue
		}
		at := time.Unix(since, 0)
		out = append(out, Seat{MAC: mac, Tag: tag, User: user, Since: at, Used: at})
	}
	return out
}
