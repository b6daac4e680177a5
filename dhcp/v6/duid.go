package v6

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"net"
	"os"
	"strings"

	"option150/dhcp/v6/engine"
	"option150/dhcp/v6/wire"
	"option150/platform/rootfile"
)

// The DUID of the server is made once, of the hardware address of its first
// Ethernet interface as IOS makes it (DUID-LL, RFC 8415 11.4), and kept: clients
// address their renewals to it, whatever becomes of the interface.

const (
	duidName = "dhcpv6-duid"
	duidTemp = duidName + ".new"
)

var errDUID = errors.New("not an identifier with its checksum")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// readDUID reads the one that is kept; nil if there is none.
func readDUID(root *os.Root) ([]byte, error) {
	b, err := root.ReadFile(duidName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(b) > 1024 {
		return nil, errDUID
	}
	text, sum, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
	d, err := hex.DecodeString(text)
	if err != nil || len(d) < 3 || len(d) > wire.MaxDUID || sum != duidSum(text) {
		return nil, errDUID
	}
	return d, nil
}

func duidSum(text string) string {
	return fmt.Sprintf("%08X", crc32.Checksum([]byte(text), castagnoli))
}

// keepDUID writes one so that a power cut leaves it whole or not there.
func keepDUID(root *os.Root, d []byte) error {
	text := engine.DUIDText(d)
	return rootfile.Replace(root, duidName, duidTemp, fmt.Appendf(nil, "%s %s\n", text, duidSum(text)))
}

// makeDUID makes one.
func makeDUID() []byte {
	list, _ := net.Interfaces() // in the order of their numbers
	for _, i := range list {
		if len(i.HardwareAddr) == 6 && i.Flags&net.FlagLoopback == 0 {
			return append([]byte{0, 3, 0, 1}, i.HardwareAddr...)
		}
	}
	d := make([]byte, 18) // DUID-UUID [RFC 6355]
	d[1] = 4
	_, _ = rand.Read(d[2:])
	return d
}
