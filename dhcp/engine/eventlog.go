package engine

import (
	"option150/platform/message"
)

// LogMessage implements journal.Logged.
func (c Conflict) LogMessage() (message.Message, bool) {
	if c.Method == MethodPing {
		return message.DHCPPingConflict.With(c.Addr), c.Logged
	}
	return message.DHCPDeclineConflict.With(c.Client, c.Addr), c.Logged
}

// LogMessage implements journal.Logged.
func (u InUse) LogMessage() (message.Message, bool) {
	return message.DHCPInUse.With(u.Count, u.Pool), true
}

// LogMessage implements journal.Logged.
func (c Contested) LogMessage() (message.Message, bool) {
	other := "another station"
	if !c.Other.IsZero() {
		other = c.Other.Cisco()
	}
	return message.DHCPContested.With(c.Addr, c.MAC.Cisco(), other, c.Pool), true
}

// LogMessage implements journal.Logged.
func (n NoLease) LogMessage() (message.Message, bool) {
	client := n.ClientID
	if client == "" {
		client = n.MAC.Cisco()
	}
	return message.DHCPNoLease.With(client, n.Why), true
}

// LogMessage implements journal.Logged.
func (u Utilization) LogMessage() (message.Message, bool) {
	if u.High {
		return message.DHCPHighUtil.With(u.Pool, u.Used, u.Total, u.Threshold), true
	}
	return message.DHCPLowUtil.With(u.Pool, u.Used, u.Total, u.Threshold), true
}

// LogMessage implements journal.Logged.
func (f ForeignServer) LogMessage() (message.Message, bool) {
	name, tftp := f.Option66, f.Option150
	if name == "" {
		name = "none"
	}
	if tftp == "" {
		tftp = "none"
	}
	if f.Again {
		return message.Message{}, false
	}
	if f.Hold {
		return message.DHCPForeignHold.With(f.Server, f.MAC.Cisco(), f.Interface, name, tftp), true
	}
	return message.DHCPForeignServer.With(f.Server, f.MAC.Cisco(), f.Interface, name, tftp), true
}

// LogMessage implements journal.Logged.
func (Takeover) LogMessage() (message.Message, bool) { return message.DHCPTakeover.With(), true }

// LogMessage implements journal.Logged.
func (s StoreFailed) LogMessage() (message.Message, bool) {
	return message.DHCPWriteError.With(s.Why), true
}

// LogMessage implements journal.Logged.
func (s StoreLow) LogMessage() (message.Message, bool) {
	return message.DHCPDiskLow.With(s.Free >> 10), true
}

// LogMessage implements journal.Logged.
func (StoreWorks) LogMessage() (message.Message, bool) { return message.DHCPWriteOK.With(), true }

// LogMessage implements journal.Logged.
func (s StoreDamaged) LogMessage() (message.Message, bool) {
	return message.DHCPReadError.With(s.File, s.Why), true
}

// LogMessage implements journal.Logged.
func (d DatabaseFailed) LogMessage() (message.Message, bool) {
	what := "written"
	if d.Reading {
		what = "read"
	}
	return message.DHCPDatabaseError.With(d.URL, what, d.Why), true
}

// LogMessage implements journal.Logged.
func (d DatabaseWritten) LogMessage() (message.Message, bool) {
	return message.DHCPDatabaseOK.With(d.URL), d.Again
}

// LogMessage implements journal.Logged.
func (l LeaseLimit) LogMessage() (message.Message, bool) {
	return message.DHCPLeaseLimit.With(l.Interface, l.Limit, l.ClientID), l.Logged
}

// LogMessage implements journal.Logged.
func (s Starving) LogMessage() (message.Message, bool) {
	return message.DHCPStarving.With(s.Source.Cisco(), s.Interface, s.Addresses), true
}
