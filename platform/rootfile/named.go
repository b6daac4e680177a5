package rootfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// Patience is how long a pipe has to give its text.
var Patience = 5 * time.Second

// ReadNamed reads a file of the machine that somebody names: most bytes of it and
// one more, by which the caller sees that it is too large. It does not wait for what
// never gives anything: a pipe without a writer, a terminal, another device.
func ReadNamed(name string, most int64) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such file", name)
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&(fs.ModeDevice|fs.ModeSocket) != 0 && name != os.DevNull:
		return nil, fmt.Errorf("%s: a device, no file", name)
	}
	if info.Mode()&fs.ModeNamedPipe != 0 {
		_ = f.SetReadDeadline(time.Now().Add(Patience))
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.EAGAIN) {
		return nil, fmt.Errorf("%s: nothing comes out of it", name)
	}
	if err == nil && len(text) == 0 && info.Mode()&fs.ModeNamedPipe != 0 {
		return nil, fmt.Errorf("%s: a pipe that nobody writes to", name)
	}
	return text, err
}
