// Package rootfile is what flash: and nvram: share, both of which keep their
// files below an os.Root: errors that name the operator's path and no path of
// the host, and directories whose change of names outlasts a power cut.
//
// Follows DESIGN 3. Concurrency: functions without state. Failure: what the
// file system says. Testing: with a temporary directory.
package rootfile

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// PathError keeps the reason of an error and replaces its path. nil stays nil.
func PathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		err = pe.Err
	case errors.As(err, &le):
		err = le.Err
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// SyncDir makes a change of the names in a directory durable. File systems
// that cannot do it (EINVAL) have nothing to do.
func SyncDir(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) {
		return err
	}
	return nil
}
