package netif

import "slices"

// latest is the last picture of the interfaces, good until the kernel tells of
// a change: each line of a pasted configuration asks which addresses the box
// has, and to ask the kernel takes longer than all the rest of the line.
type latest struct {
	changes uint64      // how often the picture was thrown away
	list    []Interface // nil = to be read
}

// Latest tells how the interfaces are, by what the kernel told last; counters
// may be old. Until the service watches it looks itself. A change made by
// somebody else is in it as soon as its message is read, and Options.Changed
// is called after that.
func (m *Service) Latest() ([]Interface, error) {
	m.mu.Lock()
	list, changes := m.latest.list, m.latest.changes
	watching := m.socket != nil && !m.closed && !m.deaf
	m.mu.Unlock()
	if watching && list != nil {
		return slices.Clone(list), nil
	}
	list, err := Read(m.mapping)
	if err == nil {
		m.remember(list, changes)
	}
	return slices.Clone(list), err
}

// remember keeps a picture unless something changed while it was taken.
func (m *Service) remember(list []Interface, changes uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.latest.changes == changes {
		m.latest.list = list
	}
}

// forget throws the picture away: what comes after it looks again.
func (m *Service) forget() (changes uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.latest.list = nil
	m.latest.changes++
	return m.latest.changes
}
