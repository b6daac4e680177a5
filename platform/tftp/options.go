package tftp

import (
	"strconv"
	"strings"
	"time"
)

// agreed is what client and server settled on for one transfer.
type agreed struct {
	blockSize int
	window    int           // blocks per acknowledgement [RFC 7440]
	timeout   time.Duration // 0 = not asked for
	oack      []option      // empty: no OACK, start with DATA 1
}

// negotiate answers the options of a request. Unknown options and values that
// make no sense are left out of the answer, as RFC 2347 wants; of an option
// given twice the first counts. maxBlock and maxWindow are our limits, size is
// the length of the file. In netascii the length on the wire differs from the
// length of the file, so tsize is left out.
func negotiate(r request, size int64, maxBlock, maxWindow int) agreed {
	a := agreed{blockSize: defaultBlockSize, window: 1}
	var seen [4]bool
	first := func(i int) bool { was := seen[i]; seen[i] = true; return !was }
	for _, o := range r.options {
		value := o.value
		switch strings.ToLower(o.name) {
		case "blksize":
			n, ok := number(o.value)
			if !first(0) || !ok || n < minBlockSize {
				continue
			}
			a.blockSize = min(n, maxBlock, maxBlockSize)
			value = strconv.Itoa(a.blockSize)
		case "timeout":
			n, ok := number(o.value)
			if !first(1) || !ok || n < 1 || n > 255 {
				continue
			}
			a.timeout = time.Duration(n) * time.Second
		case "tsize":
			_, ok := number(o.value)
			if !first(2) || !ok || r.mode == Netascii {
				continue
			}
			value = strconv.FormatInt(size, 10)
		case "windowsize":
			n, ok := number(o.value)
			if !first(3) || !ok || n < 1 || n > 65535 {
				continue
			}
			a.window = min(n, maxWindow)
			value = strconv.Itoa(a.window)
		default:
			continue
		}
		a.oack = append(a.oack, option{o.name, value})
	}
	if most := max(1, maxFlight/a.blockSize); a.window > most {
		a.window = most
		for i := range a.oack {
			if strings.EqualFold(a.oack[i].name, "windowsize") {
				a.oack[i].value = strconv.Itoa(most)
			}
		}
	}
	return a
}

// number reads an ASCII decimal number as RFC 2347 means it: digits only, no
// sign, no leading zero, at most nine digits.
func number(s string) (int, bool) {
	if s == "" || len(s) > 9 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// optionNames lists the options of a request for the operator, "blksize tsize".
func (r request) optionNames() string {
	names := make([]string, 0, len(r.options))
	for _, o := range r.options {
		names = append(names, shown(o.name)+"="+shown(o.value))
	}
	return strings.Join(names, " ")
}

// blockSize is what is asked for, 0 if nothing sensible is.
func (r request) blockSize() int {
	for _, o := range r.options {
		if strings.EqualFold(o.name, "blksize") {
			if n, ok := number(o.value); ok {
				return min(n, maxBlockSize)
			}
			return 0
		}
	}
	return 0
}
