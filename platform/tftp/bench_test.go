package tftp

import (
	"testing"
)

// BenchmarkLockStep is one block of 512 and its acknowledgement over the
// loopback, client included.
func BenchmarkLockStep(b *testing.B) {
	w := serve(b, testSet{}, map[string][]byte{"a": fileOf(1 << 25)})
	p := w.probe()
	p.ask("a", "octet")
	buf := make([]byte, 1024)
	ack := ackPacket(0)
	b.SetBytes(512)
	b.ReportAllocs()
	for b.Loop() {
		n, from, err := p.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			b.Fatal(err)
		}
		copy(ack[2:], buf[2:4])
		if _, err := p.conn.WriteToUDPAddrPort(ack, from); err != nil {
			b.Fatal(err)
		}
		if n < headerSize+512 { // the file is over
			p.ask("a", "octet")
		}
	}
}
