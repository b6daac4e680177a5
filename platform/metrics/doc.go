// Package metrics is the window for machines and for a browser: Prometheus
// text at /metrics, and the read-only page of package pages at everything else.
// It has a listener of its own (`[metrics] listen` of the settings), never the
// port of HFS or of `ip http server`.
//
//	journal --> Counts (fold) --+
//	inventory, pools, services --+--> Sources --> collector --> /metrics
//
// Follows DESIGN 1 and 6 and facts/diagnosis.md 14. It is a reader: it
// folds the journal and looks at snapshots that the composition hands in as
// functions. It imports no service and changes nothing; nobody waits for it.
//
// It is the service (platform/service) by the name "metrics"; its Spec is Spec.
//
// Bounds: 64 connections, a quarter of them for one host, every one with
// deadlines; GET and HEAD only. Labels come from small fixed sets,
// from the configuration, or are counted under "other" beyond a limit.
//
// Concurrency: everything is safe for concurrent use. Failure: an address that
// is taken is the status of the service. Testing: a real client on loopback;
// the client library of Prometheus is the judge of the text, and its lint reads
// what was scraped.
package metrics
