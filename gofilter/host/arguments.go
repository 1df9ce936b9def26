package host

import (
	"fmt"
	"runtime/debug"

	"github.com/dubbomesh/dubbomesh/gofilter/arguments"
)

// FindArguments looks at a whole request. Afterwards the finder has the values; after a panic, which is reported to log,
// the event says so and it has none that count.
func FindArguments(f *arguments.Finder, p *arguments.Plan, head []Field, parts [][]byte, log func(message string)) (events Event) {
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
