package main

import (
	"testing"
	"time"
)

// What perfdhcp 2.2 prints.
func TestReadPerf(t *testing.T) {
	const text = `***Rate statistics***
Rate: 1600 4-way exchanges/second, expected rate: 4000

***Statistics for: DISCOVER-OFFER***
sent packets: 8001
received packets: 8000
drops: 1
orphans: 0

min delay: 0.062 ms
avg delay: 0.301 ms
max delay: 2.100 ms
std deviation: 0.1 ms
collected packets: 0

***Statistics for: REQUEST-ACK***
sent packets: 8000
received packets: 7990
drops: 10
orphans: 0

min delay: 0.200 ms
avg delay: 0.512 ms
max delay: 9.250 ms
`
	r := readPerf(text, job{Count: 4000, For: 2 * time.Second})
	if r.Done != 7990 || r.Failed != 11 || r.Offered != 8001 || r.rate() != 3995 {
		t.Errorf("%+v", r)
	}
	// With its timers: what came in while exchanges were offered counts.
	r = readPerf(text+`***Timestamps for packets: DISCOVER-OFFER***
sent / received: 5491680122359.000000 / 5491680122359.900000
***Timestamps for packets: REQUEST-ACK***
sent / received: 5491680122359.500000 / 5491680122359.501000
sent / received: 5491680122359,900000 / 5491680122400,100000
sent / received: 5491680122401.400000 / 5491680122401.499000
sent / received: 5491680122401.400000 / 5491680122401.600000
`, job{Count: 4000, For: 2 * time.Second})
	if r.Done != 3 || r.Failed != 11 || r.P50 != 99*time.Millisecond || r.P99 != 200*time.Millisecond {
		t.Errorf("%+v", r)
	}
	if r := readPerf("", job{}); r.Done != 0 {
		t.Errorf("%+v", r)
	}
}
