package host

import (
	"fmt"
	"runtime/debug"

	"github.com/dubbomesh/dubbomesh/gofilter/arguments"
)

// ArgumentFinder finds values among the arguments of a request; *arguments.Finder is one. Its methods are called in this order.
type ArgumentFinder interface {
	Reset(p *arguments.Plan)
	Header(name, value []byte)
	Find(body []byte)
}

// FindArguments walks a whole request through a finder, which has the values afterwards. After a panic, which is reported
// to log and told as an event, it has none.
func FindArguments(f ArgumentFinder, p *arguments.Plan, head []Field, parts [][]byte, log func(message string)) (events Event) {
	defer func() {
		if fault := recover(); fault != nil {
			log(fmt.Sprintf("panic while looking for arguments: %v\n%s", fault, debug.Stack()))
			f.Reset(p)
			events = Panicked
		}
	}()
	f.Reset(p)
	for _, h := range head {
		f.Header(h.Name, h.Value)
	}
	f.Find(joined(parts))
	return 0
}

// joined is a body in one piece: as it is when it came so.
func joined(parts [][]byte) []byte {
	if len(parts) == 1 {
		return parts[0]
	}
	out := make([]byte, 0, sizeOf(parts))
	for _, part := range parts {
		out = append(out, part...)
	}
	return out
}
