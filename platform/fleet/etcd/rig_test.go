package etcd

import (
	"context"
	"testing"
	"time"

	"option150/platform/testkit/etcdtest"
)

func dial(t *testing.T, m *etcdtest.Members) *Client {
	c := New(Options{Members: m.URLs})
	t.Cleanup(c.Close)
	return c
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
