// Go's monitor thread in an Envoy. It sleeps for 20 µs at a time for a while after it took a worker's turn at running Go
// away, which happens to a worker that enters Go all the time every 10 ms. On Linux such a sleep lasts for 20 µs and the
// thread's timer slack. Threads inherit the slack of the thread that starts them, and Go's are started by a constructor
// of this library: so the slack is widened before and put back after it, on the thread that loads the module.
#ifdef __linux__
#include <sys/prctl.h>

enum { SLACK_NS = 2000000 }; // nothing that answers a request waits on a timer of Go's

static int slack;

// Constructors run in the order of their priorities, Go's in between.
__attribute__((constructor(101))) static void widen_slack(void) {
  slack = prctl(PR_GET_TIMERSLACK);
  prctl(PR_SET_TIMERSLACK, (unsigned long)SLACK_NS);
}

__attribute__((constructor(65535))) static void restore_slack(void) {
  if (slack > 0) prctl(PR_SET_TIMERSLACK, (unsigned long)slack);
}
#endif
