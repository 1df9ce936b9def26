package main

// #include "envoy.h"
import "C"

import "github.com/dubbomesh/dubbomesh/gofilter/config"

// dubboHTTPConfig reads the configuration of an HTTP filter, which all of them but one have in the bridge's form.
//
//export dubboHTTPConfig
func dubboHTTPConfig(name *C.char, nameLen C.size_t, text *C.char, textLen C.size_t, out *C.dubbo_limits) C.bool {
	if !named("HTTP filter", "filter_name", name, nameLen, config.FormFilter, config.RestFilter, config.BreakerFilter, config.ElsewhereFilter, config.ArgumentsFilter, config.CallersFilter, config.RecoveryFilter, config.KeySetFilter, config.LimitsFilter) {
		return false
	}
	if string(bytesOf(name, nameLen)) == config.KeySetFilter {
		out.slot = C.uint32_t(loadKeySet(string(bytesOf(text, textLen))))
		return out.slot != 0
	}
	cfg, err := config.ParseBridge(bytesOf(text, textLen))
	if err != nil {
		logError(err.Error())
		return false
	}
	out.slot = C.uint32_t(bridges.Put(&cfg))
	out.request, out.response = C.size_t(cfg.MaxRequestBytes), C.size_t(cfg.MaxResponseBytes)
	return true
}
