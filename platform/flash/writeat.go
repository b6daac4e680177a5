package flash

import "io"

// WriteAt implements io.WriterAt: transports that send pieces out of order
// (SFTP) use it instead of Write. What is never written reads as zeros.
func (w *Writer) WriteAt(b []byte, at int64) (int, error) {
	if err := w.fits(len(b)); err != nil {
		return 0, err
	}
	n, err := w.file.WriteAt(b, at)
	return n, pathError("write", w.name, err)
}

var _ io.WriterAt = (*Writer)(nil)
