package appliance

// Stopping is closed when the box begins to stop: a reload, a signal, Close.
func (a *Appliance) Stopping() <-chan struct{} { return a.life.Done() }
