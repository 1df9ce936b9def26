// Envoy's hooks for HTTP filters, passed on to the filter that the configuration names.
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"
#include "http.h"

static const http_kind *const kinds[] = {&form_kind, &rest_kind, &breaker_kind, &elsewhere_kind, &arguments_kind, &callers_kind, &recovery_kind, &keyset_kind, &limits_kind};

const void *envoy_dynamic_module_on_http_filter_config_new(void *owner, envoy_bytes name, envoy_bytes text) {
  http_config *config = calloc(1, sizeof *config);
  if (config == NULL) return NULL;
  if (!dubboHTTPConfig((char *)name.ptr, name.length, (char *)text.ptr, text.length, &config->limits)) {
    free(config);
    return NULL;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (http_is(name, kinds[i]->name)) config->kind = kinds[i];
  }
  return config;
}

void envoy_dynamic_module_on_http_filter_config_destroy(const void *module) {
  const http_config *config = module;
  (config->kind->drop != NULL ? config->kind->drop : dubboBridgeConfigDrop)(config->limits.slot);
  free((void *)module);
}

const void *envoy_dynamic_module_on_http_filter_new(const void *module, void *stream) {
  const http_config *config = module;
  http_filter *f = config->kind->create(config);
  if (f != NULL) f->kind = config->kind;
  return f;
}

void envoy_dynamic_module_on_http_filter_destroy(const void *module) {
  const http_filter *f = module;
  if (f->kind->destroy != NULL) f->kind->destroy((void *)module);
  free((void *)module);
}

#define KIND(module) (((const http_filter *)module)->kind)

request_headers_status envoy_dynamic_module_on_http_filter_request_headers(void *stream, const void *module, bool end) {
  return KIND(module)->request_headers != NULL ? KIND(module)->request_headers(stream, (void *)module, end)
                                               : REQUEST_HEADERS(Continue);
}

request_body_status envoy_dynamic_module_on_http_filter_request_body(void *stream, const void *module, bool end) {
  return KIND(module)->request_body != NULL ? KIND(module)->request_body(stream, (void *)module, end)
                                            : REQUEST_BODY(Continue);
}

request_trailers_status envoy_dynamic_module_on_http_filter_request_trailers(void *stream, const void *module) {
  return KIND(module)->request_trailers != NULL ? KIND(module)->request_trailers(stream, (void *)module)
                                                : REQUEST_TRAILERS(Continue);
}

response_headers_status envoy_dynamic_module_on_http_filter_response_headers(void *stream, const void *module, bool end) {
  return KIND(module)->response_headers != NULL ? KIND(module)->response_headers(stream, (void *)module, end)
                                                : RESPONSE_HEADERS(Continue);
}

response_body_status envoy_dynamic_module_on_http_filter_response_body(void *stream, const void *module, bool end) {
  return KIND(module)->response_body != NULL ? KIND(module)->response_body(stream, (void *)module, end)
                                             : RESPONSE_BODY(Continue);
}

response_trailers_status envoy_dynamic_module_on_http_filter_response_trailers(void *stream, const void *module) {
  return KIND(module)->response_trailers != NULL ? KIND(module)->response_trailers(stream, (void *)module)
                                                 : RESPONSE_TRAILERS(Continue);
}

envoy_dynamic_module_type_on_http_filter_local_reply_status
envoy_dynamic_module_on_http_filter_local_reply(void *stream, const void *module, uint32_t status, envoy_bytes details,
                                                bool reset) {
  if (KIND(module)->local_reply != NULL) KIND(module)->local_reply((void *)module, status, details);
  return envoy_dynamic_module_type_on_http_filter_local_reply_status_Continue;
}

// Envoy refuses a module without these; these filters have nothing to do in them.
#define NOTHING(name, ...) void envoy_dynamic_module_on_http_filter_##name(void *stream, const void *module, ##__VA_ARGS__) {}
NOTHING(stream_complete)
NOTHING(scheduled, uint64_t event)
NOTHING(downstream_above_write_buffer_high_watermark)
NOTHING(downstream_below_write_buffer_low_watermark)
NOTHING(http_callout_done, uint64_t id, envoy_dynamic_module_type_http_callout_result result, envoy_field *fields,
        size_t fields_len, envoy_bytes *chunks, size_t chunks_len)
NOTHING(http_stream_headers, uint64_t id, envoy_field *fields, size_t fields_len, bool end)
NOTHING(http_stream_data, uint64_t id, const envoy_bytes *chunks, size_t chunks_len, bool end)
NOTHING(http_stream_trailers, uint64_t id, envoy_field *fields, size_t fields_len)
NOTHING(http_stream_complete, uint64_t id)
NOTHING(http_stream_reset, uint64_t id, envoy_dynamic_module_type_http_stream_reset_reason reason)

