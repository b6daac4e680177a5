//go:build !arm && !mipsle

package httpd

import "golang.org/x/sys/unix"

// sysSendfile is the sendfile whose position has 64 bits.
const sysSendfile = unix.SYS_SENDFILE
