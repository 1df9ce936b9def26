// What the C and Go halves of the module share. The hooks that Envoy calls are C: they collect what a request brought,
// enter Go once, and do what Go returned after it has returned. So Go never calls Envoy while it handles a request,
// nothing of Go is on the stack when Envoy destroys what it called us for, and no time in Envoy counts as Go's.
#pragma once

#include "abi.h"

typedef envoy_dynamic_module_type_envoy_buffer envoy_bytes;
typedef envoy_dynamic_module_type_envoy_http_header envoy_field;
typedef envoy_dynamic_module_type_module_buffer module_bytes;
typedef envoy_dynamic_module_type_module_http_header module_field;

// In Envoy 1.39 and 1.40, but not in the header of this ABI version.
size_t envoy_dynamic_module_callback_upstream_http_tcp_bridge_get_request_buffer_chunks_size(
    envoy_dynamic_module_type_upstream_http_tcp_bridge_envoy_ptr);
size_t envoy_dynamic_module_callback_upstream_http_tcp_bridge_get_response_buffer_chunks_size(
    envoy_dynamic_module_type_upstream_http_tcp_bridge_envoy_ptr);

// Every callback this module uses. All of them must exist in the Envoy that loads it.
#define ENVOY_CALLBACKS(X)                                                                                             \
  X(log)                                                                                                               \
  X(upstream_http_tcp_bridge_get_request_headers_size)                                                                 \
  X(upstream_http_tcp_bridge_get_request_headers)                                                                      \
  X(upstream_http_tcp_bridge_get_request_buffer_chunks_size)                                                           \
  X(upstream_http_tcp_bridge_get_request_buffer)                                                                       \
  X(upstream_http_tcp_bridge_get_response_buffer_chunks_size)                                                          \
  X(upstream_http_tcp_bridge_get_response_buffer)                                                                      \
  X(upstream_http_tcp_bridge_send_upstream_data)                                                                       \
  X(upstream_http_tcp_bridge_send_response_headers)                                                                    \
  X(upstream_http_tcp_bridge_send_response_data)                                                                       \
  X(http_get_header)                                                                                                   \
  X(http_get_headers_size)                                                                                             \
  X(http_get_headers)                                                                                                  \
  X(http_set_header)                                                                                                   \
  X(http_get_body_size)                                                                                                \
  X(http_get_body_chunks)                                                                                              \
  X(http_get_body_chunks_size)                                                                                         \
  X(http_append_body)                                                                                                  \
  X(http_drain_body)                                                                                                   \
  X(http_received_buffered_request_body)                                                                               \
  X(http_received_buffered_response_body)                                                                              \
  X(http_get_buffer_limit)                                                                                             \
  X(http_set_buffer_limit)                                                                                             \
  X(http_send_response)                                                                                                \
  X(http_filter_get_attribute_string)                                                                                  \
  X(get_most_specific_route_config)                                                                                     \
  X(http_add_header)                                                                                                   \
  X(http_filter_recreate_stream)                                                                                       \
  X(http_clear_route_cache)                                                                                            \
  X(http_set_dynamic_metadata_string)                                                                                  \
  X(http_get_cluster_name)                                                                                             \
  X(http_get_cluster_host_count)                                                                                       \
  X(http_set_upstream_override_host)                                                                                   \
  X(http_filter_get_worker_index)                                                                                      \
  X(network_filter_get_read_buffer_chunks_size)                                                                        \
  X(network_filter_get_read_buffer_chunks)                                                                             \
  X(network_filter_drain_read_buffer)                                                                                  \
  X(network_filter_append_read_buffer)                                                                                 \
  X(network_filter_get_write_buffer_chunks_size)                                                                       \
  X(network_filter_get_write_buffer_chunks)                                                                            \
  X(network_filter_drain_write_buffer)                                                                                 \
  X(network_filter_append_write_buffer)                                                                                \
  X(network_filter_inject_read_data)                                                                                   \
  X(network_filter_inject_write_data)                                                                                  \
  X(network_filter_read_disable)                                                                                       \
  X(network_filter_close)                                                                                              \
  X(network_filter_scheduler_new)                                                                                      \
  X(network_filter_scheduler_commit)                                                                                   \
  X(network_filter_scheduler_delete)                                                                                   \
  X(bootstrap_extension_config_define_counter)                                                                         \
  X(bootstrap_extension_config_increment_counter)                                                                      \
  X(bootstrap_extension_config_define_gauge)                                                                           \
  X(bootstrap_extension_config_set_gauge)                                                                              \
  X(bootstrap_extension_timer_new)                                                                                     \
  X(bootstrap_extension_timer_enable)                                                                                  \
  X(bootstrap_extension_timer_delete)                                                                                  \
  X(bootstrap_extension_config_signal_init_complete)

// The callbacks, looked up when the module is loaded; nothing in here is called before.
struct envoy_callbacks {
#define X(name) __typeof__(&envoy_dynamic_module_callback_##name) name;
  ENVOY_CALLBACKS(X)
#undef X
};
extern struct envoy_callbacks envoy;