void http_head_get(void *stream, envoy_dynamic_module_type_http_header_type type, http_head *head) {
  head->len = envoy.http_get_headers_size(stream, type);
  head->fields = head->len > DUBBO_FIELDS ? malloc(head->len * sizeof *head->fields) : head->room;
  if (head->len > 0) envoy.http_get_headers(stream, type, head->fields);
}

void http_head_free(http_head *head) {
  if (head->fields != head->room) free(head->fields);
}

static const struct {
  envoy_dynamic_module_type_http_body_type received, buffered;
} bodies[] = {
    [REQUEST] = {envoy_dynamic_module_type_http_body_type_ReceivedRequestBody,
                 envoy_dynamic_module_type_http_body_type_BufferedRequestBody},
    [RESPONSE] = {envoy_dynamic_module_type_http_body_type_ReceivedResponseBody,
                  envoy_dynamic_module_type_http_body_type_BufferedResponseBody},
};

// Whether a part of the body is at hand that is not among the buffered ones. Outside of the body's hook there is none.
static bool received(void *stream, http_side side) {
  return side == REQUEST ? !envoy.http_received_buffered_request_body(stream)
                         : !envoy.http_received_buffered_response_body(stream);
}

void http_body_get(void *stream, http_side side, http_body *body) {
  size_t old = envoy.http_get_body_chunks_size(stream, bodies[side].buffered);
  body->len = old + (received(stream, side) ? envoy.http_get_body_chunks_size(stream, bodies[side].received) : 0);
  body->chunks = body->len > DUBBO_CHUNKS ? malloc(body->len * sizeof *body->chunks) : body->room;
  if (old > 0) envoy.http_get_body_chunks(stream, bodies[side].buffered, body->chunks);
  if (body->len > old) envoy.http_get_body_chunks(stream, bodies[side].received, body->chunks + old);
}

void http_body_free(http_body *body) {
  if (body->chunks != body->room) free(body->chunks);
}

size_t http_body_size(void *stream, http_side side) {
  return envoy.http_get_body_size(stream, bodies[side].buffered) +
         (received(stream, side) ? envoy.http_get_body_size(stream, bodies[side].received) : 0);
}

void http_body_replace(void *stream, http_side side, module_bytes with) {
  envoy.http_drain_body(stream, bodies[side].buffered, SIZE_MAX);
  envoy.http_drain_body(stream, bodies[side].received, SIZE_MAX);
  if (with.length == 0 || envoy.http_append_body(stream, bodies[side].received, with)) return;
  envoy.http_append_body(stream, bodies[side].buffered, with); // outside of the body's hook
}

void http_hold(void *stream, size_t limit) {
  size_t enough = limit + (1 << 20), now = envoy.http_get_buffer_limit(stream);
  if (now != 0 && now < enough) envoy.http_set_buffer_limit(stream, enough);
}

envoy_bytes http_request_header(void *stream, const char *name) {
  return http_header(stream, envoy_dynamic_module_type_http_header_type_RequestHeader, name);
}

envoy_bytes http_header(void *stream, envoy_dynamic_module_type_http_header_type type, const char *name) {
  envoy_bytes value = {NULL, 0};
  envoy.http_get_header(stream, type, (module_bytes){name, strlen(name)}, &value, 0, NULL);
  return value;
}

int http_number(envoy_bytes text) {
  if (text.length == 0 || text.length > 4) return -1;
  int n = 0;
  for (size_t i = 0; i < text.length; i++) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9') return -1;
    n = 10 * n + (text.ptr[i] - '0');
  }
  return n;
}

bool http_begins(envoy_bytes text, const char *with) {
  size_t n = strlen(with);
  return text.length >= n && memcmp(text.ptr, with, n) == 0;
}

bool http_is(envoy_bytes text, const char *other) { return text.length == strlen(other) && http_begins(text, other); }

void http_set_headers(void *stream, envoy_dynamic_module_type_http_header_type type, const module_field *fields, size_t len) {
  for (size_t i = 0; i < len; i++) {
    const module_field *h = &fields[i];
    envoy.http_set_header(stream, type, (module_bytes){h->key_ptr, h->key_length}, (module_bytes){h->value_ptr, h->value_length});
  }
}

int http_status(void *stream) {
  return http_number(http_header(stream, envoy_dynamic_module_type_http_header_type_ResponseHeader, ":status"));
}
