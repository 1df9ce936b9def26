// The counters with labels. A lookup by labels costs Envoy 0.4 µs and is for its main thread only, so requests count in Go
// and what they counted comes here from time to time.
#include "envoy.h"

static const struct {
  module_bytes name;
  size_t labels;
} families[] = {
    // In the order of host.Family.
    {{"calls", 5}, 3},
    {{"exceptions", 10}, 2},
    {{"request_bytes", 13}, 2},
    {{"response_bytes", 14}, 2},
    {{"encode_microseconds", 19}, 2},
    {{"decode_microseconds", 19}, 2},
    {{"method_panics", 13}, 2},
};
enum { FAMILIES = sizeof families / sizeof *families };
static size_t ids[FAMILIES];
static void *owner_of_ids;

void dubbo_metrics_define(void *owner) {
  module_bytes labels[] = {{"service", 7}, {"method", 6}, {"status", 6}};
  for (int i = 0; i < FAMILIES; i++) {
    envoy.bootstrap_extension_config_define_counter(owner, families[i].name, labels, families[i].labels, &ids[i]);
  }
  owner_of_ids = owner;
}

void dubbo_metrics_forget(const void *owner) {
  if (owner_of_ids == owner) owner_of_ids = NULL;
}

void dubbo_metrics_add(size_t family, module_bytes service, module_bytes method, module_bytes status, uint64_t n) {
  if (owner_of_ids == NULL || family >= FAMILIES) return;
  module_bytes values[] = {service, method, status};
  envoy.bootstrap_extension_config_increment_counter(owner_of_ids, ids[family], values, families[family].labels, n);
}
