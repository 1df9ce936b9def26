// The upstream bridge: one object per HTTP request, on a TCP connection borrowed from the cluster's pool.
#include <stdlib.h>

#include "_cgo_export.h"
#include "envoy.h"

typedef struct {
  uint32_t config;
  uint32_t slot;   // of the exchange, 0 before the first byte
  bool busy;       // a call into Envoy is under way
  bool destroyed;  // Envoy destroyed the bridge meanwhile
  bool held;       // the answer waits for the provider to close its connection
  dubbo_step answer;
} bridge;

static void bridge_free(bridge *b) {
  if (b->slot != 0) dubboRelease(b->slot);
  free(b);
}

// Does what Go asked for. Sending a response may make Envoy destroy the bridge inside the call, and a response that
// is retried takes the request away between headers and body.
static void act(void *stream, bridge *b, const dubbo_step *s) {
  b->slot = s->slot;
  dubbo_count(s->events);
  b->busy = true;
  if (s->send.length > 0 || s->shut) envoy.upstream_http_tcp_bridge_send_upstream_data(stream, s->send, s->shut);
  // Envoy stops reading from the provider when it hands the start of a response to a client that takes no more, and
  // forgets about that when the response ends: the next call on the connection would wait for ever. So the connection
  // is given up: what it carries is over, and the provider closes it when it is told so.
  b->held = s->status != 0 && !b->held && dubbo_clients_blocked() && !s->shut;
  if (b->held) {
    b->answer = *s;
    b->answer.events = 0;
    b->answer.send.length = 0;
    envoy.upstream_http_tcp_bridge_send_upstream_data(stream, (module_bytes){NULL, 0}, true);
  } else if (s->status != 0 && !b->destroyed) {
    envoy.upstream_http_tcp_bridge_send_response_headers(stream, s->status, s->fields, s->fields_len,
                                                         s->body.length == 0);
    if (s->body.length > 0 && !b->destroyed) {
      envoy.upstream_http_tcp_bridge_send_response_data(stream, s->body, true);
    }
  }
  b->busy = false;
  if (b->destroyed) bridge_free(b);
}

// Takes what has come of the request. Its headers stay readable as long as the request does, so they go to Go
// together with the first part of the body.
static void request(void *stream, bridge *b, bool end) {
  envoy_field fields_room[DUBBO_FIELDS], *fields = fields_room;
  envoy_bytes chunks_room[DUBBO_CHUNKS], *chunks = chunks_room;
  size_t fields_len = b->slot == 0 ? envoy.upstream_http_tcp_bridge_get_request_headers_size(stream) : 0;
  size_t chunks_len = envoy.upstream_http_tcp_bridge_get_request_buffer_chunks_size(stream);
  if (fields_len > DUBBO_FIELDS) fields = malloc(fields_len * sizeof *fields);
  if (chunks_len > DUBBO_CHUNKS) chunks = malloc(chunks_len * sizeof *chunks);
  if (fields_len > 0) envoy.upstream_http_tcp_bridge_get_request_headers(stream, fields);
  if (chunks_len > 0) envoy.upstream_http_tcp_bridge_get_request_buffer(stream, chunks, &chunks_len);

  dubbo_step step = {.slot = b->slot};
  dubboRequest(b->config, fields, fields_len, chunks, chunks_len, end, &step);
  if (fields != fields_room) free(fields);
  if (chunks != chunks_room) free(chunks);
  act(stream, b, &step);
}

const void *envoy_dynamic_module_on_upstream_http_tcp_bridge_config_new(void *owner, envoy_bytes name,
                                                                        envoy_bytes config) {
  return (const void *)(uintptr_t)dubboBridgeConfig((char *)name.ptr, name.length, (char *)config.ptr, config.length);
}

void envoy_dynamic_module_on_upstream_http_tcp_bridge_config_destroy(const void *config) {
  dubboBridgeConfigDrop((uint32_t)(uintptr_t)config);
}

const void *envoy_dynamic_module_on_upstream_http_tcp_bridge_new(const void *config, void *stream) {
  bridge *b = calloc(1, sizeof *b);
  if (b != NULL) b->config = (uint32_t)(uintptr_t)config;
  return b;
}

void envoy_dynamic_module_on_upstream_http_tcp_bridge_encode_headers(void *stream, const void *module, bool end) {
  if (end) request(stream, (bridge *)module, true);
}

void envoy_dynamic_module_on_upstream_http_tcp_bridge_encode_data(void *stream, const void *module, bool end) {
  request(stream, (bridge *)module, end);
}

void envoy_dynamic_module_on_upstream_http_tcp_bridge_encode_trailers(void *stream, const void *module) {
  request(stream, (bridge *)module, true);
}

void envoy_dynamic_module_on_upstream_http_tcp_bridge_on_upstream_data(void *stream, const void *module, bool end) {
  bridge *b = (bridge *)module;
  if (b->held) {
    if (end) act(stream, b, &b->answer);
    return;
  }
  if (b->slot == 0) return; // the provider speaks before it was asked: of no interest to this request
  envoy_bytes room[DUBBO_CHUNKS], *chunks = room;
  size_t len = envoy.upstream_http_tcp_bridge_get_response_buffer_chunks_size(stream);
  if (len > DUBBO_CHUNKS) chunks = malloc(len * sizeof *chunks);
  if (len > 0) envoy.upstream_http_tcp_bridge_get_response_buffer(stream, chunks, &len);

  dubbo_step step = {.slot = b->slot};
  dubboUpstream(chunks, len, end, &step);
  if (chunks != room) free(chunks);
  act(stream, b, &step);
}

void envoy_dynamic_module_on_upstream_http_tcp_bridge_destroy(const void *module) {
  bridge *b = (bridge *)module;
  if (b->busy) {
    b->destroyed = true;
  } else {
    bridge_free(b);
  }
}
