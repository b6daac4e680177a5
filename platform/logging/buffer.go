package logging

// buffer keeps the last lines, bounded by their bytes (`logging buffered`).
type buffer struct {
	lines []string
	bytes int
	size  int
}

// add appends a line; the oldest make room.
func (b *buffer) add(line string) {
	if b.size <= 0 {
		return
	}
	if len(line)+1 > b.size {
		line = line[:b.size-1]
	}
	b.lines = append(b.lines, line)
	b.bytes += len(line) + 1
	b.trim()
}

func (b *buffer) trim() {
	n := 0
	for b.bytes > b.size && n < len(b.lines) {
		b.bytes -= len(b.lines[n]) + 1
		b.lines[n] = "" // let go of it before the array goes
		n++
	}
	b.lines = b.lines[n:]
}

func (b *buffer) resize(size int) {
	b.size = size
	b.trim()
}

func (b *buffer) clear() { b.lines, b.bytes = nil, 0 }
