// The HTTP → TCP bridge: what HttpTcpBridge does in Envoy.
#include "standin.h"

enum { WAITING_HEADER, PROCESSING_HEADER, WAITING_DATA, WAITING_ALL_DATA, PROCESSING_DATA, END_STREAM, DONE };
enum { CONTINUE, STOP_AND_BUFFER, END_STREAM_STATUS };

typedef struct {
  httpRequest req; // first: the library is handed its address
  processState encoding, decoding;
  buffer plugin;
  headers request, response;
  int responded; // the response's headers are sent
  int half_close;
} bridge;

static uint64_t (*on_config)(httpConfig *);
static void (*destroy_config)(uint64_t);
static uint64_t (*on_encode_header)(processState *, uint64_t end, uint64_t num, uint64_t bytes, uint64_t buf, uint64_t len);
static uint64_t (*on_encode_data)(processState *, uint64_t end, uint64_t buf, uint64_t len);
static uint64_t (*on_upstream_data)(processState *, uint64_t end, uint64_t num, uint64_t bytes, uint64_t buf, uint64_t len);
static void (*on_destroy)(httpRequest *);

void bridge_load(void) {
  on_config = symbol("envoyGoHttpTcpBridgeOnConfig");
  destroy_config = symbol("envoyGoHttpTcpBridgeDestroyPluginConfig");
  on_encode_header = symbol("envoyGoHttpTcpBridgeOnEncodeHeader");
  on_encode_data = symbol("envoyGoHttpTcpBridgeOnEncodeData");
  on_upstream_data = symbol("envoyGoHttpTcpBridgeOnUpstreamData");
  on_destroy = symbol("envoyGoHttpTcpBridgeOnDestroy");
}

static bridge *bridge_of(processState *s) { return (bridge *)s->req; }
static int in_go(const processState *s) { return s->state == PROCESSING_HEADER || s->state == PROCESSING_DATA; }

static void new_config(FILE *in, FILE *out) {
  buffer name, config;
  take_text(in, &name);
  take_text(in, &config);
  httpConfig c = {.plugin_name_ptr = (uintptr_t)name.data, .plugin_name_len = name.len,
                  .config_ptr = (uintptr_t)config.data, .config_len = config.len};
  uint64_t id = on_config(&c);
  if (id == 0) ABORT("golang http-tcp bridge failed to parse plugin config");
  put_number(out, id);
  buffer_free(&name);
  buffer_free(&config);
}

static void new_bridge(FILE *in, FILE *out) {
  bridge *b = calloc(1, sizeof *b);
  b->req.configId = take_number(in);
  take_text(in, &b->plugin);
  b->req.plugin_name = (Cstring){b->plugin.data, b->plugin.len};
  b->encoding = (processState){.req = &b->req, .is_encoding = 1, .state = WAITING_HEADER};
  b->decoding = (processState){.req = &b->req, .is_encoding = 0, .state = WAITING_HEADER};
  put_number(out, (uintptr_t)b);
}

// What came of the library's turn: its status, what is to be written to the provider or is the response's body, whether
// the sending side of the connection is closed after that, and the response's headers.
static void tell(FILE *out, const bridge *b, uint64_t status, buffer *data) {
  put_number(out, status);
  put_text(out, data);
  put_number(out, (uint64_t)b->half_close);
  put_headers(out, &b->response);
  buffer_free(data);
}

static void encode_headers(bridge *b, FILE *in, FILE *out) {
  uint64_t end = take_number(in);
  take_headers(in, &b->request);
  buffer data = {0};
  b->encoding.state = PROCESSING_HEADER;
  uint64_t status = on_encode_header(&b->encoding, end, b->request.len, headers_bytes(&b->request), (uintptr_t)&data, 0);
  if (status > END_STREAM_STATUS) ABORT("unexpected status %lu", status);
  b->encoding.state = status == CONTINUE ? WAITING_DATA : status == STOP_AND_BUFFER ? WAITING_ALL_DATA : END_STREAM;
  tell(out, b, status, &data);
}

