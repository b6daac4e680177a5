package filecopy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"option150/platform/flash"
)

// maxControl bounds a line of the protocol: a name of 255 bytes, escaped, and
// some numbers.
const maxControl = 1024

var (
	errPeer     = errors.New("the client gave up")
	errProtocol = errors.New("not the scp protocol")
	errDirs     = errors.New("directories are copied file by file on this box")
)

// SCP serves one exec request `scp ...` and returns its exit status.
func (s *Server) SCP(stream io.ReadWriter, line string, who Who) int {
	x := &scp{s: s, who: who, in: bufio.NewReaderSize(stream, 32<<10), out: stream}
	c, err := parse(line)
	if err == nil {
		if c.sink {
			err = x.sink(c)
		} else {
			err = x.source(c)
		}
	}
	if err == nil {
		return 0
	}
	if !errors.Is(err, errPeer) {
		Refuse(stream, err.Error())
	}
	return 1
}

// Refuse answers an scp client with a text and no file.
func Refuse(w io.Writer, text string) {
	_, _ = fmt.Fprintf(w, "\x01scp: %s\n", text)
}

// scp is one run of the protocol.
type scp struct {
	s   *Server
	who Who
	in  *bufio.Reader
	out io.Writer
}

func (x *scp) ack() error {
	if _, err := x.out.Write([]byte{0}); err != nil {
		return errPeer
	}
	return nil
}

// wait takes the client's answer: 0, or 1 or 2 and a text.
func (x *scp) wait() error {
	b, err := x.in.ReadByte()
	if err != nil || b != 0 {
		return errPeer
	}
	return nil
}

// control reads a line of the protocol; io.EOF is the end.
func (x *scp) control() (string, error) {
	var b []byte
	for len(b) < maxControl {
		c, err := x.in.ReadByte()
		if err != nil {
			if len(b) == 0 {
				return "", io.EOF
			}
			return "", errPeer
		}
		if c == '\n' {
			return string(b), nil
		}
		b = append(b, c)
	}
	return "", errProtocol
}

// sink takes files in until the client has no more.
func (x *scp) sink(c command) error {
	path, err := flash.CleanPath(c.path)
	if err != nil {
		return fmt.Errorf("%s: %s", show(c.path), reason(err))
	}
	dir := path == ""
	if e, err := x.s.Flash.Stat(path); err == nil {
		dir = e.Dir
	}
	if c.dir && !dir {
		return fmt.Errorf("%s: %s", show(c.path), reason(unix.ENOTDIR))
	}
	if err := x.ack(); err != nil {
		return err
	}
	for {
		line, err := x.control()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case line == "":
			return errProtocol
		}
		switch line[0] {
		case 'T': // times: files get the time they arrive
			if err := x.ack(); err != nil {
				return err
			}
		case 'C':
			if err := x.take(line[1:], path, dir); err != nil {
				return err
			}
		case 'D', 'E':
			return errDirs
		case 1, 2:
			return errPeer
		default:
			return errProtocol
		}
	}
}

// header reads "0644 1234 name".
func header(line string) (size int64, name string, err error) {
	mode, rest, ok := strings.Cut(line, " ")
	text, name, ok2 := strings.Cut(rest, " ")
	if _, err := strconv.ParseUint(mode, 8, 16); err != nil || !ok || !ok2 || name == "" {
		return 0, "", errProtocol
	}
	n, err := strconv.ParseUint(text, 10, 62)
	if err != nil {
		return 0, "", errProtocol
	}
	return int64(n), name, nil
}

// take receives one file: header, bytes, a zero.
func (x *scp) take(line, path string, dir bool) error {
	size, name, err := header(line)
	if err != nil {
		return err
	}
	to := path
	if dir {
		if strings.ContainsAny(name, `/\`) {
			return fmt.Errorf("%s: %s", show(name), reason(flash.ErrTraversal))
		}
		to = strings.TrimPrefix(path+"/"+name, "/")
	}
	if size > x.s.free() {
		return fmt.Errorf("%s: %s", show(to), reason(unix.ENOSPC))
	}
	w, err := x.s.Flash.Create("flash:/" + to)
	if err != nil {
		return fmt.Errorf("%s: %s", show(to), reason(err))
	}
	defer w.Abort()
	if err := x.ack(); err != nil {
		return err
	}
	werr := copyAll(w, x.in, size)
	if errors.Is(werr, errPeer) {
		return werr
	}
	if err := x.wait(); err != nil {
		return err
	}
	if werr == nil {
		werr = w.Commit()
	}
	if werr != nil {
		return fmt.Errorf("%s: %s", show(to), reason(werr))
	}
	x.s.record(Received{Name: to, Size: size, Transport: "scp", Who: x.who})
	return x.ack()
}

// copyAll reads size bytes whatever becomes of them: the protocol goes on
// behind them. errPeer if they do not come.
func copyAll(w io.Writer, r io.Reader, size int64) error {
	var werr error
	n, err := io.Copy(writerFunc(func(b []byte) (int, error) {
		if werr == nil {
			_, werr = w.Write(b)
		}
		return len(b), nil
	}), io.LimitReader(r, size))
	if err != nil || n < size {
		return errPeer
	}
	return werr
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// source gives one file out.
func (x *scp) source(c command) error {
	path, err := flash.CleanPath(c.path)
	if err == nil && path == "" {
		err = unix.EISDIR
	}
	if werr := x.wait(); werr != nil {
		return werr
	}
	if err != nil {
		return fmt.Errorf("%s: %s", show(c.path), reason(err))
	}
	f, err := x.s.Flash.Open("flash:/" + path)
	if err != nil {
		return fmt.Errorf("%s: %s", show(c.path), reason(err))
	}
	defer f.Close()
	if c.times {
		at := f.ModTime.Unix()
		if err := x.say(fmt.Sprintf("T%d 0 %d 0\n", at, at)); err != nil {
			return err
		}
	}
	if err := x.say(fmt.Sprintf("C0644 %d %s\n", f.Size, f.Name())); err != nil {
		return err
	}
	// The size was announced: a file that is cut meanwhile ends the copy.
	if n, err := io.Copy(x.out, io.LimitReader(f.File, f.Size)); err != nil || n < f.Size {
		return errPeer
	}
	if err := x.ack(); err != nil {
		return err
	}
	if err := x.wait(); err != nil {
		return err
	}
	x.s.record(Sent{Name: path, Size: f.Size, Transport: "scp", Who: x.who})
	return nil
}

func (x *scp) say(line string) error {
	if _, err := io.WriteString(x.out, line); err != nil {
		return errPeer
	}
	return x.wait()
}
