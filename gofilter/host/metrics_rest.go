package host

import "github.com/dubbomesh/dubbomesh/gofilter/transcode"

// RestCounts counts the calls of Dubbo consumers to HTTP services, one after the other. It does for RestRequest and
// RestAnswer what an Exchange does by itself.
type RestCounts struct {
	Metrics *Metrics
	Core    interface{ Outcome() transcode.Outcome }

	start, encode int64
	asked         bool
}

// Begin is called before RestRequest and before RestAnswer.
func (c *RestCounts) Begin() { c.start = Clock() }

// Asked is called after RestRequest with what it returned. A call whose core panicked is counted without a name.
func (c *RestCounts) Asked(r Rewrite) {
	c.encode = Clock() - c.start
	c.asked = r.Response == nil
	if r.Events&Panicked != 0 {
		c.Metrics.Panicked(new(transcode.Outcome))
	}
}

// Answered is called after RestAnswer.
func (c *RestCounts) Answered() { c.count(Clock() - c.start) }

// Gone is called when the call has ended, whatever became of it.
func (c *RestCounts) Gone() { c.count(0) }

func (c *RestCounts) count(decode int64) {
	if !c.asked {
		return
	}
	c.asked = false
	defer func() { _ = recover() }() // as in Exchange.countPanic
	o := c.Core.Outcome()
	c.Metrics.Count(&o, c.encode, decode)
}
