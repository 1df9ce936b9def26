package host

import (
	"fmt"
	"runtime/debug"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// LoadElsewhere reads the fallbacks of a route. A panic becomes an error.
func LoadElsewhere(text []byte) (e *config.Elsewhere, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			e, err = nil, fmt.Errorf("panic while reading fallbacks: %v\n%s", fault, debug.Stack())
		}
	}()
	read, err := config.ParseElsewhere(text)
	if err != nil {
		return nil, err
	}
	return &read, nil
}

// ChooseElsewhere returns the index of the fallback by which a call with this answer is made anew, -1 for none. After a
// panic, which is reported to log, it is none.
func ChooseElsewhere(e *config.Elsewhere, status int, details string, log func(message string)) (choice int, events Event) {
	defer func() {
		if fault := recover(); fault != nil {
			log(fmt.Sprintf("panic while choosing a fallback: %v\n%s", fault, debug.Stack()))
			choice, events = -1, Panicked
		}
	}()
	return e.Choose(status, details), 0
}
