package netif

import (
	"math"

	"github.com/vishvananda/netlink"
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
	family, err := netlink.GenlFamilyGet("ethtool")
	if err != nil {
		return 0, ""
	}
	req := nl.NewNetlinkRequest(int(family.ID), 0)
	req.AddData(&nl.Genlmsg{Command: ethtoolLinkModesGet, Version: ethtoolVersion})
	header := nl.NewRtAttr(attrLinkModesHeader|unix.NLA_F_NESTED, nil)
	header.AddRtAttr(attrHeaderDeviceName, nl.ZeroTerminated(device))
	req.AddData(header)
	replies, err := req.Execute(unix.NETLINK_GENERIC, 0)
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
