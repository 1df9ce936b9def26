package recovery

// Known is how many instances the watch knows.
func (w *Watch) Known() int { return len(w.instances) }
