// The recovery filter: tells Go how many instances of a request's cluster are healthy and which one has answered, and has
// Envoy ask the instance that Go says, if that can be asked.
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"
#include "http.h"

enum { ADDRESS = 64, PRIORITIES = 128 }; // an IPv6 address with zone and port fits; Envoy has no more priorities

typedef struct {
  http_filter base;
  uint32_t slot, worker; // of the route's recovery, 0 without one and after the answer
  dubbo_call call;
  size_t chosen_len;
  char chosen[ADDRESS];
} recovery;

static void *create(const http_config *config) { return calloc(1, sizeof(recovery)); }

// Counts the instances of the request's cluster.
static bool count(void *stream, dubbo_pool *pool) {
  size_t total, healthy, degraded;
  for (uint32_t p = 0; p < PRIORITIES && envoy.http_get_cluster_host_count(stream, p, &total, &healthy, &degraded); p++) {
    pool->total += total;
    pool->healthy += healthy + degraded;
  }
  return pool->total > 0;
}

static request_headers_status request_headers(void *stream, void *filter, bool end) {
  recovery *f = filter;
  dubbo_pool pool = {.slot = (uint32_t)(uintptr_t)envoy.get_most_specific_route_config(stream)};
  envoy_bytes cluster;
  if (pool.slot == 0 || !envoy.http_get_cluster_name(stream, &cluster) || !count(stream, &pool)) return REQUEST_HEADERS(Continue);
  pool.cluster = (module_bytes){cluster.ptr, cluster.length};
  pool.worker = f->worker = envoy.http_filter_get_worker_index(stream);
  f->slot = pool.slot;
  f->chosen_len = dubboRecoveryChoose(&pool, &f->call, f->chosen, sizeof f->chosen);
  dubbo_count(f->call.events);
  if (f->chosen_len > 0) envoy.http_set_upstream_override_host(stream, (module_bytes){f->chosen, f->chosen_len}, false);
  return REQUEST_HEADERS(Continue);
}

static response_headers_status response_headers(void *stream, void *filter, bool end) {
  recovery *f = filter;
  envoy_bytes from;
  if (f->slot == 0 || !envoy.http_filter_get_attribute_string(stream, envoy_dynamic_module_type_attribute_id_UpstreamAddress, &from)) {
    return RESPONSE_HEADERS(Continue);
  }
  bool led = from.length == f->chosen_len && memcmp(from.ptr, f->chosen, from.length) == 0;
  dubbo_count(dubboRecoveryAnswered(f->slot, f->worker, &f->call, (char *)from.ptr, from.length, led));
  f->slot = 0;
  return RESPONSE_HEADERS(Continue);
}

const http_kind recovery_kind = {
    .name = "recovery",
    .create = create,
    .request_headers = request_headers,
    .response_headers = response_headers,
};
