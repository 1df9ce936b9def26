// The rest filter: a Dubbo consumer's call becomes a request for an HTTP service, and the service's answer the call's. It
// is told by its content type; anything else passes, and so do responses of Envoy's own.
#include <stdlib.h>

#include "_cgo_export.h"
#include "http.h"

typedef struct {
  http_filter base;
  const http_config *config;
  uint32_t slot;  // of the call in Go, 0 before and after it
  bool waiting;   // for the whole call, which Go has not seen yet
} rest;

static bool is_call(void *stream) { return http_is(http_request_header(stream, "content-type"), "application/x-dubbo"); }

// Does what Go asked for and returns whether the message goes on. Sending a response may destroy the filter.
static bool act(void *stream, rest *f, const dubbo_step *s, http_side side) {
  envoy_dynamic_module_type_http_header_type type = side == REQUEST
                                                        ? envoy_dynamic_module_type_http_header_type_RequestHeader
                                                        : envoy_dynamic_module_type_http_header_type_ResponseHeader;
  bool done = s->status != 0 || side == RESPONSE;
  f->slot = done ? 0 : s->slot;
  dubbo_count(s->events);
  if (s->status != 0) {
    envoy.http_send_response(stream, s->status, s->fields, s->fields_len, s->body, (module_bytes){"dubbo_rest", 10});
  } else {
    http_set_headers(stream, type, s->fields, s->fields_len);
    http_body_replace(stream, side, s->body);
  }
  if (done) dubboRelease(s->slot);
  return s->status == 0;
}

// Lets Go turn the whole call into a request.
static bool ask(void *stream, rest *f) {
  f->waiting = false;
  http_head head;
  http_body body;
  http_head_get(stream, envoy_dynamic_module_type_http_header_type_RequestHeader, &head);
  http_body_get(stream, REQUEST, &body);
  dubbo_step step = {0};
  dubboRestRequest(f->config->limits.slot, head.fields, head.len, body.chunks, body.len, &step);
  http_head_free(&head);
  http_body_free(&body);
  return act(stream, f, &step, REQUEST);
}

// Lets Go turn the answer into the call's. Own says that Envoy cannot take another body for it any more.
static bool answer(void *stream, rest *f, bool own) {
  http_head head;
  http_body body;
  http_head_get(stream, envoy_dynamic_module_type_http_header_type_ResponseHeader, &head);
  http_body_get(stream, RESPONSE, &body);
  dubbo_step step = {.slot = f->slot};
  dubboRestAnswer(head.fields, head.len, body.chunks, body.len, own, &step);
  http_head_free(&head);
  http_body_free(&body);
  return act(stream, f, &step, RESPONSE);
}

static void *create(const http_config *config) {
  rest *f = calloc(1, sizeof *f);
  if (f != NULL) f->config = config;
  return f;
}

static void destroy(void *filter) {
  rest *f = filter;
  if (f->slot != 0) dubboRelease(f->slot);
}

static request_headers_status request_headers(void *stream, void *filter, bool end) {
  rest *f = filter;
  if (!is_call(stream)) return REQUEST_HEADERS(Continue);
  if (end) return ask(stream, f) ? REQUEST_HEADERS(Continue) : REQUEST_HEADERS(StopIteration);
  f->waiting = true;
  const dubbo_limits *l = &f->config->limits;
  http_hold(stream, l->request > l->response ? l->request : l->response);
  return REQUEST_HEADERS(StopIteration);
}

static request_body_status request_body(void *stream, void *filter, bool end) {
  rest *f = filter;
  if (!f->waiting) return REQUEST_BODY(Continue);
  if (!end && http_body_size(stream, REQUEST) <= f->config->limits.request) return REQUEST_BODY(StopIterationAndBuffer);
  return ask(stream, f) ? REQUEST_BODY(Continue) : REQUEST_BODY(StopIterationNoBuffer);
}

static request_trailers_status request_trailers(void *stream, void *filter) {
  rest *f = filter;
  return !f->waiting || ask(stream, f) ? REQUEST_TRAILERS(Continue) : REQUEST_TRAILERS(StopIteration);
}

static response_headers_status response_headers(void *stream, void *filter, bool end) {
  rest *f = filter;
  if (f->slot == 0) return RESPONSE_HEADERS(Continue);
  return end && answer(stream, f, false) ? RESPONSE_HEADERS(Continue) : RESPONSE_HEADERS(StopIteration);
}

static response_body_status response_body(void *stream, void *filter, bool end) {
  rest *f = filter;
  if (f->slot == 0) return RESPONSE_BODY(Continue);
  bool large = http_body_size(stream, RESPONSE) > f->config->limits.response;
  if (!end && !large) return RESPONSE_BODY(StopIterationAndBuffer);
  return answer(stream, f, !end) ? RESPONSE_BODY(Continue) : RESPONSE_BODY(StopIterationNoBuffer);
}

// Envoy takes a body at the trailers only when some of it was there before.
static response_trailers_status response_trailers(void *stream, void *filter) {
  rest *f = filter;
  if (f->slot == 0) return RESPONSE_TRAILERS(Continue);
  bool own = http_body_size(stream, RESPONSE) == 0;
  return answer(stream, f, own) ? RESPONSE_TRAILERS(Continue) : RESPONSE_TRAILERS(StopIteration);
}

// Envoy answers by itself: its response passes as it is.
static void local_reply(void *filter, uint32_t status, envoy_bytes details) {
  rest *f = filter;
  f->waiting = false;
  if (f->slot != 0) dubboRelease(f->slot);
  f->slot = 0;
}

const http_kind rest_kind = {
    .name = "rest",
    .create = create,
    .destroy = destroy,
    .request_headers = request_headers,
    .request_body = request_body,
    .request_trailers = request_trailers,
    .response_headers = response_headers,
    .response_body = response_body,
    .response_trailers = response_trailers,
    .local_reply = local_reply,
};
