// The network filter in front of an HTTP connection manager: a connection of a Dubbo consumer is HTTP/2 for the manager,
// any other passes through.
#include <pthread.h>
#include <stdlib.h>

#include "_cgo_export.h"
#include "envoy.h"

#define CONTINUE envoy_dynamic_module_type_on_network_filter_data_status_Continue
#define STOP envoy_dynamic_module_type_on_network_filter_data_status_StopIteration
#define FLUSH envoy_dynamic_module_type_network_connection_close_type_FlushWrite

typedef envoy_dynamic_module_type_on_network_filter_data_status verdict;

enum kind { UNKNOWN, DUBBO, HTTP2, HTTP1 };
enum { FLOW, DRAIN }; // what is scheduled

typedef struct connection {
  uint32_t config;
  enum kind kind;
  uint32_t slot;   // of the connection in Go, 0 until it is one of a consumer
  bool scheduled;  // FLOW is
  bool paused;     // reading is, as Go asked for
  bool blocked;    // the client does not take what it is sent; of a consumer, no more is read
  bool shut;       // the connection is being closed
  void *scheduler;
  struct connection *before, *after; // in consumers
} connection;

// Connections of this worker with several calls at a time whose clients do not take what they are sent.
static _Thread_local unsigned blocked;

bool dubbo_clients_blocked(void) { return blocked > 0; }

// The connections of consumers.
static connection *consumers;
static pthread_mutex_t consumers_lock = PTHREAD_MUTEX_INITIALIZER;

void dubbo_consumers_drain(void) {
  pthread_mutex_lock(&consumers_lock);
  for (connection *c = consumers; c != NULL; c = c->after) envoy.network_filter_scheduler_commit(c->scheduler, DRAIN);
  pthread_mutex_unlock(&consumers_lock);
}

static bool enlist(void *filter, connection *c) {
  c->slot = dubboConsumerNew(c->config);
  if (c->slot == 0) return false;
  c->scheduler = envoy.network_filter_scheduler_new(filter);
  pthread_mutex_lock(&consumers_lock);
  c->after = consumers;
  if (consumers != NULL) consumers->before = c;
  consumers = c;
  pthread_mutex_unlock(&consumers_lock);
  dubbo_count_consumer(CONSUMER_CONNECTIONS, 1);
  return true;
}

static void strike(connection *c) {
  pthread_mutex_lock(&consumers_lock);
  if (c->before != NULL) c->before->after = c->after;
  if (c->after != NULL) c->after->before = c->before;
  if (consumers == c) consumers = c->after;
  pthread_mutex_unlock(&consumers_lock);
  envoy.network_filter_scheduler_delete(c->scheduler);
}

static void schedule(connection *c) {
  if (c->scheduled) return;
  c->scheduled = true;
  envoy.network_filter_scheduler_commit(c->scheduler, FLOW);
}

// Looks at the first two bytes. No HTTP begins with the first of a Dubbo frame, so one alone is worth waiting for the
// other; that of HTTP/2 ("PRI * …") is taken for it.
static enum kind detect(const envoy_bytes *chunks, size_t len, bool end) {
  unsigned char first[2] = {0};
  size_t seen = 0;
  for (size_t i = 0; i < len; i++) {
    for (size_t k = 0; k < chunks[i].length && seen < sizeof first; k++) first[seen++] = chunks[i].ptr[k];
  }
  if (first[0] == 'P' && (first[1] == 'R' || seen == 1)) return HTTP2;
  if (first[0] != 0xda) return seen > 0 || end ? HTTP1 : UNKNOWN;
  if (seen == 1) return end ? HTTP1 : UNKNOWN;
  return first[1] == 0xbb ? DUBBO : HTTP1;
}

// Counts, and lets reading go on or not: what does not harm at any time.
static void note(void *filter, connection *c, const dubbo_flow *f) {
  dubbo_count(f->events);
  for (int i = 0; i < CONSUMER_CONNECTIONS; i++) dubbo_count_consumer(i, f->counts[i]);
  if (f->pause != c->paused && !c->shut) {
    c->paused = f->pause;
    envoy.network_filter_read_disable(filter, f->pause);
  }
}

static void shut(void *filter, connection *c) {
  if (c->shut) return;
  c->shut = true;
  envoy.network_filter_close(filter, FLUSH);
}

const void *envoy_dynamic_module_on_network_filter_config_new(void *owner, envoy_bytes name, envoy_bytes config) {
  return (const void *)(uintptr_t)dubboConsumerConfig((char *)name.ptr, name.length, (char *)config.ptr, config.length);
}

void envoy_dynamic_module_on_network_filter_config_destroy(const void *config) {
  dubboConsumerConfigDrop((uint32_t)(uintptr_t)config);
}

const void *envoy_dynamic_module_on_network_filter_new(const void *config, void *filter) {
  connection *c = calloc(1, sizeof *c);
  if (c != NULL) c->config = (uint32_t)(uintptr_t)config;
  return c;
}

verdict envoy_dynamic_module_on_network_filter_new_connection(void *filter, const void *module) { return CONTINUE; }

