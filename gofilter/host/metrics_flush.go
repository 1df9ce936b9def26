package host

// Flush hands what was counted since the last flush to add, one series after the other. The number of series is bounded,
// and a series is there from its first count on. Calls are counted meanwhile; flushes wait for each other.
func (m *Metrics) Flush(add func(s Series, n uint64)) {
	m.flushing.Lock()
	defer m.flushing.Unlock()
	m.mu.Lock()
	all := m.all // it only grows
	m.mu.Unlock()
	for _, c := range all {
		for i := range c.counts {
			value := c.counts[i].Load()
			if i == encodeTime || i == decodeTime {
				value /= 1000
			}
			if n := value - c.flushed[i]; n != 0 {
				c.flushed[i] = value
				add(seriesOf(c, i), n)
			}
		}
	}
}

// FlushTo is Flush for hosts: a panic is reported to log, and what was not flushed comes with the next flush.
func FlushTo(m *Metrics, add func(s Series, n uint64), log func(message string)) {
	guarded("handing over metrics", func() { m.Flush(add) }, log)
}
