package host

import (
	"fmt"
	"runtime/debug"

	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// Router names the path that a form body asks for, or the response that refuses it; transcode.FormPath is one.
type Router func(body []byte) (path string, bad *transcode.Response)

// Form asks route where a form body goes: the step has either a path or a response. A panic of route becomes a
// response and is reported to log.
func Form(route Router, body []byte, log func(message string)) (path string, s Step) {
	defer func() {
		if fault := recover(); fault != nil {
			log(fmt.Sprintf("panic while routing a form: %v\n%s", fault, debug.Stack()))
			path, s = "", Step{Response: new(transcode.Call).Broken(), Events: Panicked}
		}
	}()
	path, bad := route(body)
	if bad != nil {
		return "", Step{Response: bad, Events: Rejected}
	}
	return path, Step{}
}

// TooLarge is the response to a form of more than limit bytes.
func TooLarge(limit int) Step {
	return Step{Response: transcode.TooLarge(limit), Events: Rejected}
}
