// Buffers, header maps, and how they travel over the socket.
#include "standin.h"

void buffer_add(buffer *b, const void *data, size_t len) {
  if (len == 0) return;
  if (b->len + len > b->cap) {
    b->cap = 2 * (b->len + len);
    b->data = realloc(b->data, b->cap);
  }
  memcpy(b->data + b->len, data, len);
  b->len += len;
}

void buffer_prepend(buffer *b, const void *data, size_t len) {
  buffer all = {0};
  buffer_add(&all, data, len);
  buffer_add(&all, b->data, b->len);
  buffer_free(b);
  *b = all;
}

void buffer_drain(buffer *b, size_t len) {
  memmove(b->data, b->data + len, b->len - len);
  b->len -= len;
}

void buffer_free(buffer *b) {
  free(b->data);
  *b = (buffer){0};
}

void headers_add(headers *h, const void *name, size_t name_len, const void *value, size_t value_len) {
  h->at = realloc(h->at, (h->len + 1) * sizeof *h->at);
  struct header *new = &h->at[h->len++];
  *new = (struct header){{0}, {0}};
  buffer_add(&new->name, name, name_len);
  buffer_add(&new->value, value, value_len);
}

void headers_remove(headers *h, const void *name, size_t name_len) {
  size_t kept = 0;
  for (size_t i = 0; i < h->len; i++) {
    if (h->at[i].name.len == name_len && memcmp(h->at[i].name.data, name, name_len) == 0) {
      buffer_free(&h->at[i].name);
      buffer_free(&h->at[i].value);
    } else {
      h->at[kept++] = h->at[i];
    }
  }
  h->len = kept;
}

size_t headers_bytes(const headers *h) {
  size_t n = 0;
  for (size_t i = 0; i < h->len; i++) n += h->at[i].name.len + h->at[i].value.len;
  return n;
}

// The library has an array of two Go strings for each header, and a buffer for their bytes.
void headers_copy_to_go(const headers *h, void *strs, void *buf) {
  struct {
    const char *p;
    ptrdiff_t n;
  } *to = strs;
  char *next = buf;
  for (size_t i = 0; i < h->len; i++) {
    const buffer *pair[] = {&h->at[i].name, &h->at[i].value};
    for (int j = 0; j < 2; j++, to++) {
      to->n = (ptrdiff_t)pair[j]->len;
      if (pair[j]->len == 0) continue;
      to->p = next;
      memcpy(next, pair[j]->data, pair[j]->len);
      next += pair[j]->len;
    }
  }
}

void headers_free(headers *h) {
  for (size_t i = 0; i < h->len; i++) {
    buffer_free(&h->at[i].name);
    buffer_free(&h->at[i].value);
  }
  free(h->at);
  *h = (headers){0};
}

static void take(FILE *in, void *to, size_t len) {
  if (len > 0 && fread(to, len, 1, in) != 1) exit(0); // the test has ended
}

uint64_t take_number(FILE *in) {
  uint64_t n;
  take(in, &n, sizeof n);
  return n;
}

void take_text(FILE *in, buffer *b) {
  b->len = b->cap = take_number(in);
  b->data = malloc(b->len);
  take(in, b->data, b->len);
}

void take_headers(FILE *in, headers *h) {
  *h = (headers){0};
  for (uint64_t n = take_number(in); n > 0; n--) {
    buffer name, value;
    take_text(in, &name);
    take_text(in, &value);
    headers_add(h, name.data, name.len, value.data, value.len);
    buffer_free(&name);
    buffer_free(&value);
  }
}

void put_number(FILE *out, uint64_t n) { fwrite(&n, sizeof n, 1, out); }

void put_text(FILE *out, const buffer *b) {
  put_number(out, b->len);
  fwrite(b->data, 1, b->len, out);
}

void put_headers(FILE *out, const headers *h) {
  put_number(out, h->len);
  for (size_t i = 0; i < h->len; i++) {
    put_text(out, &h->at[i].name);
    put_text(out, &h->at[i].value);
  }
}