static void encode_data(bridge *b, FILE *in, FILE *out) {
  uint64_t end = take_number(in);
  buffer data;
  take_text(in, &data);
  if (b->encoding.state != WAITING_DATA) ABORT("or keep data that nobody wants: encodeData in state %d", b->encoding.state);
  b->encoding.state = PROCESSING_DATA;
  uint64_t status = on_encode_data(&b->encoding, end, (uintptr_t)&data, data.len);
  if (status > END_STREAM_STATUS || (status == STOP_AND_BUFFER && end)) ABORT("unexpected status %lu", status);
  b->encoding.state = status == CONTINUE ? (end ? DONE : WAITING_DATA) : status == STOP_AND_BUFFER ? WAITING_ALL_DATA : END_STREAM;
  tell(out, b, status, &data);
}

static void upstream_data(bridge *b, FILE *in, FILE *out) {
  uint64_t end = take_number(in);
  buffer data;
  take_text(in, &data);
  if (b->responded) ABORT("onUpstreamData without response headers");
  b->decoding.state = PROCESSING_DATA;
  uint64_t status = on_upstream_data(&b->decoding, end, b->response.len, headers_bytes(&b->response), (uintptr_t)&data, data.len);
  if (status > END_STREAM_STATUS || (status == STOP_AND_BUFFER && end)) ABORT("unexpected status %lu", status);
  b->decoding.state = DONE;
  b->responded = status != STOP_AND_BUFFER;
  tell(out, b, status, &data);
}

static void destroy(bridge *b) {
  on_destroy(&b->req);
  headers_free(&b->request);
  headers_free(&b->response);
  buffer_free(&b->plugin);
  free(b);
}

int bridge_request(int op, FILE *in, FILE *out) {
  if (strchr("BbNHDUX", op) == NULL) return 0;
  if (op == 'B') return new_config(in, out), 1;
  if (op == 'N') return new_bridge(in, out), 1;
  uint64_t id = take_number(in);
  bridge *b = (bridge *)(uintptr_t)id;
  switch (op) {
  case 'b': destroy_config(id), put_number(out, 0); break;
  case 'H': encode_headers(b, in, out); break;
  case 'D': encode_data(b, in, out); break;
  case 'U': upstream_data(b, in, out); break;
  case 'X': destroy(b), put_number(out, 0); break;
  }
  return 1;
}

// What the library calls.

CAPIStatus envoyGoHttpTcpBridgeCopyHeaders(void *s, void *strs, void *buf) {
  processState *state = s;
  bridge *b = bridge_of(state);
  if (!in_go(state)) return CAPINotInGo;
  if (!state->is_encoding && b->responded) return CAPIInvalidPhase;
  headers_copy_to_go(state->is_encoding ? &b->request : &b->response, strs, buf);
  return CAPIOK;
}

CAPIStatus envoyGoHttpTcpBridgeSetRespHeader(void *s, void *key, int key_len, void *value, int value_len, headerAction action) {
  processState *state = s;
  bridge *b = bridge_of(state);
  if (!in_go(state)) return CAPINotInGo;
  if (b->responded || state->is_encoding) return CAPIInvalidPhase;
  if (action == HeaderSet) headers_remove(&b->response, key, (size_t)key_len);
  headers_add(&b->response, key, (size_t)key_len, value, (size_t)value_len);
  return CAPIOK;
}

CAPIStatus envoyGoHttpTcpBridgeGetBuffer(void *s, uint64_t data, void *value) {
  const buffer *b = (buffer *)(uintptr_t)data;
  if (!in_go(s)) return CAPINotInGo;
  memcpy(value, b->data, b->len);
  return CAPIOK;
}

CAPIStatus envoyGoHttpTcpBridgeDrainBuffer(void *s, uint64_t data, uint64_t len) {
  if (!in_go(s)) return CAPINotInGo;
  buffer_drain((buffer *)(uintptr_t)data, len);
  return CAPIOK;
}

CAPIStatus envoyGoHttpTcpBridgeSetBufferHelper(void *s, uint64_t data, void *value, int len, bufferAction action) {
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

CAPIStatus envoyGoHttpTcpBridgeSetSelfHalfCloseForUpstreamConn(void *r, int enabled) {
  ((bridge *)r)->half_close = enabled;
  return CAPIOK;
}
