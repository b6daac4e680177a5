package gates

import (
	"fmt"
	"strings"

	"option150/cmd/option150/testbox"
)

// longConfiguration is a configuration of about n lines, as it is pasted: two
// sections of five lines a phone, and `end`.
func longConfiguration(n int) string {
	var b strings.Builder
	b.WriteString("configure terminal\nno logging console\n")
	for i := 1; i <= n/10; i++ {
		fmt.Fprintf(&b, "ip dhcp pool PHONE%04d\n host 10.%d.%d.%d 255.255.0.0\n client-identifier 0100.1e7a.ff%02x.%02x\n option 150 ip 10.150.0.1\n!\n", i, 160+i/50000, i/250%250, i%250+1, i>>8, i&255)
		fmt.Fprintf(&b, "ip dhcp pool FLOOR%04d\n default-router 10.150.0.%d\n domain-name floor%d.example.net\n option 66 ascii floor-%d.example.net\n!\n", i, i%250+1, i, i)
	}
	b.WriteString("end\n")
	return b.String()
}

// paste types a text in one go and waits for the prompt it ends with.
func paste(s *testbox.Shell, text, last string) string {
	s.T.Helper()
	out := s.Paste(testbox.PasteTime, text, ")#end\r\n"+last)
	if strings.Contains(out, "\n% ") {
		s.T.Errorf("complaints:\n%s", complaints(out))
	}
	return out
}

// complaints are the refusals in a long answer, with the lines before.
func complaints(out string) string {
	lines := strings.Split(out, "\n")
	var list []string
	for i, l := range lines {
		if strings.HasPrefix(l, "% ") && len(list) < 10 {
			list = append(list, strings.Join(lines[max(0, i-3):i+1], "\n"))
		}
	}
	return strings.Join(list, "\n...\n")
}

// checkLong compares what is configured with longConfiguration(n): every line,
// in order.
func (w *world) checkLong(n int) {
	w.T.Helper()
	run := w.Exec("show running-config")
	at := 0
	for block := range strings.SplitSeq(longConfiguration(n), "!\n") {
		block = strings.TrimPrefix(block, "configure terminal\nno logging console\n")
		if block == "end\n" {
			return
		}
		i := strings.Index(run[at:], block)
		if i < 0 {
			w.T.Fatalf("missing or out of order:\n%s\nafter\n%s", block, run[at:min(len(run), at+500)])
		}
		at += i
	}
}
