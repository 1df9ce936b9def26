// The HTTP filter, its request side: what Filter does in Envoy.
#include "standin.h"

enum { WAITING_HEADER, PROCESSING_HEADER, WAITING_DATA, WAITING_ALL_DATA, PROCESSING_DATA, WAITING_TRAILER, PROCESSING_TRAILER, DONE };
enum { RUNNING, LOCAL_REPLY, CONTINUE, STOP_AND_BUFFER, STOP_AND_BUFFER_WATERMARK, STOP_NO_BUFFER };

typedef struct {
  httpRequest req; // first: the library is handed its address
  processState decoding, encoding;
  buffer plugin;
  headers request;
  buffer added; // by addData
  int route_cleared;
  int destroyed;
  // The local reply, 0 for none.
  int reply_status;
  headers reply;
  buffer reply_body;
} filter;

static uint64_t (*new_plugin_config)(httpConfig *);
static void (*destroy_plugin_config)(uint64_t, int delay);
static uint64_t (*on_header)(processState *, uint64_t end, uint64_t num, uint64_t bytes);
static uint64_t (*on_data)(processState *, uint64_t end, uint64_t buf, uint64_t len);
static void (*on_destroy)(httpRequest *, uint64_t reason);
static void (*on_stream_complete)(httpRequest *);
static void (*on_log)(httpRequest *, uint64_t type, processState *, processState *, uint64_t, uint64_t, uint64_t, uint64_t,
                      uint64_t, uint64_t, uint64_t, uint64_t);

void filter_load(void) {
  new_plugin_config = symbol("envoyGoFilterNewHttpPluginConfig");
  destroy_plugin_config = symbol("envoyGoFilterDestroyHttpPluginConfig");
  on_header = symbol("envoyGoFilterOnHttpHeader");
  on_data = symbol("envoyGoFilterOnHttpData");
  on_destroy = symbol("envoyGoFilterOnHttpDestroy");
  on_stream_complete = symbol("envoyGoFilterOnHttpStreamComplete");
  on_log = symbol("envoyGoFilterOnHttpLog");
  // Not called here, but Envoy looks them up.
  symbol("envoyGoFilterMergeHttpPluginConfig");
  symbol("envoyGoRequestSemaDec");
  symbol("envoyGoFilterCleanUp");
}

static filter *filter_of(processState *s) { return (filter *)s->req; }
static int in_go(const processState *s) {
  return s->state == PROCESSING_HEADER || s->state == PROCESSING_DATA || s->state == PROCESSING_TRAILER;
}

// Answers 0 for a configuration that the plugin refuses, which Envoy does with a NACK. The struct is freed when the
// library says so.
static void new_config(FILE *in, FILE *out) {
  buffer name, config;
  take_text(in, &name);
  take_text(in, &config);
  httpConfig *c = calloc(1, sizeof *c);
  *c = (httpConfig){.plugin_name_ptr = (uintptr_t)name.data, .plugin_name_len = name.len, .config_ptr = (uintptr_t)config.data,
                    .config_len = config.len, .concurrency = workers};
  put_number(out, new_plugin_config(c));
  buffer_free(&name);
  buffer_free(&config);
}

static void new_filter(FILE *in, FILE *out, uint32_t worker) {
  filter *f = calloc(1, sizeof *f);
  f->req.configId = take_number(in);
  f->req.worker_id = worker;
  take_text(in, &f->plugin);
  f->req.plugin_name = (Cstring){f->plugin.data, f->plugin.len};
  f->decoding = (processState){.req = &f->req, .is_encoding = 0, .state = WAITING_HEADER};
  f->encoding = (processState){.req = &f->req, .is_encoding = 1, .state = WAITING_HEADER};
  put_number(out, (uintptr_t)f);
}

