package etcd

import "context"

// Access is what a role may do with the keys that begin with a prefix.
type Access struct {
	Prefix string
	Alone  bool // with the key that is called so, and no other
	Write  bool // and read
}

// The calls of users and roles are those of rpc.proto, Auth; they need the user root,
// or an engine without users.

// Guard has the engine ask from now on. There has to be a user root.
func (c *Client) Guard(ctx context.Context) error {
	_, err := c.call(ctx, "/etcdserverpb.Auth/AuthEnable", nil)
	return err
}

// AddUser makes a user; without a password it is one of certificates alone.
func (c *Client) AddUser(ctx context.Context, name, password string) error {
	m := appendBytes(appendBytes(nil, 1, name), 2, password)
	if password == "" {
		m = putBytes(m, 3, putInt(nil, 1, 1))
	}
	_, err := c.call(ctx, "/etcdserverpb.Auth/UserAdd", m)
	return err
}

// SetPassword changes the password of a user.
func (c *Client) SetPassword(ctx context.Context, name, password string) error {
	_, err := c.call(ctx, "/etcdserverpb.Auth/UserChangePassword", appendBytes(appendBytes(nil, 1, name), 2, password))
	return err
}

// AddRole makes a role that may do nothing.
func (c *Client) AddRole(ctx context.Context, name string) error {
	_, err := c.call(ctx, "/etcdserverpb.Auth/RoleAdd", appendBytes(nil, 1, name))
	return err
}

// RemoveRole takes a role from everybody, at once.
func (c *Client) RemoveRole(ctx context.Context, name string) error {
	_, err := c.call(ctx, "/etcdserverpb.Auth/RoleDelete", appendBytes(nil, 1, name))
	return err
}

// Allow adds to what a role may do.
func (c *Client) Allow(ctx context.Context, role string, a Access) error {
	const read, readWrite = 0, 2 // auth.proto, Permission
	kind := int64(read)
	if a.Write {
		kind = readWrite
	}
	m := appendBytes(appendInt(nil, 1, kind), 2, a.Prefix)
	if !a.Alone {
		m = appendBytes(m, 3, end(a.Prefix))
	}
	_, err := c.call(ctx, "/etcdserverpb.Auth/RoleGrantPermission", putBytes(appendBytes(nil, 1, role), 2, m))
	return err
}

// GiveRole gives a user a role.
func (c *Client) GiveRole(ctx context.Context, user, role string) error {
	_, err := c.call(ctx, "/etcdserverpb.Auth/UserGrantRole", appendBytes(appendBytes(nil, 1, user), 2, role))
	return err
}

// Roles are those a user has.
func (c *Client) Roles(ctx context.Context, user string) ([]string, error) {
	b, err := c.call(ctx, "/etcdserverpb.Auth/UserGet", appendBytes(nil, 1, user))
	if err != nil {
		return nil, err
	}
	var out []string
	err = eachField(b, func(field int, _ int64, body []byte) error {
		if field == 2 {
			out = append(out, string(body))
		}
		return nil
	})
	return out, err
}

// RemoveAll removes all keys that begin with a prefix.
func (c *Client) RemoveAll(ctx context.Context, prefix string) error {
	_, err := c.call(ctx, "/etcdserverpb.KV/DeleteRange", appendBytes(appendBytes(nil, 1, prefix), 2, end(prefix)))
	return err
}
