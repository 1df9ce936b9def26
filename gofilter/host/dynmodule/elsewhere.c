// The elsewhere filter: gathers a request and keeps it, and when its answer is a failure that Go has a fallback for, begins
// it anew, marked for the route of that fallback. What no longer fits into the limit, streams of gRPC and upgrades pass as
// they are.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"
#include "http.h"

typedef struct {
  http_filter base;
  const http_config *config;
  uint32_t slot;      // of the route's fallbacks
  bool gathering;     // the body has not come whole
  bool kept;          // the request could be made anew
  int choice;         // of a response of Envoy's own, UNDECIDED before
  module_field *head; // as it came; one block of memory with its texts
  size_t head_len;
  char *body;
  size_t body_len;
} elsewhere;

enum { NONE = -1, UNDECIDED = -2 };

static const envoy_dynamic_module_type_http_header_type request = envoy_dynamic_module_type_http_header_type_RequestHeader;
static const char marker[] = "x-dubbomesh-fallback"; // config.FallbackHeader

static void *create(const http_config *config) {
  elsewhere *f = calloc(1, sizeof *f);
  if (f == NULL) return NULL;
  f->config = config;
  f->choice = UNDECIDED;
  return f;
}

static void forget(elsewhere *f) {
  free(f->head);
  free(f->body);
  f->head = NULL;
  f->body = NULL;
  f->gathering = f->kept = false;
}

static void destroy(void *filter) { forget(filter); }

// Copies the headers, which are Envoy's and change on their way.
static module_field *copy(const http_head *head) {
  size_t texts = 0;
  for (size_t i = 0; i < head->len; i++) texts += head->fields[i].key_length + head->fields[i].value_length;
  module_field *fields = malloc(head->len * sizeof *fields + texts);
  if (fields == NULL) return NULL;
  char *text = (char *)(fields + head->len);
  for (size_t i = 0; i < head->len; i++) {
    const envoy_field *h = &head->fields[i];
    fields[i] = (module_field){text, h->key_length, text + h->key_length, h->value_length};
    memcpy(text, h->key_ptr, h->key_length);
    memcpy(text + h->key_length, h->value_ptr, h->value_length);
    text += h->key_length + h->value_length;
  }
  return fields;
}

static request_headers_status request_headers(void *stream, void *filter, bool end) {
  elsewhere *f = filter;
  const void *route = envoy.get_most_specific_route_config(stream);
  if (route == NULL || http_request_header(stream, marker).length > 0) return REQUEST_HEADERS(Continue);
  bool streams = http_begins(http_request_header(stream, "content-type"), "application/grpc") ||
                 http_request_header(stream, "upgrade").length > 0 ||
                 http_begins(http_request_header(stream, ":method"), "CONNECT");
  if (streams && !end) return REQUEST_HEADERS(Continue);
  f->slot = (uint32_t)(uintptr_t)route;
  http_head head;
  http_head_get(stream, request, &head);
  f->head = copy(&head);
  f->head_len = head.len;
  http_head_free(&head);
  if (f->head == NULL) return REQUEST_HEADERS(Continue);
  f->kept = end;
  f->gathering = !end;
  if (end) return REQUEST_HEADERS(Continue);
  http_hold(stream, f->config->limits.request);
  return REQUEST_HEADERS(StopIteration);
}

// Keeps the body, which is whole.
static void keep(void *stream, elsewhere *f) {
  f->gathering = false;
  size_t size = http_body_size(stream, REQUEST);
  f->body = malloc(size > 0 ? size : 1);
  if (f->body == NULL) {
    forget(f);
    return;
  }
  http_body body;
  http_body_get(stream, REQUEST, &body);
  for (size_t i = 0; i < body.len; i++) {
    memcpy(f->body + f->body_len, body.chunks[i].ptr, body.chunks[i].length);
    f->body_len += body.chunks[i].length;
  }
  http_body_free(&body);
  f->kept = true;
}

static request_body_status request_body(void *stream, void *filter, bool end) {
  elsewhere *f = filter;
  if (!f->gathering) return REQUEST_BODY(Continue);
  if (http_body_size(stream, REQUEST) > f->config->limits.request) {
    forget(f);
    return REQUEST_BODY(Continue);
  }
  if (!end) return REQUEST_BODY(StopIterationAndBuffer);
  keep(stream, f);
  return REQUEST_BODY(Continue);
}

static request_trailers_status request_trailers(void *stream, void *filter) {
  elsewhere *f = filter;
  if (f->gathering) keep(stream, f);
  return REQUEST_TRAILERS(Continue);
}

// Makes the request what it was when it came, but for the mark.
static void restore(void *stream, const elsewhere *f, int choice) {
  http_head now;
  http_head_get(stream, request, &now);
  module_field *changed = copy(&now);
  for (size_t i = 0; changed != NULL && i < now.len; i++) {
    if (changed[i].key_length > 0 && changed[i].key_ptr[0] != ':') {
      envoy.http_set_header(stream, request, (module_bytes){changed[i].key_ptr, changed[i].key_length}, (module_bytes){NULL, 0});
    }
  }
  free(changed);
  http_head_free(&now);
  for (size_t i = 0; i < f->head_len; i++) {
    module_bytes key = {f->head[i].key_ptr, f->head[i].key_length}, value = {f->head[i].value_ptr, f->head[i].value_length};
    if (key.length > 0 && key.ptr[0] == ':') {
      envoy.http_set_header(stream, request, key, value);
    } else {
      envoy.http_add_header(stream, request, key, value);
    }
  }
  char digits[12];
  int n = snprintf(digits, sizeof digits, "%d", choice);
  envoy.http_set_header(stream, request, (module_bytes){marker, sizeof marker - 1}, (module_bytes){digits, n});
  http_body_replace(stream, REQUEST, (module_bytes){f->body, f->body_len});
}

static int choose(const elsewhere *f, int status, const char *details, size_t len) {
  uint32_t events = 0;
  int choice = dubboElsewhere(f->slot, status, (char *)details, len, &events);
  dubbo_count(events);
  return choice;
}

static response_headers_status response_headers(void *stream, void *filter, bool end) {
  elsewhere *f = filter;
  if (!f->kept) return RESPONSE_HEADERS(Continue);
  static const char upstream[] = "via_upstream"; // what Envoy says of answers of the service
  int choice = f->choice;
  if (choice == UNDECIDED) choice = choose(f, http_status(stream), upstream, sizeof upstream - 1);
  if (choice != NONE) restore(stream, f, choice);
  f->kept = false;
  if (choice != NONE && envoy.http_filter_recreate_stream(stream, NULL, 0)) return RESPONSE_HEADERS(StopIteration);
  return RESPONSE_HEADERS(Continue);
}

static void local_reply(void *filter, uint32_t status, envoy_bytes details) {
  elsewhere *f = filter;
  if (f->kept) f->choice = choose(f, (int)status, details.ptr, details.length);
}

const http_kind elsewhere_kind = {
    .name = "elsewhere",
    .create = create,
    .destroy = destroy,
    .request_headers = request_headers,
    .request_body = request_body,
    .request_trailers = request_trailers,
    .response_headers = response_headers,
    .local_reply = local_reply,
};
