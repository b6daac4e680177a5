package wire

import "fmt"

// optionSet is the options of a message by code. What came in pieces is joined,
// in the order it came. [RFC 2132, 3396]
type optionSet struct {
	val [256][]byte
	has [256]bool // an option may be there and empty
}

// read adds the options in a field, up to END or, as some clients have it, to the
// end of the field. Values point into b, but for those that are joined.
func (o *optionSet) read(b []byte) error {
	for len(b) > 0 {
		switch code := b[0]; {
		case code == OptPad:
			b = b[1:]
		case code == OptEnd:
			return nil
		case len(b) < 2 || len(b) < 2+int(b[1]):
			return fmt.Errorf("%w: option %d ends outside of the message", errMalformed, code)
		default:
			n := 2 + int(b[1])
			if o.has[code] {
				o.val[code] = append(o.val[code], b[2:n]...)
			} else {
				o.val[code], o.has[code] = b[2:n:n], true
			}
			b = b[n:]
		}
	}
	return nil
}

// readAll adds the options of a message that has the magic cookie, and those in
// file and sname when option 52 says so. [RFC 2131 4.1]
func (o *optionSet) readAll(b []byte) error {
	if err := o.read(b[HeaderLen+CookieLen:]); err != nil {
		return err
	}
	if !o.has[OptOverload] {
		return nil
	}
	v := o.val[OptOverload]
	if len(v) != 1 || v[0] < 1 || v[0] > 3 {
		return fmt.Errorf("%w: option 52", errMalformed)
	}
	if v[0]&1 != 0 {
		if err := o.read(b[OffFile:HeaderLen]); err != nil {
			return fmt.Errorf("file: %w", err)
		}
	}
	if v[0]&2 != 0 {
		if err := o.read(b[offSname:OffFile]); err != nil {
			return fmt.Errorf("sname: %w", err)
		}
	}
	return nil
}
