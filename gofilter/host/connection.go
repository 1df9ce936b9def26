package host

import (
	"fmt"
	"runtime/debug"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/consumer"
)

// Relay stands between a Dubbo consumer and an HTTP connection manager; *consumer.Session is one.
type Relay interface {
	FromConsumer(part []byte)
	FromManager(part []byte)
	Drain()
	Block(blocked bool)
	Output() consumer.Output
	Answers() consumer.Output
}

// Flow is what a host has to do next on a consumer's connection.
type Flow struct {
	consumer.Output
	Events Event
}

// Connection is one connection of a Dubbo consumer, on which a panic of the core ends that connection and no more. It is
// used by one goroutine at a time.
type Connection struct {
	relay  Relay
	log    func(message string)
	broken bool
}

// NewConnection returns a connection whose first bytes are those of a Dubbo frame. Panics are reported to log.
func NewConnection(cfg config.Consumer, log func(message string)) *Connection {
	return &Connection{relay: consumer.New(cfg), log: log}
}

// FromConsumer takes the next bytes that the consumer sent.
func (c *Connection) FromConsumer(parts [][]byte) (f Flow) {
	return c.run(func() consumer.Output {
		for _, part := range parts {
			c.relay.FromConsumer(part)
		}
		return c.relay.Output()
	})
}

// FromManager takes the next bytes that the connection manager sent. The manager is at work, so nothing is for it.
func (c *Connection) FromManager(parts [][]byte) (f Flow) {
	return c.run(func() consumer.Output {
		for _, part := range parts {
			c.relay.FromManager(part)
		}
		return c.relay.Answers()
	})
}

// Wake returns what could not be done while the manager was at work; drain says that the consumer is to be told to make
// no more calls.
func (c *Connection) Wake(drain bool) (f Flow) {
	return c.run(func() consumer.Output {
		if drain {
			c.relay.Drain()
		}
		return c.relay.Output()
	})
}

// Block says whether the consumer takes its answers too slowly.
func (c *Connection) Block(blocked bool) (f Flow) {
	return c.run(func() consumer.Output {
		c.relay.Block(blocked)
		return c.relay.Answers()
	})
}

// run closes the connection when the core panics. Nothing is known of its state then.
func (c *Connection) run(step func() consumer.Output) (f Flow) {
	if c.broken {
		return Flow{Output: consumer.Output{Close: true}}
	}
	defer func() {
		if fault := recover(); fault != nil {
			c.broken = true
			c.log(fmt.Sprintf("panic on a consumer's connection: %v\n%s", fault, debug.Stack()))
			f = Flow{Output: consumer.Output{Close: true}, Events: Panicked}
		}
	}()
	return Flow{Output: step()}
}