// The configuration of an HTTP filter.
typedef struct {
  uint32_t slot;    // of the configuration in Go
  size_t request;   // largest body of a request in bytes
  size_t response;  // largest body of a response in bytes
} dubbo_limits;

// What Go wants done. Its memory is pinned Go memory until dubboRelease(slot).
typedef struct {
  uint32_t slot;   // to be released, 0 for none
  uint32_t events; // host.Event: what to count
  uint32_t status; // of the response, 0 for none
  bool shut;       // close the sending side towards the provider
  module_bytes send;
  module_bytes body;
  module_bytes path; // the form's route
  bool rewrite;      // without a status: fields replace those of the message, or remove them when empty, and body its body
  module_field *fields;
  size_t fields_len;
} dubbo_step;

// What Go says of who makes a request: what is to be done as in a step, whose fields change headers of a request that is
// not refused, or remove them without a value. Memory as in a step.
typedef struct {
  dubbo_step step;
  bool wait;            // for the whole body
  bool reroute;         // choose the route once more
  size_t limit;         // largest body to wait for in bytes
  module_bytes details; // of a refusal, for access logs
  module_field *facts;  // by the policy that asked: who calls
  size_t facts_len;
} dubbo_verdict;

// What Envoy says of the cluster that a request goes to.
typedef struct {
  uint32_t slot;         // of the route's recovery
  uint32_t worker;       // that asks
  module_bytes cluster;
  size_t total, healthy; // instances
} dubbo_pool;

// A request that a recovery was asked about.
typedef struct {
  uint64_t id;
  int64_t began;
  uint32_t events; // host.Event: what to count
} dubbo_call;

// What is counted of consumers' connections, in the order of consumer.Counts.
enum { CONSUMER_REQUESTS, CONSUMER_HEARTBEATS, CONSUMER_REJECTED, CONSUMER_ERRORS, CONSUMER_CONNECTIONS, CONSUMER_COUNTERS };

// What Go wants done on a consumer's connection. Its memory is pinned Go memory until the connection's next call into Go.
typedef struct {
  uint32_t slot;          // of the connection
  uint32_t events;        // host.Event: what to count
  module_bytes consumer;  // to be sent to the consumer
  module_bytes manager;   // to be given to the connection manager
  bool later;             // there is more for the manager, when it is not at work
  bool shut;              // close the connection
  bool pause;             // read no more from the consumer
  uint32_t counts[CONSUMER_CONNECTIONS];
} dubbo_flow;

// Counts n more of what happened on consumers' connections, as dubbo_count does.
void dubbo_count_consumer(int counter, uint32_t n);

// Reports whether a client of this worker with several calls on a connection, Dubbo or HTTP/2, does not take what it is
// sent. Known of connections that the network filter stands in front of.
bool dubbo_clients_blocked(void);

// Tells every consumer that this Envoy takes leave. Safe on every thread.
void dubbo_consumers_drain(void);

// Counts the events of a step. Safe on every thread, and before or without the bootstrap extension.
void dubbo_count(uint32_t events);

// The metrics of methods: defines their counters when Envoy takes up the configuration that will own them, forgets them
// when that goes, and adds to one of them. On the main thread; adding does nothing while none are defined.
void dubbo_metrics_define(void *owner);
void dubbo_metrics_forget(const void *owner);
void dubbo_metrics_add(size_t family, module_bytes service, module_bytes method, module_bytes status, uint64_t n);

// The statistics of breakers: their states, how many requests more they have refused, and how often more they have come into a
// state. Defined, forgotten and used as the metrics of methods are.
void dubbo_breakers_define(void *owner);
void dubbo_breakers_forget(const void *owner);
void dubbo_breaker_state(module_bytes service, module_bytes method, uint64_t state, uint64_t refused);
void dubbo_breaker_entered(module_bytes service, module_bytes method, module_bytes state, uint64_t n);

// The counts of who calls: how many requests more had an outcome at a policy, those of dry runs apart, and how many key
// files more could not be used. Defined, forgotten and used as the metrics of methods are.
void dubbo_callers_define(void *owner);
void dubbo_callers_forget(const void *owner);
void dubbo_callers_add(module_bytes policy, module_bytes outcome, bool tried, uint64_t n);
void dubbo_callers_failed(uint64_t n);

// The counts of rate limits: how many requests more they have admitted, refused, and would have refused were they no dry
// runs. Defined, forgotten and used as the metrics of methods are.
void dubbo_limits_define(void *owner);
void dubbo_limits_forget(const void *owner);
void dubbo_limits_add(module_bytes service, module_bytes limit, uint64_t admitted, uint64_t refused, uint64_t tried);

// Writes to Envoy's log.
void dubbo_log(envoy_dynamic_module_type_log_level level, const char *text, size_t len);

// Room on the stack for what nearly every request fits in; more goes to the heap.
enum { DUBBO_FIELDS = 64, DUBBO_CHUNKS = 32 };
