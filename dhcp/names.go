package dhcp

import "option150/dhcp/engine"

// What the server runs by, records and tells is the engine's; it is named here
// so that who composes the box or reads its events meets one package.
type (
	Config        = engine.Config
	Range         = engine.Range
	Pool          = engine.Pool
	Override      = engine.Override
	Database      = engine.Database
	LinkConfig    = engine.LinkConfig
	LeaseCount    = engine.LeaseCount
	VRFRange      = engine.VRFRange
	Option        = engine.Option
	OptionKind    = engine.OptionKind
	Spec          = engine.Spec
	Interface     = engine.Interface
	Problem       = engine.Problem
	Class         = engine.Class
	Pattern       = engine.Pattern
	Reserved      = engine.Reserved
	PoolClass     = engine.PoolClass
	Known         = engine.Known
	Binding       = engine.Binding
	PoolStat      = engine.PoolStat
	SubnetStat    = engine.SubnetStat
	ConflictEntry = engine.ConflictEntry
	ForeignEntry  = engine.ForeignEntry
	Statistics    = engine.Statistics
)

// The events of the server.
type (
	Discover      = engine.Discover
	Offer         = engine.Offer
	Requested     = engine.Requested
	Ack           = engine.Ack
	Nak           = engine.Nak
	Release       = engine.Release
	Inform        = engine.Inform
	Bootp         = engine.Bootp
	Conflict      = engine.Conflict
	NoLease       = engine.NoLease
	Expired       = engine.Expired
	Moved         = engine.Moved
	ForeignServer = engine.ForeignServer
	Takeover      = engine.Takeover
	Utilization   = engine.Utilization
	Untrusted     = engine.Untrusted
	Malformed     = engine.Malformed
	Cleared       = engine.Cleared
	StoreFailed   = engine.StoreFailed
	StoreWorks    = engine.StoreWorks
	StoreDamaged  = engine.StoreDamaged
)

// The values of those types.
const (
	OptionASCII            = engine.OptionASCII
	OptionHex              = engine.OptionHex
	OptionIP               = engine.OptionIP
	Infinite               = engine.Infinite
	DefaultLease           = engine.DefaultLease
	DefaultConflictTimeout = engine.DefaultConflictTimeout
	ForeignWarn            = engine.ForeignWarn
	ForeignHold            = engine.ForeignHold
	TopicEvents            = engine.TopicEvents
	TopicPacket            = engine.TopicPacket
	NoTimeout              = engine.NoTimeout
	DefaultWriteDelay      = engine.DefaultWriteDelay
	DefaultDatabaseTimeout = engine.DefaultDatabaseTimeout
	TopicClass             = engine.TopicClass
	TopicLinkage           = engine.TopicLinkage
)

// Default is the factory configuration.
func Default() Config { return engine.Default() }
