// The keyset filter: answers every request with the text of a file, in a cluster that Envoy fetches the keys of tokens from.
#include <stdlib.h>

#include "_cgo_export.h"
#include "http.h"

typedef struct {
  http_filter base;
  uint32_t slot; // of the file
} keyset;

static void *create(const http_config *config) {
  keyset *f = calloc(1, sizeof *f);
  if (f != NULL) f->slot = config->limits.slot;
  return f;
}

static request_headers_status request_headers(void *stream, void *filter, bool end) {
  const keyset *f = filter;
  dubbo_step step = {0};
  dubboKeySet(f->slot, &step);
  // This may destroy the filter.
  envoy.http_send_response(stream, step.status, step.fields, step.fields_len, step.body, (module_bytes){"dubbo_keyset", 12});
  dubboRelease(step.slot);
  return REQUEST_HEADERS(StopIteration);
}

const http_kind keyset_kind = {
    .name = "keyset",
    .create = create,
    .request_headers = request_headers,
    .drop = dubboKeySetDrop,
};
