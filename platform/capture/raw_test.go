package capture_test

import (
	"net"
	"testing"

	"github.com/mdlayher/packet"

	"option150/platform/netns"
)

// sendRaw sends one complete frame from the host's eth0.
func sendRaw(t *testing.T, h *netns.Host, frame []byte) {
	t.Helper()
	err := h.Do(func() error {
		ifi, err := net.InterfaceByName("eth0")
		if err != nil {
			return err
		}
		c, err := packet.Listen(ifi, packet.Raw, 0x88b5, nil)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.WriteTo(frame, &packet.Addr{HardwareAddr: frame[:6]})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
