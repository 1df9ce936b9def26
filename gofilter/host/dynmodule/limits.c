// The limits filter: asks Go whether a request may be made. What the limits are is the route's to say, which is where the
// filter is switched on.
#include <stdlib.h>

#include "_cgo_export.h"
#include "http.h"

static void *create(const http_config *config) { return calloc(1, sizeof(http_filter)); }

static request_headers_status request_headers(void *stream, void *filter, bool end) {
  const void *route = envoy.get_most_specific_route_config(stream);
  if (route == NULL) return REQUEST_HEADERS(Continue);
  http_head head;
  http_head_get(stream, envoy_dynamic_module_type_http_header_type_RequestHeader, &head);
  envoy_bytes source = {NULL, 0};
  envoy.http_filter_get_attribute_string(stream, envoy_dynamic_module_type_attribute_id_SourceAddress, &source);
  dubbo_step step = {0};
  dubboLimitsAsk((uint32_t)(uintptr_t)route, head.fields, head.len, (char *)source.ptr, source.length, &step);
  http_head_free(&head);
  dubbo_count(step.events);
  if (step.status == 0) return REQUEST_HEADERS(Continue);
  // This may destroy the filter.
  envoy.http_send_response(stream, step.status, step.fields, step.fields_len, step.body,
                           (module_bytes){"dubbo_rate_limited", 18});
  dubboRelease(step.slot);
  return REQUEST_HEADERS(StopIteration);
}

const http_kind limits_kind = {
    .name = "limits",
    .create = create,
    .request_headers = request_headers,
};

// The statistics of limits, beside those of methods.
static size_t admitted_id, refused_id, tried_id;
static void *owner_of_ids;

void dubbo_limits_define(void *owner) {
  module_bytes labels[] = {{"service", 7}, {"limit", 5}};
  envoy.bootstrap_extension_config_define_counter(owner, (module_bytes){"limit_admitted", 14}, labels, 2, &admitted_id);
  envoy.bootstrap_extension_config_define_counter(owner, (module_bytes){"limit_refused", 13}, labels, 2, &refused_id);
  envoy.bootstrap_extension_config_define_counter(owner, (module_bytes){"limit_dry_run", 13}, labels, 2, &tried_id);
  owner_of_ids = owner;
}

void dubbo_limits_forget(const void *owner) {
  if (owner_of_ids == owner) owner_of_ids = NULL;
}

void dubbo_limits_add(module_bytes service, module_bytes limit, uint64_t admitted, uint64_t refused, uint64_t tried) {
  if (owner_of_ids == NULL) return;
  module_bytes values[] = {service, limit};
  envoy.bootstrap_extension_config_increment_counter(owner_of_ids, admitted_id, values, 2, admitted);
  envoy.bootstrap_extension_config_increment_counter(owner_of_ids, refused_id, values, 2, refused);
  envoy.bootstrap_extension_config_increment_counter(owner_of_ids, tried_id, values, 2, tried);
}
