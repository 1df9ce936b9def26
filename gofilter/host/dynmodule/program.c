#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "envoy.h"

struct envoy_callbacks envoy;

void dubbo_log(envoy_dynamic_module_type_log_level level, const char *text, size_t len) {
  if (envoy.log != NULL) envoy.log(level, (module_bytes){text, len});
}

// Envoy has no way to tell its ABI version, but an Envoy of another one lacks callbacks that this module calls.
const char *envoy_dynamic_module_on_program_init(void) {
  static const char *const names[] = {
#define X(name) "envoy_dynamic_module_callback_" #name,
      ENVOY_CALLBACKS(X)
#undef X
  };
  void **slots = (void **)&envoy;
  char missing[2048] = "";
  for (size_t i = 0, used = 0; i < sizeof names / sizeof *names; i++) {
    slots[i] = dlsym(RTLD_DEFAULT, names[i]);
    if (slots[i] != NULL || used >= sizeof missing) continue;
    used += snprintf(missing + used, sizeof missing - used, " %s", names[i]);
  }
  if (missing[0] == '\0') return ENVOY_DYNAMIC_MODULES_ABI_VERSION;

  char text[4096];
  snprintf(text, sizeof text,
           "libdubbo.so needs Envoy 1.39 or 1.40 (built for dynamic module ABI " ENVOY_DYNAMIC_MODULES_ABI_VERSION
           "); this Envoy has another ABI and lacks:%s",
           missing);
  if (envoy.log != NULL) {
    dubbo_log(envoy_dynamic_module_type_log_level_Critical, text, strlen(text));
  } else {
    fprintf(stderr, "%s\n", text);
  }
  return NULL;
}
