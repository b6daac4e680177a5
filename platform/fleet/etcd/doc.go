// Package etcd speaks to etcd: ranges, transactions with comparisons, and watches,
// by its published API, gRPC over HTTP/2. It is the only place of the product
// that does; what is kept there is not its business.
//
// It follows rpc.proto and kv.proto of go.etcd.io/etcd/api/v3, the protocol buffers
// encoding and "gRPC over HTTP2". HTTP/2 is that of net/http; why it is not etcd's
// own client, docs/adr/0019 says.
//
// Concurrency: a Client may be used by any number of goroutines and starts none of
// its own, but for what net/http needs for connections that are open.
// Failure: a request that certainly had no effect gives Refused or ErrUnsent; one of
// which that is not known gives ErrUnanswered, and whoever asked has to read back.
// No request is sent twice. What comes from outside is bounded. Testing: against the
// etcd of Debian, one process for each test (TestEngine); FuzzDecode for what
// is read.
package etcd
