package etcd

import (
	"context"
	"fmt"
	"time"
)

// ErrGone says that a lease is over: its keys are removed.
var ErrGone = fmt.Errorf("the lease is over")

// Grant takes a lease: the keys put with it go when it was not kept for ttl.
// [rpc.proto, Lease]
func (c *Client) Grant(ctx context.Context, ttl time.Duration) (int64, error) {
	b, err := c.call(ctx, "/etcdserverpb.Lease/LeaseGrant", appendInt(nil, 1, int64(ttl/time.Second)))
	if err != nil {
		return 0, err
	}
	id, _, err := decodeLease(b)
	return id, err
}

// Keep has a lease last for its time from now on.
func (c *Client) Keep(ctx context.Context, lease int64) error {
	b, err := c.call(ctx, "/etcdserverpb.Lease/LeaseKeepAlive", appendInt(nil, 1, lease))
	if err != nil {
		return err
	}
	if _, ttl, err := decodeLease(b); err != nil || ttl <= 0 {
		return ErrGone
	}
	return nil
}

// Revoke ends a lease; its keys are removed.
func (c *Client) Revoke(ctx context.Context, lease int64) error {
	_, err := c.call(ctx, "/etcdserverpb.Lease/LeaseRevoke", appendInt(nil, 1, lease))
	return err
}

func decodeLease(b []byte) (id, ttl int64, err error) {
	err = eachField(b, func(field int, n int64, _ []byte) error {
		switch field {
		case 2:
			id = n
		case 3:
			ttl = n
		}
		return nil
	})
	return id, ttl, err
}
