// Package rootfile is what flash: and nvram: share, and who keeps a small file of
// its own there, all below an os.Root: errors that name the operator's path and no
// path of the host, files that are replaced whole or not at all, and directories whose
// change of names outlasts a power cut; and how a file of the machine is read that
// the settings name.
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

// Replace writes a file so that a power cut leaves the old one or the new one. temp
// is its name until it is whole; only the owner can read it.
func Replace(root *os.Root, name, temp string, data []byte) error {
	f, err := root.OpenFile(temp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		_ = root.Remove(temp)
		return err
	}
	return SyncDir(root, ".")
}
