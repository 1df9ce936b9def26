package main

import (
	"fmt"

	"dubbo.apache.org/dubbo-go/v3/common"
	"dubbo.apache.org/dubbo-go/v3/common/extension"
	"dubbo.apache.org/dubbo-go/v3/filter"
	"dubbo.apache.org/dubbo-go/v3/protocol/base"
	"dubbo.apache.org/dubbo-go/v3/protocol/result"
)

// refuse names what happens to calls above the limit of --threads. By default dubbo-go answers them with null, as if
// they had been made.
const refuse = "refuse"

func init() {
	extension.SetRejectedExecutionHandler(refuse, func() filter.RejectedExecutionHandler { return refusing{} })
}

// refusing answers a call above the limit with an exception.
type refusing struct{}

// RejectedExecution is called in place of the service.
func (refusing) RejectedExecution(url *common.URL, call base.Invocation) result.Result {
	return &result.RPCResult{Err: fmt.Errorf("%s.%s: thread pool is exhausted: more than %s calls at a time",
		url.Service(), call.MethodName(), url.GetParam("execute.limit", ""))}
}
