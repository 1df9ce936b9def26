// Usage: standin <library> <path of the unix socket> <worker threads>
#include <dlfcn.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "standin.h"

uint32_t workers;
static void *library;

void *symbol(const char *name) {
  void *found = dlsym(library, name);
  if (found == NULL) ABORT("load library failed: %s", dlerror());
  return found;
}

// The log of the library. Level 2 is info.
void envoyGoFilterLog(uint32_t level, void *message, int len) {
  fprintf(stderr, "[%u] %.*s\n", level, len, (char *)message);
}
uint32_t envoyGoFilterLogLevel(void) { return 2; }

typedef struct {
  int socket;
  uint32_t id;
} worker;

static void *work(void *arg) {
  worker w = *(worker *)arg;
  free(arg);
  FILE *in = fdopen(w.socket, "r"), *out = fdopen(dup(w.socket), "w");
  for (int op; (op = fgetc(in)) != EOF;) {
    if (!bridge_request(op, in, out) && !filter_request(op, in, out, w.id)) ABORT("no such request: %c", op);
    fflush(out);
  }
  fclose(in);
  fclose(out);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  workers = (uint32_t)atoi(argv[3]);
  library = dlopen(argv[1], RTLD_LAZY);
  if (library == NULL) ABORT("cannot load: %s", dlerror());
  bridge_load();
  filter_load();

  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(argv[2]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, argv[2]);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16) != 0) return 2;
  puts("ready");
  fflush(stdout);

  pthread_t threads[workers];
  for (uint32_t i = 0; i < workers; i++) {
    worker *w = malloc(sizeof *w);
    *w = (worker){accept(listener, NULL, NULL), i};
    pthread_create(&threads[i], NULL, work, w);
  }
  for (uint32_t i = 0; i < workers; i++) pthread_join(threads[i], NULL);
  return 0;
}