verdict envoy_dynamic_module_on_network_filter_read(void *filter, const void *module, size_t length, bool end) {
  connection *c = (connection *)module;
  if (c->kind > DUBBO) return CONTINUE;
  if (c->shut) return STOP;
  envoy_bytes room[DUBBO_CHUNKS], *chunks = room;
  size_t len = envoy.network_filter_get_read_buffer_chunks_size(filter);
  if (len > DUBBO_CHUNKS) chunks = malloc(len * sizeof *chunks);
  if (len > 0) envoy.network_filter_get_read_buffer_chunks(filter, chunks);
  if (c->kind == UNKNOWN) {
    c->kind = detect(chunks, len, end);
    if (c->kind == DUBBO && !enlist(filter, c)) c->kind = HTTP1; // the manager will refuse it
  }
  dubbo_flow flow = {.slot = c->slot};
  if (c->kind == DUBBO) dubboFromConsumer(chunks, len, &flow);
  if (chunks != room) free(chunks);
  if (c->kind != DUBBO) return c->kind == UNKNOWN ? STOP : CONTINUE;

  // What Go returned is copied here before Envoy, and so Go, gets to work again.
  envoy.network_filter_drain_read_buffer(filter, length);
  if (flow.manager.length > 0) envoy.network_filter_append_read_buffer(filter, flow.manager);
  note(filter, c, &flow);
  bool leave = flow.shut;
  if (flow.consumer.length > 0) envoy.network_filter_inject_write_data(filter, flow.consumer, false);
  if (!leave) return CONTINUE;
  shut(filter, c);
  return STOP;
}

// Called while the manager is at work: nothing may be given to it, and the connection not be closed, before it is done.
verdict envoy_dynamic_module_on_network_filter_write(void *filter, const void *module, size_t length, bool end) {
  connection *c = (connection *)module;
  if (c->kind != DUBBO || length == 0) return CONTINUE;
  envoy_bytes room[DUBBO_CHUNKS], *chunks = room;
  size_t len = envoy.network_filter_get_write_buffer_chunks_size(filter);
  if (len > DUBBO_CHUNKS) chunks = malloc(len * sizeof *chunks);
  if (len > 0) envoy.network_filter_get_write_buffer_chunks(filter, chunks);
  dubbo_flow flow = {.slot = c->slot};
  dubboFromManager(chunks, len, &flow);
  if (chunks != room) free(chunks);
  envoy.network_filter_drain_write_buffer(filter, length);
  if (flow.consumer.length > 0) envoy.network_filter_append_write_buffer(filter, flow.consumer);
  note(filter, c, &flow);
  if ((flow.later || flow.shut) && !c->shut) schedule(c);
  return CONTINUE;
}

void envoy_dynamic_module_on_network_filter_scheduled(void *filter, const void *module, uint64_t event) {
  connection *c = (connection *)module;
  if (event == FLOW) c->scheduled = false;
  if (c->shut) return;
  dubbo_flow flow = {.slot = c->slot};
  dubboWake(event == DRAIN, &flow);
  note(filter, c, &flow);
  if (flow.consumer.length > 0) envoy.network_filter_inject_write_data(filter, flow.consumer, false);
  if (flow.shut) {
    shut(filter, c);
  } else if (flow.manager.length > 0) {
    envoy.network_filter_inject_read_data(filter, flow.manager, false);
  }
}

static void block(void *filter, connection *c, bool full) {
  if (c->blocked == full || c->kind == HTTP1) return;
  c->blocked = full;
  blocked += full ? 1 : -1;
  if (c->kind != DUBBO || c->shut) return;
  envoy.network_filter_read_disable(filter, full);
  dubbo_flow flow = {.slot = c->slot};
  dubboBlock(full, &flow);
  note(filter, c, &flow);
  if (flow.later || flow.shut) schedule(c);
}

void envoy_dynamic_module_on_network_filter_above_write_buffer_high_watermark(void *filter, const void *module) {
  block(filter, (connection *)module, true);
}

void envoy_dynamic_module_on_network_filter_below_write_buffer_low_watermark(void *filter, const void *module) {
  block(filter, (connection *)module, false);
}

void envoy_dynamic_module_on_network_filter_destroy(const void *module) {
  connection *c = (connection *)module;
  if (c->blocked) blocked--;
  if (c->slot != 0) {
    strike(c);
    dubboConsumerDrop(c->slot);
  }
  free(c);
}

// A connection that has ended needs no reading to be let go on.
void envoy_dynamic_module_on_network_filter_event(void *filter, const void *module,
                                                  envoy_dynamic_module_type_network_connection_event event) {
  connection *c = (connection *)module;
  if (event == envoy_dynamic_module_type_network_connection_event_RemoteClose ||
      event == envoy_dynamic_module_type_network_connection_event_LocalClose) {
    c->shut = true;
  }
}

// Envoy refuses a module without these; this filter has nothing to do in them.
void envoy_dynamic_module_on_network_filter_http_callout_done(void *filter, const void *module, uint64_t id,
                                                              envoy_dynamic_module_type_http_callout_result result,
                                                              envoy_field *fields, size_t fields_len,
                                                              envoy_bytes *chunks, size_t chunks_len) {}
void envoy_dynamic_module_on_network_filter_config_scheduled(const void *config, uint64_t event) {}
