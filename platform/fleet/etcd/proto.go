package etcd

import (
	"encoding/binary"
	"errors"
)

// errMessage says that a message of the engine cannot be read.
var errMessage = errors.New("unreadable message")

// errTooLarge says that an answer has more than is read of one.
var errTooLarge = errors.New("the answer is too large")

// The types of fields that the API uses. [protobuf.dev, Encoding]
const (
	typeVarint = 0
	typeI64    = 1
	typeBytes  = 2
	typeI32    = 5
)

// Default values are left out, as the encoding asks for.

func appendInt(b []byte, field int, v int64) []byte {
	if v == 0 {
		return b
	}
	return putInt(b, field, v)
}

// putInt writes a number also when it is 0: the fields of a oneof are there or not.
func putInt(b []byte, field int, v int64) []byte {
	b = binary.AppendUvarint(b, uint64(field)<<3|typeVarint)
	return binary.AppendUvarint(b, uint64(v))
}

func appendBytes(b []byte, field int, v string) []byte {
	if v == "" {
		return b
	}
	return putBytes(b, field, v)
}

func putBytes[T string | []byte](b []byte, field int, v T) []byte {
	b = binary.AppendUvarint(b, uint64(field)<<3|typeBytes)
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

// eachField calls f with the fields of a message in order: a number, or a body. The
// body is a part of b. Fields of other types are passed over.
func eachField(b []byte, f func(field int, n int64, body []byte) error) error {
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 || key>>3 == 0 || key>>3 > 1<<29-1 {
			return errMessage
		}
		b = b[n:]
		var v uint64
		var body []byte
		switch key & 7 {
		case typeVarint:
			if v, n = binary.Uvarint(b); n <= 0 {
				return errMessage
			}
			b = b[n:]
		case typeBytes:
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return errMessage
			}
			body, b = b[n:n+int(size)], b[n+int(size):]
		case typeI64, typeI32:
			size := 8
			if key&7 == typeI32 {
				size = 4
			}
			if len(b) < size {
				return errMessage
			}
			b = b[size:]
			continue
		default:
			return errMessage
		}
		if err := f(int(key>>3), int64(v), body); err != nil {
			return err
		}
	}
	return nil
}
