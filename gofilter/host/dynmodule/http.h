// What the HTTP filters of the module share: they are one set of hooks for Envoy, told apart by filter_name.
#pragma once

#include "envoy.h"

typedef envoy_dynamic_module_type_on_http_filter_request_headers_status request_headers_status;
typedef envoy_dynamic_module_type_on_http_filter_request_body_status request_body_status;
typedef envoy_dynamic_module_type_on_http_filter_request_trailers_status request_trailers_status;
typedef envoy_dynamic_module_type_on_http_filter_response_headers_status response_headers_status;
typedef envoy_dynamic_module_type_on_http_filter_response_body_status response_body_status;
typedef envoy_dynamic_module_type_on_http_filter_response_trailers_status response_trailers_status;

#define REQUEST_HEADERS(x) envoy_dynamic_module_type_on_http_filter_request_headers_status_##x
#define REQUEST_BODY(x) envoy_dynamic_module_type_on_http_filter_request_body_status_##x
#define REQUEST_TRAILERS(x) envoy_dynamic_module_type_on_http_filter_request_trailers_status_##x
#define RESPONSE_HEADERS(x) envoy_dynamic_module_type_on_http_filter_response_headers_status_##x
#define RESPONSE_BODY(x) envoy_dynamic_module_type_on_http_filter_response_body_status_##x
#define RESPONSE_TRAILERS(x) envoy_dynamic_module_type_on_http_filter_response_trailers_status_##x

// A filter: its name, how one is made for a request, and what it does in Envoy's hooks. A hook that is NULL lets pass.
typedef struct http_config http_config;
typedef struct {
  const char *name;
  void *(*create)(const http_config *config); // begins with an http_filter; freed with free
  void (*destroy)(void *filter);              // before it is freed
  request_headers_status (*request_headers)(void *stream, void *filter, bool end);
  request_body_status (*request_body)(void *stream, void *filter, bool end);
  request_trailers_status (*request_trailers)(void *stream, void *filter);
  response_headers_status (*response_headers)(void *stream, void *filter, bool end);
  response_body_status (*response_body)(void *stream, void *filter, bool end);
  response_trailers_status (*response_trailers)(void *stream, void *filter);
  void (*local_reply)(void *filter, uint32_t status, envoy_bytes details); // Envoy is about to answer by itself
  void (*drop)(uint32_t slot); // of the configuration; NULL when it is in the bridge's form
} http_kind;

extern const http_kind form_kind, rest_kind, breaker_kind, elsewhere_kind, arguments_kind, callers_kind, recovery_kind, keyset_kind, limits_kind;

// The configuration of one filter.
struct http_config {
  const http_kind *kind;
  dubbo_limits limits;
};

// What the object of every filter begins with.
typedef struct {
  const http_kind *kind;
} http_filter;

// Whether the request's body, or else the response's, is meant.
typedef enum { REQUEST, RESPONSE } http_side;

// All headers of a message; views of Envoy's memory.
typedef struct {
  envoy_field room[DUBBO_FIELDS], *fields;
  size_t len;
} http_head;

void http_head_get(void *stream, envoy_dynamic_module_type_http_header_type type, http_head *head);
void http_head_free(http_head *head);

// All of a body that has come so far; views of Envoy's memory.
typedef struct {
  envoy_bytes room[DUBBO_CHUNKS], *chunks;
  size_t len;
} http_body;

void http_body_get(void *stream, http_side side, http_body *body);
void http_body_free(http_body *body);
size_t http_body_size(void *stream, http_side side);

// Puts other bytes in the place of all of a body that has come so far.
void http_body_replace(void *stream, http_side side, module_bytes with);

// Lets Envoy hold bodies up to limit, and one read more, so that it is the filter that refuses a larger one.
void http_hold(void *stream, size_t limit);

// The first value of a request header.
envoy_bytes http_request_header(void *stream, const char *name);

// The first value of a header, and a number in decimal of at most four digits, -1 for anything else.
envoy_bytes http_header(void *stream, envoy_dynamic_module_type_http_header_type type, const char *name);
int http_number(envoy_bytes text);

// Whether a text begins with another, and whether it is another.
bool http_begins(envoy_bytes text, const char *with);
bool http_is(envoy_bytes text, const char *other);

// Sets each of these headers, in the place of all values it has.
void http_set_headers(void *stream, envoy_dynamic_module_type_http_header_type type, const module_field *fields, size_t len);

// The status of a response.
int http_status(void *stream);
