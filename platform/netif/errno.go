package netif

import (
	"errors"

	"golang.org/x/sys/unix"
)

// goneAlready: the kernel removed the address together with its primary.
func goneAlready(err error) bool { return errors.Is(err, unix.EADDRNOTAVAIL) }
