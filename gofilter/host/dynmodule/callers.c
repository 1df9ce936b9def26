// The callers filter: asks Go who makes a request, holds a signed one until its body is there, and refuses whom Go does.
// What is asked for is said by the route, which is where the filter is switched on.
#include <stdlib.h>

#include "_cgo_export.h"
#include "http.h"

typedef struct {
  http_filter base;
  uint32_t slot; // of the request in Go while it waits for its body, else 0
  size_t limit;  // largest body to wait for in bytes
} callers;

static const envoy_dynamic_module_type_http_header_type headers = envoy_dynamic_module_type_http_header_type_RequestHeader;
static const module_bytes metadata = {"dubbomesh.callers", 17}; // config.CallerMetadata

// Does what Go asked for and returns whether the request goes on. Sending a response may destroy the filter.
static bool act(void *stream, callers *f, const dubbo_verdict *v) {
  const dubbo_step *s = &v->step;
  f->slot = 0;
  dubbo_count(s->events);
  if (s->status != 0) {
    envoy.http_send_response(stream, s->status, s->fields, s->fields_len, s->body, v->details);
  } else {
    http_set_headers(stream, headers, s->fields, s->fields_len);
    for (size_t i = 0; i < v->facts_len; i++) {
      const module_field *h = &v->facts[i];
      envoy.http_set_dynamic_metadata_string(stream, metadata, (module_bytes){h->key_ptr, h->key_length},
                                             (module_bytes){h->value_ptr, h->value_length});
    }
    if (v->reroute) envoy.http_clear_route_cache(stream);
  }
  dubboRelease(s->slot);
  return s->status == 0;
}

static bool finish(void *stream, callers *f) {
  dubbo_verdict v = {.step = {.slot = f->slot}};
  if (http_body_size(stream, REQUEST) > f->limit) {
    dubboCallersTooLarge(f->limit, &v);
    return act(stream, f, &v);
  }
  http_body body;
  http_body_get(stream, REQUEST, &body);
  dubboCallersBody(body.chunks, body.len, &v);
  http_body_free(&body);
  return act(stream, f, &v);
}

static void *create(const http_config *config) {
  callers *f = calloc(1, sizeof *f);
  if (f != NULL) f->limit = config->limits.request;
  return f;
}

static void destroy(void *filter) {
  callers *f = filter;
  if (f->slot != 0) dubboRelease(f->slot);
}

static request_headers_status request_headers(void *stream, void *filter, bool end) {
  callers *f = filter;
  const void *route = envoy.get_most_specific_route_config(stream);
  if (route == NULL) return REQUEST_HEADERS(Continue);
  http_head head;
  http_head_get(stream, headers, &head);
  dubbo_verdict v = {0};
  dubboCallersAsk((uint32_t)(uintptr_t)route, head.fields, head.len, &v);
  http_head_free(&head);
  if (!v.wait) return act(stream, f, &v) ? REQUEST_HEADERS(Continue) : REQUEST_HEADERS(StopIteration);
  f->slot = v.step.slot;
  if (v.limit != 0 && v.limit < f->limit) f->limit = v.limit;
  if (end) return finish(stream, f) ? REQUEST_HEADERS(Continue) : REQUEST_HEADERS(StopIteration);
  http_hold(stream, f->limit);
  return REQUEST_HEADERS(StopIteration);
}

static request_body_status request_body(void *stream, void *filter, bool end) {
  callers *f = filter;
  if (f->slot == 0) return REQUEST_BODY(Continue);
  if (!end && http_body_size(stream, REQUEST) <= f->limit) return REQUEST_BODY(StopIterationAndBuffer);
  return finish(stream, f) ? REQUEST_BODY(Continue) : REQUEST_BODY(StopIterationNoBuffer);
}

static request_trailers_status request_trailers(void *stream, void *filter) {
  callers *f = filter;
  return f->slot == 0 || finish(stream, f) ? REQUEST_TRAILERS(Continue) : REQUEST_TRAILERS(StopIteration);
}

// Envoy answers by itself: nobody waits any more.
static void local_reply(void *filter, uint32_t status, envoy_bytes details) {
  callers *f = filter;
  if (f->slot != 0) dubboRelease(f->slot);
  f->slot = 0;
}

const http_kind callers_kind = {
    .name = "callers",
    .create = create,
    .destroy = destroy,
    .request_headers = request_headers,
    .request_body = request_body,
    .request_trailers = request_trailers,
    .local_reply = local_reply,
};

// The counts, beside those of methods.
static size_t held_id, tried_id, failed_id;
static void *owner_of_ids;

void dubbo_callers_define(void *owner) {
  module_bytes labels[] = {{"policy", 6}, {"outcome", 7}};
  envoy.bootstrap_extension_config_define_counter(owner, (module_bytes){"callers", 7}, labels, 2, &held_id);
  envoy.bootstrap_extension_config_define_counter(owner, (module_bytes){"callers_dry_run", 15}, labels, 2, &tried_id);
  envoy.bootstrap_extension_config_define_counter(owner, (module_bytes){"caller_key_files_failed", 23}, NULL, 0, &failed_id);
  owner_of_ids = owner;
}

void dubbo_callers_forget(const void *owner) {
  if (owner_of_ids == owner) owner_of_ids = NULL;
}

void dubbo_callers_add(module_bytes policy, module_bytes outcome, bool tried, uint64_t n) {
  if (owner_of_ids == NULL) return;
  module_bytes values[] = {policy, outcome};
  envoy.bootstrap_extension_config_increment_counter(owner_of_ids, tried ? tried_id : held_id, values, 2, n);
}

void dubbo_callers_failed(uint64_t n) {
  if (owner_of_ids != NULL) envoy.bootstrap_extension_config_increment_counter(owner_of_ids, failed_id, NULL, 0, n);
}
