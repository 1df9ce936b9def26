package host

import (
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// LoadElsewhere reads the fallbacks of a route. A panic becomes an error.
func LoadElsewhere(text []byte) (e *config.Elsewhere, err error) {
	defer caught("reading fallbacks", &err)
	read, err := config.ParseElsewhere(text)
	if err != nil {
		return nil, err
	}
	return &read, nil
}

// ChooseElsewhere returns the index of the fallback by which a call with this answer is made anew, -1 for none. After a
// panic, which is reported to log, it is none.
func ChooseElsewhere(e *config.Elsewhere, status int, details string, log func(message string)) (choice int, events Event) {
	choice, events = -1, Panicked
	guarded("choosing a fallback", func() { choice, events = e.Choose(status, details), 0 }, log)
	return choice, events
}
