package etcd

// KV is a key with its value.
type KV struct {
	Key     string
	Value   string
	Created int64 // revision
	Mod     int64 // revision of the last change
}

// Header is what every answer says of the engine.
type Header struct {
	Cluster  uint64
	Member   uint64
	Revision int64
}

// Compare is a condition of a transaction: that a key was last changed at a
// revision, 0 = that it is not there.
type Compare struct {
	Key string
	Mod int64
}

// Put is a value to be written; with Delete the key goes.
type Put struct {
	Key, Value string
	Lease      int64 // with which the key goes, 0 = none
	Delete     bool
}

// Txn is what happens as a whole or not at all: the puts, if all comparisons hold.
// A key may be put once. [rpc.proto, TxnRequest]
type Txn struct {
	If   []Compare
	Puts []Put
	Else []string // keys that are read if they do not hold
}

// Result is what came of it.
type Result struct {
	Header
	OK  bool // the comparisons held, and the puts are done
	KVs []KV // of Else; keys that are not there are left out
}

// Change is a key as it is after a change.
type Change struct {
	KV
	Deleted bool
}

// end is the end of the range of keys that begin with prefix.
func end(prefix string) string {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return string(b[:i+1])
		}
	}
	return "\x00" // all there are
}

// pageSize is how many keys are asked for at a time, at first.
const pageSize = 256

func rangeRequest(from, to string, revision int64, size int) []byte {
	b := appendBytes(nil, 1, from)
	b = appendBytes(b, 2, to)
	b = appendInt(b, 3, int64(size))
	return appendInt(b, 4, revision)
}

// Numbers of rpc.proto.
const (
	compareEqual = 0
	targetMod    = 2
	opRange      = 1
	opPut        = 2
	opDelete     = 3
)

func (t *Txn) encode() []byte {
	var b []byte
	for _, c := range t.If {
		m := appendInt(nil, 1, compareEqual)
		m = appendInt(m, 2, targetMod)
		m = appendBytes(m, 3, c.Key)
		b = putBytes(b, 1, putInt(m, 6, c.Mod))
	}
	for _, p := range t.Puts {
		op, m := opPut, appendBytes(nil, 1, p.Key)
		if p.Delete {
			op = opDelete
		} else {
			m = appendInt(appendBytes(m, 2, p.Value), 3, p.Lease)
		}
		b = putBytes(b, 2, putBytes(nil, op, m))
	}
	for _, k := range t.Else {
		b = putBytes(b, 3, putBytes(nil, opRange, appendBytes(nil, 1, k)))
	}
	return b
}

func decodeHeader(b []byte) (h Header, err error) {
	err = eachField(b, func(field int, n int64, _ []byte) error {
		switch field {
		case 1:
			h.Cluster = uint64(n)
		case 2:
			h.Member = uint64(n)
		case 3:
			h.Revision = n
		}
		return nil
	})
	return h, err
}

func decodeKV(b []byte) (kv KV, err error) {
	err = eachField(b, func(field int, n int64, body []byte) error {
		switch field {
		case 1:
			kv.Key = string(body)
		case 2:
			kv.Created = n
		case 3:
			kv.Mod = n
		case 5:
			kv.Value = string(body)
		}
		return nil
	})
	return kv, err
}

// page is an answer to a range.
type page struct {
	Header
	kvs  []KV
	more bool
}

func decodeRange(b []byte) (p page, err error) {
	err = eachField(b, func(field int, n int64, body []byte) (err error) {
		switch field {
		case 1:
			p.Header, err = decodeHeader(body)
		case 2:
			var kv KV
			kv, err = decodeKV(body)
			p.kvs = append(p.kvs, kv)
		case 3:
			p.more = n != 0
		}
		return err
	})
	return p, err
}

func decodeTxn(b []byte) (r Result, err error) {
	err = eachField(b, func(field int, n int64, body []byte) (err error) {
		switch field {
		case 1:
			r.Header, err = decodeHeader(body)
		case 2:
			r.OK = n != 0
		case 3:
			err = eachField(body, func(field int, _ int64, body []byte) error {
				if field != opRange {
					return nil
				}
				p, err := decodeRange(body)
				r.KVs = append(r.KVs, p.kvs...)
				return err
			})
		}
		return err
	})
	return r, err
}

// notice is a message of a watch.
type notice struct {
	Header
	created, canceled, fragment bool
	compacted                   int64
	reason                      string
	changes                     []Change
}

func decodeWatch(b []byte) (w notice, err error) {
	err = eachField(b, func(field int, n int64, body []byte) (err error) {
		switch field {
		case 1:
			w.Header, err = decodeHeader(body)
		case 3:
			w.created = n != 0
		case 4:
			w.canceled = n != 0
		case 5:
			w.compacted = n
		case 6:
			w.reason = string(body)
		case 7:
			w.fragment = n != 0
		case 11:
			var c Change
			err = eachField(body, func(field int, n int64, body []byte) (err error) {
				switch field {
				case 1:
					c.Deleted = n == 1
				case 2:
					c.KV, err = decodeKV(body)
				}
				return err
			})
			w.changes = append(w.changes, c)
		}
		return err
	})
	return w, err
}
