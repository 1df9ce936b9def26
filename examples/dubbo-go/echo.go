package main

import (
	"context"
	"fmt"
	"time"

	"dubbo.apache.org/dubbo-go/v3/common/constant"
	hessian "github.com/apache/dubbo-go-hessian2"
)

const echoInterface = "org.dubbomesh.demo.Echo"

// Echo has one method for each shape of argument and result that a gateway has to carry.
type Echo struct {
	name        string
	utilization float64 // that Whoami reports; 0 for none
}

// Reference names the service inside dubbo-go.
func (*Echo) Reference() string { return echoInterface }

// MethodMapper gives the methods the names they have in Java.
func (*Echo) MethodMapper() map[string]string {
	return map[string]string{
		"Echo": "echo", "Add": "add", "GetUser": "getUser", "SaveUser": "saveUser", "ListUsers": "listUsers",
		"Fail": "fail", "Slow": "slow", "Whoami": "whoami", "Attachments": "attachments",
	}
}

// Echo answers its argument.
func (*Echo) Echo(_ context.Context, s string) (string, error) { return s, nil }

// Add answers a + b, wrapping around as Java does.
func (*Echo) Add(_ context.Context, a, b int64) (int64, error) { return a + b, nil }

// GetUser answers one of the users that ListUsers lists, or null.
func (*Echo) GetUser(_ context.Context, id int64) (*User, error) {
	if id < 1 || id > int64(len(users)) {
		return nil, nil
	}
	return users[id-1], nil
}

// SaveUser answers the user as it arrived.
func (*Echo) SaveUser(_ context.Context, user *User) (*User, error) { return user, nil }

// ListUsers answers all users.
func (*Echo) ListUsers(context.Context) ([]*User, error) { return users, nil }

// Fail always fails with a business exception that has a field of its own.
func (*Echo) Fail(_ context.Context, message string) (string, error) {
	return "", newBusinessException("DEMO-1", message)
}

// Slow answers after the given number of milliseconds, at most a minute.
func (*Echo) Slow(ctx context.Context, millis int32) (string, error) {
	delay := min(time.Duration(max(millis, 0))*time.Millisecond, time.Minute)
	select {
	case <-time.After(delay):
		return delay.String(), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Whoami answers the name this provider was started with, so that callers can count who answered. It reports its load.
func (e *Echo) Whoami(ctx context.Context) (string, error) {
	e.report(ctx)
	return e.name, nil
}

// report says with the answer how busy the provider is, in the text form of an ORCA load report. dubbo-go sends the
// attachments of the call back, and with them what was put there.
func (e *Echo) report(ctx context.Context) {
	if attachments, ok := ctx.Value(constant.AttachmentKey).(map[string]any); ok && e.utilization > 0 {
		attachments["endpoint-load-metrics"] = fmt.Sprintf("TEXT application_utilization=%g,rps_fractional=100", e.utilization)
	}
}

// Attachments answers the attachments the call arrived with, as text.
func (*Echo) Attachments(ctx context.Context) (map[string]string, error) {
	received, _ := ctx.Value(constant.AttachmentKey).(map[string]any)
	out := make(map[string]string, len(received))
	for name, value := range received {
		if list, ok := value.([]string); ok && len(list) == 1 {
			value = list[0]
		}
		out[name] = fmt.Sprint(value)
	}
	return out, nil
}

func init() {
	// hessian2 knows a Java class only after it was told of it.
	hessian.RegisterPOJO(&User{})
	hessian.RegisterPOJO(&Address{})
	hessian.RegisterPOJO(&BusinessException{})
	for _, role := range []Role{roleMember, roleAdmin} {
		hessian.RegisterJavaEnum(role)
	}
}
