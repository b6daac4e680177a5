package appliance_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

// get is a client that asks for a file: `http PORT NAME` or `tftp NAME`.
func (w *world) get(f []string) (string, error) {
	switch {
	case len(f) == 3 && f[0] == "http":
		return getHTTP("http://10.150.0.1:" + f[1] + "/" + strings.TrimPrefix(f[2], "/"))
	case len(f) == 2 && f[0] == "tftp":
		return getTFTP(f[1])
	}
	return "", errors.New("usage: get http PORT NAME, get tftp NAME")
}

func getHTTP(url string) (string, error) {
	c := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := c.Get(url)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "connection refused", nil
	}
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	if r.StatusCode != http.StatusOK {
		return r.Status, nil
	}
	return fmt.Sprintf("%s, %d bytes", r.Status, len(body)), nil
}

// getTFTP is the plain protocol of RFC 1350.
func getTFTP(name string) (string, error) {
	c, err := net.ListenPacket("udp4", "10.150.0.1:0")
	if err != nil {
		return "", err
	}
	defer c.Close()
	to := net.Addr(&net.UDPAddr{IP: net.IPv4(10, 150, 0, 1), Port: 69})
	packet := append(append([]byte{0, 1}, name...), "\x00octet\x00"...)
	total, next := 0, uint16(1)
	buf := make([]byte, 1024)
	for tries := 0; tries < 5; {
		if _, err := c.WriteTo(packet, to); err != nil {
			return "", err
		}
		_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		n, from, err := c.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			tries++
			continue
		}
		if err != nil {
			return "", err
		}
		if n < 4 {
			continue
		}
		code := binary.BigEndian.Uint16(buf[2:])
		switch binary.BigEndian.Uint16(buf) {
		case 5:
			return fmt.Sprintf("error %d %s", code, strings.TrimRight(string(buf[4:n]), "\x00")), nil
		case 3:
			to, tries = from, 0
			if code == next {
				total, next = total+n-4, next+1
			}
			packet = []byte{0, 4, buf[2], buf[3]}
			if n < 4+512 {
				_, err := c.WriteTo(packet, to)
				return fmt.Sprintf("%d bytes", total), err
			}
		}
	}
	return "no answer", nil
}

// askTFTP tells what answers a read request with a window, and from which port
// if that is one that was configured.
func askTFTP(name string) (string, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	request := "\x00\x01" + name + "\x00octet\x00windowsize\x008\x00"
	if _, err := c.WriteToUDP([]byte(request), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 69}); err != nil {
		return "", err
	}
	b := make([]byte, 600)
	n, from, err := c.ReadFromUDPAddrPort(b)
	if err != nil {
		return "", err
	}
	_, _ = c.WriteToUDPAddrPort([]byte("\x00\x05\x00\x00enough\x00"), from)
	where := "any port"
	if from.Port() == 69 || from.Port() == 31000 {
		where = fmt.Sprintf("port %d", from.Port())
	}
	return fmt.Sprintf("%q from %s", b[2:n], where), nil
}
