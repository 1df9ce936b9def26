// The bootstrap extension: a module that cannot be loaded stops Envoy at start, and the module's counters live in it.
#include <stdatomic.h>

#include "_cgo_export.h"
#include "envoy.h"

// In the order of host.Event's bits.
static const module_bytes counter_names[] = {
    {"requests", 8},
    {"rejected", 8},
    {"protocol_errors", 15},
    {"panics", 6},
    // From here on those of consumers' connections, in the order of envoy.h.
    {"consumer_requests", 17},
    {"consumer_heartbeats", 19},
    {"consumer_rejected", 17},
    {"consumer_protocol_errors", 24},
    {"consumer_connections", 20},
};
enum { COUNTERS = sizeof counter_names / sizeof *counter_names, EVENTS = COUNTERS - CONSUMER_COUNTERS };
static size_t counter_ids[COUNTERS];
static _Atomic(void *) counters; // the configuration that owns them
static void *timer;              // of the metrics

void dubbo_count(uint32_t events) {
  void *owner = atomic_load_explicit(&counters, memory_order_acquire);
  if (events == 0 || owner == NULL) return;
  for (int i = 0; i < EVENTS; i++) {
    if (events & (1u << i)) envoy.bootstrap_extension_config_increment_counter(owner, counter_ids[i], NULL, 0, 1);
  }
}

void dubbo_count_consumer(int counter, uint32_t n) {
  void *owner = atomic_load_explicit(&counters, memory_order_acquire);
  if (n == 0 || owner == NULL) return;
  envoy.bootstrap_extension_config_increment_counter(owner, counter_ids[EVENTS + counter], NULL, 0, n);
}

const void *envoy_dynamic_module_on_bootstrap_extension_config_new(void *owner, envoy_bytes name, envoy_bytes config) {
  if (!dubboBootstrap((char *)name.ptr, name.length)) return NULL;
  for (int i = 0; i < COUNTERS; i++) {
    envoy.bootstrap_extension_config_define_counter(owner, counter_names[i], NULL, 0, &counter_ids[i]);
  }
  dubbo_metrics_define(owner);
  dubbo_breakers_define(owner);
  dubbo_callers_define(owner);
  dubbo_limits_define(owner);
  atomic_store_explicit(&counters, owner, memory_order_release);
  envoy.bootstrap_extension_config_signal_init_complete(owner);
  return owner;
}

// A second extension takes over the counters of the first, so only the owner may give them up.
void envoy_dynamic_module_on_bootstrap_extension_config_destroy(const void *owner) {
  void *expected = (void *)owner;
  atomic_compare_exchange_strong(&counters, &expected, NULL);
  dubbo_metrics_forget(owner);
  dubbo_breakers_forget(owner);
  dubbo_callers_forget(owner);
  dubbo_limits_forget(owner);
}

const void *envoy_dynamic_module_on_bootstrap_extension_new(const void *config, void *extension) { return config; }

void envoy_dynamic_module_on_bootstrap_extension_shutdown(void *extension, const void *module,
                                                          envoy_dynamic_module_type_event_cb done, void *context) {
  dubboMetricsFlush();
  dubboBreakersFlush();
  dubboCallersFlush();
  dubboLimitsFlush();
  if (timer != NULL) envoy.bootstrap_extension_timer_delete(timer);
  timer = NULL;
  done(context);
}

enum { FLUSH_MS = 1000 };

void envoy_dynamic_module_on_bootstrap_extension_server_initialized(void *extension, const void *module) {
  if (timer == NULL) timer = envoy.bootstrap_extension_timer_new((void *)module);
  if (timer != NULL) envoy.bootstrap_extension_timer_enable(timer, FLUSH_MS);
}

void envoy_dynamic_module_on_bootstrap_extension_timer_fired(void *config, const void *module, void *fired) {
  dubboMetricsFlush();
  dubboBreakersFlush();
  dubboCallersFlush();
  dubboLimitsFlush();
  envoy.bootstrap_extension_timer_enable(fired, FLUSH_MS);
}

void envoy_dynamic_module_on_bootstrap_extension_drain_started(void *extension, const void *module) {
  dubbo_consumers_drain();
}

// Envoy refuses a module without these; this one has nothing to do in them.
#define NOTHING(name, ...) void envoy_dynamic_module_on_bootstrap_extension_##name(__VA_ARGS__) {}
NOTHING(worker_thread_initialized, void *extension, const void *module)
NOTHING(destroy, const void *module)
NOTHING(config_scheduled, void *config, const void *module, uint64_t event)
NOTHING(file_changed, void *config, const void *module, envoy_bytes path, uint32_t events)
NOTHING(cluster_add_or_update, void *config, const void *module, envoy_bytes cluster)
NOTHING(cluster_removal, void *config, const void *module, envoy_bytes cluster)
NOTHING(listener_add_or_update, void *config, const void *module, envoy_bytes listener)
NOTHING(listener_removal, void *config, const void *module, envoy_bytes listener)
NOTHING(http_callout_done, void *config, const void *module, uint64_t id,
        envoy_dynamic_module_type_http_callout_result result, envoy_field *fields, size_t fields_len,
        envoy_bytes *chunks, size_t chunks_len)

uint32_t envoy_dynamic_module_on_bootstrap_extension_admin_request(void *config, const void *module, envoy_bytes method,
                                                                   envoy_bytes path, envoy_bytes body) {
  return 404;
}
