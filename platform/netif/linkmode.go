package netif

import (
	"math"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// The part of the kernel's ethtool netlink that is needed.
// [include/uapi/linux/ethtool_netlink.h]
const (
	ethtoolLinkModesGet  = 4
	ethtoolVersion       = 1
	attrLinkModesHeader  = 1
	attrHeaderDeviceName = 2
	attrLinkModesSpeed   = 5
	attrLinkModesDuplex  = 6
	genericHeader        = 4 // bytes before the attributes
	duplexHalf           = 0
	duplexFull           = 1
)

// linkMode is the speed and duplex the device runs at. It asks by netlink and
// not in /sys, which shows the devices of the namespace it was mounted in. A
// device or kernel (before 5.6) that does not say is no error.
func linkMode(device string) (mbit int, duplex string) {
	family, ok := ethtoolFamily()
	if !ok {
		return 0, ""
	}
	header := nl.NewRtAttr(attrLinkModesHeader|unix.NLA_F_NESTED, nil)
	header.AddRtAttr(attrHeaderDeviceName, nl.ZeroTerminated(device))
	replies, err := ask(family, generic{ethtoolLinkModesGet, ethtoolVersion}, header)
	if err != nil {
		return 0, ""
	}
	for _, r := range replies {
		if len(r) < genericHeader {
			continue
		}
		attrs, err := nl.ParseRouteAttr(r[genericHeader:])
		if err != nil {
			continue
		}
		for _, a := range attrs {
			switch {
			case a.Attr.Type == attrLinkModesSpeed && len(a.Value) >= 4:
				if n := nl.NativeEndian().Uint32(a.Value); n > 0 && n < math.MaxInt32 {
					mbit = int(n)
				}
			case a.Attr.Type == attrLinkModesDuplex && len(a.Value) >= 1:
				switch a.Value[0] {
				case duplexHalf:
					duplex = "Half"
				case duplexFull:
					duplex = "Full"
				}
			}
		}
	}
	return mbit, duplex
}

// ethtoolFamily is the number by which the kernel knows ethtool.
func ethtoolFamily() (family uint16, ok bool) {
	replies, err := ask(nl.GENL_ID_CTRL, generic{nl.GENL_CTRL_CMD_GETFAMILY, nl.GENL_CTRL_VERSION},
		nl.NewRtAttr(nl.GENL_CTRL_ATTR_FAMILY_NAME, nl.ZeroTerminated("ethtool")))
	if err != nil {
		return 0, false
	}
	for _, r := range replies {
		if len(r) < genericHeader {
			continue
		}
		attrs, err := nl.ParseRouteAttr(r[genericHeader:])
		if err != nil {
			continue
		}
		for _, a := range attrs {
			if a.Attr.Type == nl.GENL_CTRL_ATTR_FAMILY_ID && len(a.Value) >= 2 {
				return nl.NativeEndian().Uint16(a.Value), true
			}
		}
	}
	return 0, false
}

func ask(family uint16, head generic, attr *nl.RtAttr) ([][]byte, error) {
	req := nl.NewNetlinkRequest(int(family), 0)
	req.AddData(head)
	req.AddData(attr)
	return req.Execute(unix.NETLINK_GENERIC, 0)
}

// generic is the header of a generic netlink message. That of the library
// (v1.3.1) has two bytes and is sent as four, with what stands behind it.
type generic struct{ command, version byte }

// Len implements nl.NetlinkRequestData.
func (generic) Len() int { return genericHeader }

// Serialize implements nl.NetlinkRequestData.
func (g generic) Serialize() []byte { return []byte{g.command, g.version, 0, 0} }