// What came of the library's turn: its status, the data that goes on, what was added behind it, whether the route is to
// be chosen anew, the request's headers, and the local reply.
static void tell(FILE *out, filter *f, uint64_t status, buffer *data) {
  put_number(out, status);
  put_text(out, data);
  put_text(out, &f->added);
  put_number(out, (uint64_t)f->route_cleared);
  put_headers(out, &f->request);
  put_number(out, (uint64_t)f->reply_status);
  put_headers(out, &f->reply);
  put_text(out, &f->reply_body);
  buffer_free(data);
}

static void next_state(filter *f, uint64_t status, uint64_t end) {
  switch (status) {
  case RUNNING:
  case LOCAL_REPLY: break; // the state stays
  case CONTINUE: f->decoding.state = end ? DONE : WAITING_DATA; break;
  case STOP_AND_BUFFER: f->decoding.state = WAITING_ALL_DATA; break;
  case STOP_AND_BUFFER_WATERMARK:
  case STOP_NO_BUFFER: f->decoding.state = WAITING_DATA; break;
  default: ABORT("unexpected status %lu", status);
  }
}

static void decode_headers(filter *f, FILE *in, FILE *out) {
  uint64_t end = take_number(in);
  take_headers(in, &f->request);
  buffer none = {0};
  f->decoding.state = PROCESSING_HEADER;
  uint64_t status = on_header(&f->decoding, end, f->request.len, headers_bytes(&f->request));
  next_state(f, status, end);
  tell(out, f, status, &none);
}

static void decode_data(filter *f, FILE *in, FILE *out) {
  uint64_t end = take_number(in);
  buffer data;
  take_text(in, &data);
  if (f->decoding.state != WAITING_DATA) ABORT("decodeData, unexpected state %d", f->decoding.state);
  f->decoding.state = PROCESSING_DATA;
  uint64_t status = on_data(&f->decoding, end, (uintptr_t)&data, data.len);
  next_state(f, status, end);
  if (status == STOP_NO_BUFFER) buffer_drain(&data, data.len);
  tell(out, f, status, &data);
}

static void decode_trailers(filter *f, FILE *in, FILE *out) {
  headers trailers;
  take_headers(in, &trailers);
  if (f->decoding.state != WAITING_DATA) ABORT("decodeTrailers, unexpected state %d", f->decoding.state);
  buffer none = {0};
  f->decoding.state = PROCESSING_TRAILER;
  uint64_t status = on_header(&f->decoding, 1, trailers.len, headers_bytes(&trailers));
  if (status != CONTINUE && status != LOCAL_REPLY && status != RUNNING) ABORT("unexpected status %lu", status);
  next_state(f, status, 1);
  tell(out, f, status, &none);
  headers_free(&trailers);
}

// The end of a request: its filters are told, it is logged, then they go.
static void destroy(filter *f) {
  const uint64_t downstream_end = 6;
  f->req.is_golang_processing_log = 1;
  on_stream_complete(&f->req);
  on_log(&f->req, downstream_end, &f->decoding, &f->encoding, f->request.len, headers_bytes(&f->request), 0, 0, 0, 0, 0, 0);
  f->req.is_golang_processing_log = 0;
  f->destroyed = 1;
  on_destroy(&f->req, 0);
}

int filter_request(int op, FILE *in, FILE *out, uint32_t worker) {
  if (strchr("Ffnhdtx", op) == NULL) return 0;
  if (op == 'F') return new_config(in, out), 1;
  if (op == 'n') return new_filter(in, out, worker), 1;
  uint64_t id = take_number(in);
  filter *f = (filter *)(uintptr_t)id;
  switch (op) {
  case 'f': destroy_plugin_config(id, 0), put_number(out, 0); break;
  case 'h': decode_headers(f, in, out); break;
  case 'd': decode_data(f, in, out); break;
  case 't': decode_trailers(f, in, out); break;
  case 'x': destroy(f), put_number(out, 0); break;
  }
  return 1;
}

// What the library calls.

