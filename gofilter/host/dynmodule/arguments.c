// The arguments filter: holds a request until its body has come, writes values of its arguments into headers, and has its
// route chosen again by them. What they are is the route's to say, which is where the filter is switched on.
#include <stdlib.h>

#include "_cgo_export.h"
#include "http.h"

typedef struct {
  http_filter base;
  size_t limit;   // largest body in bytes
  uint32_t slot;  // of what the route asks for
  bool waiting;   // for the whole body
} arguments;

static const envoy_dynamic_module_type_http_header_type header = envoy_dynamic_module_type_http_header_type_RequestHeader;

// Does what Go asked for and returns whether the request goes on. Sending a response may destroy the filter.
static bool act(void *stream, const dubbo_step *s) {
  dubbo_count(s->events);
  bool refused = s->status != 0;
  if (refused) {
    envoy.http_send_response(stream, s->status, s->fields, s->fields_len, s->body, (module_bytes){"dubbo_arguments", 15});
  } else {
    http_set_headers(stream, header, s->fields, s->fields_len);
    envoy.http_clear_route_cache(stream);
  }
  dubboRelease(s->slot);
  return !refused;
}

static bool finish(void *stream, arguments *f) {
  f->waiting = false;
  http_head head;
  http_body body;
  http_head_get(stream, header, &head);
  http_body_get(stream, REQUEST, &body);
  dubbo_step step = {0};
  dubboArguments(f->slot, head.fields, head.len, body.chunks, body.len, &step);
  http_head_free(&head);
  http_body_free(&body);
  return act(stream, &step);
}

static bool refuse(void *stream, arguments *f) {
  f->waiting = false;
  dubbo_step step = {0};
  dubboFormTooLarge(f->limit, &step);
  return act(stream, &step);
}

static void *create(const http_config *config) {
  arguments *f = calloc(1, sizeof *f);
  if (f != NULL) f->limit = config->limits.request;
  return f;
}

static request_headers_status request_headers(void *stream, void *filter, bool end) {
  arguments *f = filter;
  const void *route = envoy.get_most_specific_route_config(stream);
  if (route == NULL) return REQUEST_HEADERS(Continue);
  f->slot = (uint32_t)(uintptr_t)route;
  size_t limit = dubboArgumentsLimit(f->slot);
  if (limit < f->limit) f->limit = limit;
  envoy_bytes verb = http_request_header(stream, ":method"), type = http_request_header(stream, "content-type"),
              upgrade = http_request_header(stream, "upgrade");
  if (end || !dubboArgumentsWait((char *)verb.ptr, verb.length, (char *)type.ptr, type.length, (char *)upgrade.ptr, upgrade.length)) {
    return finish(stream, f) ? REQUEST_HEADERS(Continue) : REQUEST_HEADERS(StopIteration);
  }
  f->waiting = true;
  http_hold(stream, f->limit);
  return REQUEST_HEADERS(StopIteration);
}

static request_body_status request_body(void *stream, void *filter, bool end) {
  arguments *f = filter;
  if (!f->waiting) return REQUEST_BODY(Continue);
  if (http_body_size(stream, REQUEST) > f->limit) {
    refuse(stream, f);
    return REQUEST_BODY(StopIterationNoBuffer);
  }
  if (!end) return REQUEST_BODY(StopIterationAndBuffer);
  return finish(stream, f) ? REQUEST_BODY(Continue) : REQUEST_BODY(StopIterationNoBuffer);
}

static request_trailers_status request_trailers(void *stream, void *filter) {
  arguments *f = filter;
  return !f->waiting || finish(stream, f) ? REQUEST_TRAILERS(Continue) : REQUEST_TRAILERS(StopIteration);
}

const http_kind arguments_kind = {
    .name = "arguments",
    .create = create,
    .request_headers = request_headers,
    .request_body = request_body,
    .request_trailers = request_trailers,
};
