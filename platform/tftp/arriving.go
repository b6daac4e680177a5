package tftp

// A file that is fetched from elsewhere while it is sent: a block that has not
// come yet is not read, because the lock of the shard is held, but waited for.

// arrived reports that the next packet of t can be made. If not, t goes on when
// it can; the place is free for others meanwhile.
func (sh *shard) arrived(t *transfer) bool {
	if t.coming == nil || t.snd.negotiating {
		return true
	}
	need := t.file.Size // netascii: where a block ends shows only when it is made
	if t.req.mode != Netascii {
		need = min(need, int64(t.snd.next)*int64(t.agreed.blockSize))
	}
	n, err := t.coming.Arrived()
	if n >= need || err != nil {
		if n >= t.file.Size {
			t.coming = nil
		}
		return true // of one that never comes the read error tells
	}
	if t.dry {
		return false
	}
	t.dry = true
	if t.waits == nil {
		t.file.Yield()
	}
	coming := t.coming
	sh.later(func() { coming.When(need, func() { sh.goOn(t) }) })
	return false
}

// goOn continues a transfer whose next block has come.
func (sh *shard) goOn(t *transfer) {
	sh.mu.Lock()
	defer sh.unlock()
	t.dry = false
	if t.gone {
		return
	}
	now := sh.srv.now()
	t.snd.moved = now
	if t.waits == nil {
		if sh.place(t); t.paused || t.gone {
			return
		}
	}
	sh.pump(t, now)
}
