// Envoy's hooks for configurations of routes: schemas, which no request reads as such (see config.Schema), breakers, limits,
// who may call, how instances come back. What Envoy keeps of one is no pointer but its kind and slot.
#include "_cgo_export.h"
#include "envoy.h"

const void *envoy_dynamic_module_on_http_filter_per_route_config_new(envoy_bytes name, envoy_bytes config) {
  return (const void *)(uintptr_t)dubboRoute((char *)name.ptr, name.length, (char *)config.ptr, config.length);
}

void envoy_dynamic_module_on_http_filter_per_route_config_destroy(const void *config) {
  dubboRouteDrop((uint64_t)(uintptr_t)config);
}
