package host

import (
	"fmt"
	"runtime/debug"
)

// guarded does something of which a panic is reported to log. What it sets then has the value from before.
func guarded(what string, do func(), log func(message string)) {
	defer func() {
		if fault := recover(); fault != nil {
			log(fmt.Sprintf("panic while %s: %v\n%s", what, fault, debug.Stack()))
		}
	}()
	do()
}

// caught makes an error of a panic of the function that defers it.
func caught(what string, err *error) {
	if fault := recover(); fault != nil {
		*err = fmt.Errorf("panic while %s: %v\n%s", what, fault, debug.Stack())
	}
}
