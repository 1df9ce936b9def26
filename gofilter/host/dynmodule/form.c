// The form filter: a form on POST / says in its body what it calls, so its path is set from there before it is routed.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "_cgo_export.h"
#include "envoy.h"

typedef struct {
  bool active;   // this request is a form on POST /, and it waits for its body
  size_t limit;  // largest body in bytes
} form;

#define HEADERS envoy_dynamic_module_type_http_header_type_RequestHeader
#define RECEIVED envoy_dynamic_module_type_http_body_type_ReceivedRequestBody
#define BUFFERED envoy_dynamic_module_type_http_body_type_BufferedRequestBody

static envoy_bytes header(void *stream, const char *name) {
  envoy_bytes value = {NULL, 0};
  envoy.http_get_header(stream, HEADERS, (module_bytes){name, strlen(name)}, &value, 0, NULL);
  return value;
}

static bool equals(envoy_bytes a, const char *b) { return a.length == strlen(b) && memcmp(a.ptr, b, a.length) == 0; }

static bool is_form(void *stream) {
  static const char type[] = "application/x-www-form-urlencoded";
  if (!equals(header(stream, ":path"), "/") || !equals(header(stream, ":method"), "POST")) return false;
  envoy_bytes t = header(stream, "content-type");
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
    envoy.http_set_header(stream, HEADERS, (module_bytes){":path", 5}, s->path);
    envoy.http_clear_route_cache(stream);
  }
  if (s->slot != 0) dubboRelease(s->slot);
  return s->status == 0;
}

// Takes the whole body and lets Go find its route.
static bool finish(void *stream, form *f, bool received) {
  received = received && !envoy.http_received_buffered_request_body(stream);
  size_t old = envoy.http_get_body_chunks_size(stream, BUFFERED);
  size_t all = old + (received ? envoy.http_get_body_chunks_size(stream, RECEIVED) : 0);
  envoy_bytes room[DUBBO_CHUNKS], *chunks = all > DUBBO_CHUNKS ? malloc(all * sizeof *chunks) : room;
  if (old > 0) envoy.http_get_body_chunks(stream, BUFFERED, chunks);
  if (all > old) envoy.http_get_body_chunks(stream, RECEIVED, chunks + old);
  dubbo_step step = {0};
  dubboForm(chunks, all, &step);
  if (chunks != room) free(chunks);
  return act(stream, f, &step);
}

const void *envoy_dynamic_module_on_http_filter_config_new(void *owner, envoy_bytes name, envoy_bytes config) {
  return (const void *)(uintptr_t)dubboFormConfig((char *)name.ptr, name.length, (char *)config.ptr, config.length);
}

void envoy_dynamic_module_on_http_filter_config_destroy(const void *config) {}

const void *envoy_dynamic_module_on_http_filter_new(const void *config, void *stream) {
  form *f = calloc(1, sizeof *f);
  if (f != NULL) f->limit = (size_t)(uintptr_t)config;
  return f;
}

envoy_dynamic_module_type_on_http_filter_request_headers_status
envoy_dynamic_module_on_http_filter_request_headers(void *stream, const void *module, bool end) {
  form *f = (form *)module;
  f->active = is_form(stream);
  if (!f->active) return envoy_dynamic_module_type_on_http_filter_request_headers_status_Continue;
  if (end) {
    return finish(stream, f, false) ? envoy_dynamic_module_type_on_http_filter_request_headers_status_Continue
                                    : envoy_dynamic_module_type_on_http_filter_request_headers_status_StopIteration;
  }
  // Room for one read more than the limit, so that it is this filter that refuses a larger body.
  size_t enough = f->limit + (1 << 20), now = envoy.http_get_buffer_limit(stream);
  if (now != 0 && now < enough) envoy.http_set_buffer_limit(stream, enough);
  return envoy_dynamic_module_type_on_http_filter_request_headers_status_StopIteration;
}

envoy_dynamic_module_type_on_http_filter_request_body_status
envoy_dynamic_module_on_http_filter_request_body(void *stream, const void *module, bool end) {
  form *f = (form *)module;
  if (!f->active) return envoy_dynamic_module_type_on_http_filter_request_body_status_Continue;
  size_t size = envoy.http_get_body_size(stream, BUFFERED);
  if (!envoy.http_received_buffered_request_body(stream)) size += envoy.http_get_body_size(stream, RECEIVED);
  if (size > f->limit) {
    dubbo_step step = {0};
    dubboFormTooLarge(f->limit, &step);
    act(stream, f, &step);
    return envoy_dynamic_module_type_on_http_filter_request_body_status_StopIterationNoBuffer;
  }
  if (!end) return envoy_dynamic_module_type_on_http_filter_request_body_status_StopIterationAndBuffer;
  return finish(stream, f, true) ? envoy_dynamic_module_type_on_http_filter_request_body_status_Continue
                                 : envoy_dynamic_module_type_on_http_filter_request_body_status_StopIterationNoBuffer;
}

envoy_dynamic_module_type_on_http_filter_request_trailers_status
envoy_dynamic_module_on_http_filter_request_trailers(void *stream, const void *module) {
  form *f = (form *)module;
  return !f->active || finish(stream, f, false)
             ? envoy_dynamic_module_type_on_http_filter_request_trailers_status_Continue
             : envoy_dynamic_module_type_on_http_filter_request_trailers_status_StopIteration;
}

void envoy_dynamic_module_on_http_filter_destroy(const void *module) { free((void *)module); }

// The response passes through.
envoy_dynamic_module_type_on_http_filter_response_headers_status
envoy_dynamic_module_on_http_filter_response_headers(void *stream, const void *module, bool end) {
  return envoy_dynamic_module_type_on_http_filter_response_headers_status_Continue;
}

envoy_dynamic_module_type_on_http_filter_response_body_status
envoy_dynamic_module_on_http_filter_response_body(void *stream, const void *module, bool end) {
  return envoy_dynamic_module_type_on_http_filter_response_body_status_Continue;
}

envoy_dynamic_module_type_on_http_filter_response_trailers_status
envoy_dynamic_module_on_http_filter_response_trailers(void *stream, const void *module) {
  return envoy_dynamic_module_type_on_http_filter_response_trailers_status_Continue;
}

// Envoy refuses a module without these; this filter has nothing to do in them.
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
