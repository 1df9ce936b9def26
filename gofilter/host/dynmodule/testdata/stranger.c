// A process that is no Envoy: it loads the module named by its argument as Envoy does.
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv) {
  void *module = dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL);
  if (module == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  const char *(*init)(void) = dlsym(module, "envoy_dynamic_module_on_program_init");
  return init != NULL && init() == NULL ? 0 : 3;
}
