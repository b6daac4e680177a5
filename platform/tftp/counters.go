package tftp

import "sync"

// Counters count since the server was made. The first group and the segments
// have the names and meaning of the serviceability object "Cisco TFTP Server"
// (facts/files.md 1.3). In every snapshot
//
//	Requests = Processed + NotFound + Overflow + Aborted + InProgress
type Counters struct {
	Requests           uint64 // read requests that were understood, without repeated ones
	RequestsInProgress uint64 // now
	RequestsProcessed  uint64 // served completely
	RequestsNotFound   uint64 // answered that there is no such file, or that the name is refused
	RequestsOverflow   uint64 // refused because of a limit
	RequestsAborted    uint64 // given up, broken off by the client, replaced or stopped

	SegmentsSent         uint64 // DATA packets, retransmissions included
	SegmentsAcknowledged uint64 // blocks acknowledged
	SegmentsFromDisk     uint64 // of SegmentsSent, those read from a file on disk
	BytesSent            uint64 // octets of file data, retransmissions included
	Retransmits          uint64 // DATA and OACK sent again
	DuplicateRequests    uint64 // folded into the transfer they repeat
	DuplicateAcks        uint64 // old acknowledgements, not answered

	Denied        uint64 // of RequestsNotFound, refused by rule (ERROR 2)
	WriteRequests uint64 // refused, there is nothing to be written
	Malformed     uint64 // packets that could not be understood
	UnknownTID    uint64 // packets that belong to no transfer
	Broadcasts    uint64 // requests sent to a broadcast or multicast address, ignored
	RateLimited   uint64 // ERROR packets that were not sent, by the rate limit
	Dropped       uint64 // of RequestsOverflow, not answered: too many lookups at once
	ReadErrors    uint64 // files that could not be read to their end
	Panics        uint64 // of a lookup, a file, or this package: each is a defect

	ListenQueueDrops uint64 // packets lost because a receive queue was full
}

// tally is what one shard counts, under its lock.
type tally struct {
	segmentsSent, segmentsAcked, segmentsFromDisk, bytesSent uint64
	retransmits, duplicateRequests, duplicateAcks            uint64
	denied, writes, malformed, unknownTID, broadcasts        uint64
	rateLimited, dropped, readErrors, queueDrops             uint64
}

func (c *Counters) add(t *tally) {
	c.SegmentsSent += t.segmentsSent
	c.SegmentsAcknowledged += t.segmentsAcked
	c.SegmentsFromDisk += t.segmentsFromDisk
	c.BytesSent += t.bytesSent
	c.Retransmits += t.retransmits
	c.DuplicateRequests += t.duplicateRequests
	c.DuplicateAcks += t.duplicateAcks
	c.Denied += t.denied
	c.WriteRequests += t.writes
	c.Malformed += t.malformed
	c.UnknownTID += t.unknownTID
	c.Broadcasts += t.broadcasts
	c.RateLimited += t.rateLimited
	c.Dropped += t.dropped
	c.ReadErrors += t.readErrors
	c.ListenQueueDrops += t.queueDrops
}

// requestCount keeps the classes of requests under one lock, so that their sum
// is right in every snapshot.
type requestCount struct {
	mu         sync.Mutex
	inProgress uint64
	ended      [aborted + 1]uint64
}

func (r *requestCount) begin() {
	r.mu.Lock()
	r.inProgress++
	r.mu.Unlock()
}

// end counts the end of a request that had begun.
func (r *requestCount) end(as outcome) {
	r.mu.Lock()
	r.inProgress--
	r.ended[as]++
	r.mu.Unlock()
}

// refuse counts a request that never began.
func (r *requestCount) refuse(as outcome) {
	r.mu.Lock()
	r.ended[as]++
	r.mu.Unlock()
}

func (r *requestCount) read(c *Counters) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.RequestsInProgress = r.inProgress
	c.RequestsProcessed = r.ended[processed]
	c.RequestsNotFound = r.ended[notFound]
	c.RequestsOverflow = r.ended[overflow]
	c.RequestsAborted = r.ended[aborted]
	c.Requests = r.inProgress
	for _, n := range r.ended {
		c.Requests += n
	}
}
