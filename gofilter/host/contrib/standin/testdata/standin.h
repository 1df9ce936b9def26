// A stand-in for an Envoy with the contrib Go filter SDK, so that libdubbo-contrib.so can be run without one. It loads the
// library as Envoy does, calls its exports with Envoy's structs, in Envoy's states, and has the functions that the
// library calls back. Sources: contrib/golang/upstreams/http/tcp/source and contrib/golang/filters/http/source of
// Envoy 1.39.0.
//
// What Envoy's router, connection pool and HTTP codec do is done by the Go test that drives it, over a unix socket: a
// connection is one of Envoy's worker threads, a request is a letter and its fields, and the answer is fields again.
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h" // the SDK's, contrib/golang/common/go/api

// A piece of memory that grows: Envoy's Buffer::Instance, or a string.
typedef struct {
  char *data;
  size_t len, cap;
} buffer;

void buffer_add(buffer *b, const void *data, size_t len);
void buffer_prepend(buffer *b, const void *data, size_t len);
void buffer_drain(buffer *b, size_t len);
void buffer_free(buffer *b);

// A header map.
typedef struct {
  struct header {
    buffer name, value;
  } *at;
  size_t len;
} headers;

void headers_add(headers *h, const void *name, size_t name_len, const void *value, size_t value_len);
void headers_remove(headers *h, const void *name, size_t name_len);
size_t headers_bytes(const headers *h);
void headers_copy_to_go(const headers *h, void *strs, void *buf);
void headers_free(headers *h);

// Fields on the socket: numbers of eight bytes, texts with their length in front. A broken socket ends the process.
uint64_t take_number(FILE *in);
void take_text(FILE *in, buffer *b);
void take_headers(FILE *in, headers *h);
void put_number(FILE *out, uint64_t n);
void put_text(FILE *out, const buffer *b);
void put_headers(FILE *out, const headers *h);

// What Envoy would abort for, said before.
#define ABORT(...) (fprintf(stderr, "stand-in: Envoy would abort: " __VA_ARGS__), fputc('\n', stderr), abort())

// Resolves a symbol of the library; Envoy refuses a library without it.
void *symbol(const char *name);

// The worker threads there are, which the library sizes its tables by.
extern uint32_t workers;

// Each handles the requests of its letters and returns whether op was one of them.
void bridge_load(void);
int bridge_request(int op, FILE *in, FILE *out);
void filter_load(void);
int filter_request(int op, FILE *in, FILE *out, uint32_t worker);
