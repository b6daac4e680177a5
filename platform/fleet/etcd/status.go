package etcd

import (
	"context"
	"strings"
)

// Status is how the member that is asked stands. [rpc.proto, StatusResponse]
type Status struct {
	Version string
	Size    int64 // of the database, bytes
	InUse   int64 // of it; 0 = it does not say so
	Quota   int64 // beyond which nothing is taken; 0 = it does not say so: 3.6 and later do
	Full    bool  // the alarm NOSPACE is set: nothing is taken until it is disarmed
}

// Status asks a member how it stands. Whoever may connect may ask.
func (c *Client) Status(ctx context.Context) (s Status, err error) {
	b, err := c.call(ctx, "/etcdserverpb.Maintenance/Status", nil)
	if err != nil {
		return s, err
	}
	return decodeStatus(b)
}

func decodeStatus(b []byte) (s Status, err error) {
	err = eachField(b, func(field int, n int64, body []byte) error {
		switch field {
		case 2:
			s.Version = string(body[:min(len(body), maxStatus)])
		case 3:
			s.Size = n
		case 8:
			s.Full = s.Full || strings.Contains(string(body), "NOSPACE")
		case 9:
			s.InUse = n
		case 12:
			s.Quota = n
		}
		return nil
	})
	return s, err
}

// noSpace is what a member says that takes nothing any more. [rpctypes, ErrGRPCNoSpace]
const noSpace = "etcdserver: mvcc: database space exceeded"

// IsFull reports whether a request was refused because the engine takes nothing any more.
func IsFull(err error) bool { return err != nil && strings.Contains(err.Error(), noSpace) }
