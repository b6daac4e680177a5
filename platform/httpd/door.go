package httpd

import (
	"cmp"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// door is a listening socket. What it accepts is a number, not yet a connection
// of package net: that would cost four system calls which most do not need.
type door struct {
	*os.File // the runtime tells when somebody comes
	raw      syscall.RawConn
	local    netip.AddrPort // of what comes in; not valid = each has its own
	end      unix.RawSockaddrInet6
}

// newDoor makes a door of l, which is closed.
func newDoor(l *net.TCPListener) (*door, error) {
	defer l.Close()
	raw, err := l.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, failed := -1, error(nil)
	err = raw.Control(func(s uintptr) {
		// What is accepted has the option from here.
		if failed = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(s), unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)); failed == nil {
			fd, failed = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0)
		}
	})
	if err = cmp.Or(err, failed); err != nil {
		return nil, err
	}
	d := &door{File: os.NewFile(uintptr(fd), l.Addr().String())}
	if d.raw, err = d.SyscallConn(); err != nil {
		_ = d.Close()
		return nil, err
	}
	if at := addrPort(l.Addr()); !at.Addr().IsUnspecified() {
		d.local = at
	}
	return d, nil
}

// accept waits for the next connection.
func (d *door) accept() (fd int, local, remote netip.AddrPort, err error) {
	for {
		var no unix.Errno
		if err = d.raw.Read(func(door uintptr) bool {
			fd, no = d.next(door)
			return no != unix.EAGAIN
		}); err != nil {
			return -1, local, remote, err
		}
		switch no {
		case 0:
		case unix.ECONNABORTED, unix.EINTR:
			continue
		default:
			return -1, local, remote, os.NewSyscallError("accept4", no)
		}
		remote = endOf(&d.end)
		if local = d.local; !local.IsValid() {
			size := uint32(unsafe.Sizeof(d.end))
			if _, _, no := unix.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&d.end)), uintptr(unsafe.Pointer(&size))); no != 0 {
				_ = unix.Close(fd)
				continue
			}
			local = endOf(&d.end)
		}
		return fd, local, remote, nil
	}
}

// next takes a connection that waits; its other end is in d.end. Package unix would
// ask the kernel what kind of socket that is.
func (d *door) next(door uintptr) (int, unix.Errno) {
	size := uint32(unsafe.Sizeof(d.end))
	fd, _, no := unix.RawSyscall6(unix.SYS_ACCEPT4, door, uintptr(unsafe.Pointer(&d.end)), uintptr(unsafe.Pointer(&size)), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	return int(fd), no
}

// endOf is an address of the kernel's. Mapped ones become IPv4.
func endOf(a *unix.RawSockaddrInet6) netip.AddrPort {
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&a.Port))[:])
	switch a.Family {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(a)).Addr), port)
	case unix.AF_INET6:
		ip := netip.AddrFrom16(a.Addr).Unmap()
		if a.Scope_id != 0 && ip.Is6() {
			zone := strconv.Itoa(int(a.Scope_id))
			if i, err := net.InterfaceByIndex(int(a.Scope_id)); err == nil {
				zone = i.Name
			}
			ip = ip.WithZone(zone)
		}
		return netip.AddrPortFrom(ip, port)
	}
	return netip.AddrPort{}
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		p := t.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}
