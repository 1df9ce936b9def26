// The form filter: a form on POST / says in its body what it calls, so its path is set from there before it is routed.
#include <stdlib.h>
#include <strings.h>

#include "_cgo_export.h"
#include "http.h"

typedef struct {
  http_filter base;
  bool active;   // this request is a form on POST /, and it waits for its body
  size_t limit;  // largest body in bytes
} form;

static bool is_form(void *stream) {
  static const char type[] = "application/x-www-form-urlencoded";
  if (!http_is(http_request_header(stream, ":path"), "/") || !http_is(http_request_header(stream, ":method"), "POST")) {
    return false;
  }
  envoy_bytes t = http_request_header(stream, "content-type");
  size_t n = sizeof type - 1;
  return t.length >= n && strncasecmp(t.ptr, type, n) == 0 &&
         (t.length == n || t.ptr[n] == ';' || t.ptr[n] == ' ');
}

// Does what Go asked for and returns whether the request goes on.
static bool act(void *stream, form *f, const dubbo_step *s) {
  f->active = false; // before the call that may destroy it
  dubbo_count(s->events);
  if (s->status != 0) {
    envoy.http_send_response(stream, s->status, s->fields, s->fields_len, s->body, (module_bytes){"dubbo_form", 10});
  } else {
    envoy.http_set_header(stream, envoy_dynamic_module_type_http_header_type_RequestHeader, (module_bytes){":path", 5},
                          s->path);
    envoy.http_clear_route_cache(stream);
  }
  if (s->slot != 0) dubboRelease(s->slot);
  return s->status == 0;
}

// Takes the whole body and lets Go find its route.
static bool finish(void *stream, form *f) {
  http_body body;
  http_body_get(stream, REQUEST, &body);
  dubbo_step step = {0};
  dubboForm(body.chunks, body.len, &step);
  http_body_free(&body);
  return act(stream, f, &step);
}

static void *create(const http_config *config) {
  form *f = calloc(1, sizeof *f);
  if (f != NULL) f->limit = config->limits.request;
  return f;
}

static request_headers_status request_headers(void *stream, void *filter, bool end) {
  form *f = filter;
  f->active = is_form(stream);
  if (!f->active) return REQUEST_HEADERS(Continue);
  if (end) return finish(stream, f) ? REQUEST_HEADERS(Continue) : REQUEST_HEADERS(StopIteration);
  http_hold(stream, f->limit);
  return REQUEST_HEADERS(StopIteration);
}

static request_body_status request_body(void *stream, void *filter, bool end) {
  form *f = filter;
  if (!f->active) return REQUEST_BODY(Continue);
  if (http_body_size(stream, REQUEST) > f->limit) {
    dubbo_step step = {0};
    dubboFormTooLarge(f->limit, &step);
    act(stream, f, &step);
    return REQUEST_BODY(StopIterationNoBuffer);
  }
  if (!end) return REQUEST_BODY(StopIterationAndBuffer);
  return finish(stream, f) ? REQUEST_BODY(Continue) : REQUEST_BODY(StopIterationNoBuffer);
}

static request_trailers_status request_trailers(void *stream, void *filter) {
  form *f = filter;
  return !f->active || finish(stream, f) ? REQUEST_TRAILERS(Continue) : REQUEST_TRAILERS(StopIteration);
}

const http_kind form_kind = {
    .name = "form",
    .create = create,
    .request_headers = request_headers,
    .request_body = request_body,
    .request_trailers = request_trailers,
};