// The library has forgotten the request; before that its memory must stay.
void envoyGoFilterHttpFinalize(void *r, int reason) {
  filter *f = r;
  headers_free(&f->request);
  headers_free(&f->reply);
  buffer_free(&f->reply_body);
  buffer_free(&f->added);
  buffer_free(&f->plugin);
  free(f);
}

void envoyGoConfigHttpFinalize(void *c) { free(c); }

CAPIStatus envoyGoFilterHttpCopyHeaders(void *s, void *strs, void *buf) {
  filter *f = filter_of(s);
  if (f->destroyed) return CAPIFilterIsDestroy;
  if (!in_go(s)) return CAPINotInGo;
  headers_copy_to_go(&f->request, strs, buf);
  return CAPIOK;
}

CAPIStatus envoyGoFilterHttpSetHeaderHelper(void *s, void *key, int key_len, void *value, int value_len, headerAction action) {
  filter *f = filter_of(s);
  if (f->destroyed) return CAPIFilterIsDestroy;
  if (!in_go(s)) return CAPINotInGo;
  if (action == HeaderSet) headers_remove(&f->request, key, (size_t)key_len);
  headers_add(&f->request, key, (size_t)key_len, value, (size_t)value_len);
  return CAPIOK;
}

CAPIStatus envoyGoFilterHttpGetBuffer(void *s, uint64_t data, void *value) {
  const buffer *b = (buffer *)(uintptr_t)data;
  if (!in_go(s)) return CAPINotInGo;
  memcpy(value, b->data, b->len);
  return CAPIOK;
}

CAPIStatus envoyGoFilterHttpSetBufferHelper(void *s, uint64_t data, void *value, int len, bufferAction action) {
  buffer *b = (buffer *)(uintptr_t)data;
  if (!in_go(s)) return CAPINotInGo;
  if (action == Set) buffer_drain(b, b->len);
  if (action == Prepend) {
    buffer_prepend(b, value, (size_t)len);
  } else {
    buffer_add(b, value, (size_t)len);
  }
  return CAPIOK;
}

CAPIStatus envoyGoFilterHttpAddData(void *s, void *data, int len, bool is_streaming) {
  processState *state = s;
  if (state->state == PROCESSING_DATA) return CAPIInvalidPhase;
  if (!in_go(state)) return CAPINotInGo;
  buffer_add(&filter_of(state)->added, data, (size_t)len);
  return CAPIOK;
}

CAPIStatus envoyGoFilterHttpClearRouteCache(void *r, bool refresh) {
  filter *f = r;
  if (!in_go(&f->decoding)) return CAPINotInGo;
  f->route_cleared = 1;
  return CAPIOK;
}

static CAPIStatus reply(processState *s, int status, const void *body, int len) {
  filter *f = filter_of(s);
  if (f->destroyed) return CAPIFilterIsDestroy;
  if (!in_go(s)) return CAPINotInGo;
  f->reply_status = status;
  buffer_add(&f->reply_body, body, (size_t)len);
  return CAPIOK;
}

CAPIStatus envoyGoFilterHttpSendLocalReply(void *s, int status, void *body, int body_len, void *pairs, int pairs_len,
                                           long long int grpc_status, void *details, int details_len) {
  const struct {
    const char *p;
    ptrdiff_t n;
  } *text = pairs;
  CAPIStatus result = reply(s, status, body, body_len);
  for (int i = 0; result == CAPIOK && i < pairs_len; i += 2) {
    headers_add(&filter_of(s)->reply, text[i].p, (size_t)text[i].n, text[i + 1].p, (size_t)text[i + 1].n);
  }
  return result;
}

CAPIStatus envoyGoFilterHttpSendPanicReply(void *s, void *details, int details_len) {
  static const char body[] = "error happened in filter\r\n";
  fprintf(stderr, "filter paniced with error details: %.*s\n", details_len, (char *)details);
  return reply(s, 500, body, sizeof body - 1);
}
