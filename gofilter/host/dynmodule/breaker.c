// The breaker filter: asks Go whether a request may be made, and tells it what became of it. The breaker itself is the
// route's, which is where the filter is switched on.
#include <stdlib.h>

#include "_cgo_export.h"
#include "http.h"

typedef struct {
  http_filter base;
  uint32_t slot;   // of the breaker
  uint64_t turn;   // of the request, 0 before it was let in and after it has counted
  int64_t began;
} breaker;

static void *create(const http_config *config) { return calloc(1, sizeof(breaker)); }

static request_headers_status request_headers(void *stream, void *filter, bool end) {
  breaker *f = filter;
  const void *route = envoy.get_most_specific_route_config(stream);
  if (route == NULL) return REQUEST_HEADERS(Continue);
  f->slot = (uint32_t)(uintptr_t)route;
  dubbo_step step = {0};
  dubboBreakerAsk(f->slot, &f->turn, &f->began, &step);
  dubbo_count(step.events);
  if (step.status == 0) return REQUEST_HEADERS(Continue);
  // This may destroy the filter.
  envoy.http_send_response(stream, step.status, step.fields, step.fields_len, step.body,
                           (module_bytes){"dubbo_breaker_open", 18});
  dubboRelease(step.slot);
  return REQUEST_HEADERS(StopIteration);
}

// Tells what became of the request, once.
static void answered(breaker *f, int status, int grpc, envoy_bytes local) {
  if (f->turn == 0) return;
  uint32_t events = dubboBreakerAnswer(f->slot, f->turn, f->began, status, grpc, (char *)local.ptr, local.length);
  f->turn = 0;
  dubbo_count(events);
}

static const envoy_bytes nothing = {NULL, 0};

static const envoy_dynamic_module_type_http_header_type headers = envoy_dynamic_module_type_http_header_type_ResponseHeader,
                                                        trailers = envoy_dynamic_module_type_http_header_type_ResponseTrailer;

static response_headers_status response_headers(void *stream, void *filter, bool end) {
  breaker *f = filter;
  if (f->turn == 0) return RESPONSE_HEADERS(Continue);
  int status = http_status(stream), grpc = -1;
  if (status == 200 && http_begins(http_header(stream, headers, "content-type"), "application/grpc")) {
    grpc = http_number(http_header(stream, headers, "grpc-status"));
    if (grpc < 0 && !end) return RESPONSE_HEADERS(Continue); // the trailers will tell
  }
  answered(f, status, grpc, nothing);
  return RESPONSE_HEADERS(Continue);
}

static response_trailers_status response_trailers(void *stream, void *filter) {
  answered(filter, 200, http_number(http_header(stream, trailers, "grpc-status")), nothing);
  return RESPONSE_TRAILERS(Continue);
}

static void local_reply(void *filter, uint32_t status, envoy_bytes details) { answered(filter, (int)status, -1, details); }

// The request ended without an answer that tells.
static void destroy(void *filter) { answered(filter, 0, -1, nothing); }

const http_kind breaker_kind = {
    .name = "breaker",
    .create = create,
    .destroy = destroy,
    .request_headers = request_headers,
    .response_headers = response_headers,
    .response_trailers = response_trailers,
    .local_reply = local_reply,
};

// The statistics of breakers, beside those of methods.
static size_t state_id, refused_id, entered_id;
static void *owner_of_ids;

void dubbo_breakers_define(void *owner) {
  module_bytes labels[] = {{"service", 7}, {"method", 6}, {"state", 5}};
  envoy.bootstrap_extension_config_define_gauge(owner, (module_bytes){"breaker_state", 13}, labels, 2, &state_id);
  envoy.bootstrap_extension_config_define_counter(owner, (module_bytes){"breaker_refused", 15}, labels, 2, &refused_id);
  envoy.bootstrap_extension_config_define_counter(owner, (module_bytes){"breaker_entered", 15}, labels, 3, &entered_id);
  owner_of_ids = owner;
}

void dubbo_breakers_forget(const void *owner) {
  if (owner_of_ids == owner) owner_of_ids = NULL;
}

void dubbo_breaker_state(module_bytes service, module_bytes method, uint64_t state, uint64_t refused) {
  if (owner_of_ids == NULL) return;
  module_bytes values[] = {service, method};
  envoy.bootstrap_extension_config_set_gauge(owner_of_ids, state_id, values, 2, state);
  envoy.bootstrap_extension_config_increment_counter(owner_of_ids, refused_id, values, 2, refused);
}

void dubbo_breaker_entered(module_bytes service, module_bytes method, module_bytes state, uint64_t n) {
  if (owner_of_ids == NULL) return;
  module_bytes values[] = {service, method, state};
  envoy.bootstrap_extension_config_increment_counter(owner_of_ids, entered_id, values, 3, n);
}
