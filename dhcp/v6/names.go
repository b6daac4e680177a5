package v6

import (
	"option150/dhcp/v6/engine"
	"option150/platform/journal"
)

// What the server runs by, records and tells is the engine's; it is named here
// so that who composes the box or reads its events meets one package.
type (
	Config        = engine.Config
	Pool          = engine.Pool
	Vendor        = engine.Vendor
	Suboption     = engine.Suboption
	Kind          = engine.Kind
	Link          = engine.Link
	Spec          = engine.Spec
	Interface     = engine.Interface
	Problem       = engine.Problem
	Binding       = engine.Binding
	PoolStat      = engine.PoolStat
	ConflictEntry = engine.ConflictEntry
	Statistics    = engine.Statistics
)

// The events of the server.
type (
	Received  = engine.Received
	Sent      = engine.Sent
	Discarded = engine.Discarded
	Malformed = engine.Malformed
	NoAddress = engine.NoAddress
	Released  = engine.Released
	Conflict  = engine.Conflict
	Expired   = engine.Expired
	Cleared   = engine.Cleared

	RouterHeard = engine.RouterHeard
	NoRouter    = engine.NoRouter
	RouterEntry = engine.RouterEntry
)

// Bare is an event without the packet that debug prints.
func Bare(e journal.Event) journal.Event { return engine.Bare(e) }

// The values of those types.
const (
	ASCII            = engine.ASCII
	Hex              = engine.Hex
	Address          = engine.Address
	Infinite         = engine.Infinite
	DefaultValid     = engine.DefaultValid
	DefaultPreferred = engine.DefaultPreferred
	TopicDebug       = engine.TopicDebug
	TopicDetail      = engine.TopicDetail
)
