/* wsload: an epoll WebSocket load generator that works against any server.
 *
 *   wsload -p PORT -u PATH -n CONNECTIONS -s SCRIPT [-m MESSAGE] [-R ROOMS]
 *          [-P PUBLISHERS] [-r MESSAGES_A_SECOND | -W WINDOW] [-w WARM_UP] [-d SECONDS]
 *          [-g GRACE] [-c AT_ONCE] [-T TOKENS] [-k PID,PID] [-S SUBPROTOCOL] [-b] [-v]
 *
 * It opens the connections, AT_ONCE at a time, and runs SCRIPT on each: a file with
 * lines "send TEXT" and "expect SUBSTRING". The first PUBLISHERS then send MESSAGE:
 * with -r at a rate, however slow the server is, and each latency counts from the time
 * at which the message was due; with -W in a closed loop, WINDOW messages of each
 * publisher on their way. It stops when everything arrived, or GRACE seconds later.
 *
 * With -b it polls and never sleeps. A server that writes to a sleeping receiver pays
 * for waking it, some 5 to 10 us each time; a polling generator shows the server alone.
 *
 * SIGTERM ends the sending early.
 *
 * The processes of -k are those whose CPU time and memory are measured. It prints
 * "ready" when it has read its files, and one line of JSON at the end. Build: cc -O2 -o wsload *.c -lm */
#define _GNU_SOURCE
#include "wsload.h"
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define CONNECT_SECONDS 240
#define SETTLE_SECONDS 0.5

struct options options = {.host = "127.0.0.1", .path = "/", .port = 8000, .rooms = 1,
                          .connections = 100, .publishers = 1, .at_once = 100,
                          .rate = 100, .seconds = 5, .grace = 3};
struct counts counts;
int epoll_fd;
static struct connection *connections;
static volatile sig_atomic_t is_over;

static void on_sigterm(int signal) {
  (void)signal;
  is_over = 1;
}

static void pump(int ms) {
  struct epoll_event events[512];
  int n = epoll_wait(epoll_fd, events, 512, options.is_busy ? 0 : ms);
  for (int i = 0; i < n; i++) on_event(events[i].data.ptr, events[i].events);
}

static void pump_for(double seconds) {
  for (uint64_t until = now_us() + (uint64_t)(seconds * 1e6); now_us() < until;) pump(10);
}

static double connect_all(void) {
  uint64_t began = now_us();
  int started = 0;
  /* A connection that was ready and is closed counts as done, too. */
  for (int done = 0; done < options.connections;) {
    while (started < options.connections && started - done < options.at_once) {
      open_connection(&connections[started], started);
      started++;
      done = counts.ready + counts.closed + counts.failed;
    }
    pump(100);
    done = counts.ready + counts.closed + counts.failed;
    if (now_us() - began > CONNECT_SECONDS * 1000000ull) break;
  }
  return (now_us() - began) / 1e6;
}

static int *members_of_rooms(void) {
  int *members = calloc((size_t)options.rooms, sizeof(int));
  for (int i = 0; i < options.connections; i++)
    if (connections[i].state == READY) members[i % options.rooms]++;
  return members;
}

static void publish(struct connection *c, const int *members, uint64_t stamp_us) {
  static char text[65536];
  send_text(c, text, fill(text, sizeof text, options.message, c->index, stamp_us));
  c->outstanding++;
  counts.sent++;
  counts.expected += members[c->index % options.rooms];
}

static void publish_window(const int *members) {
  for (int i = 0; i < options.publishers; i++) {
    struct connection *c = &connections[i];
    while (c->state == READY && c->outstanding < options.window)
      publish(c, members, now_us());
  }
}

/* Send what is due; a publisher that is closed loses its turn. Returns how many were. */
static long publish_due(const int *members, uint64_t began, long turns) {
  for (; turns < (now_us() - began) / 1e6 * options.rate; turns++) {
    struct connection *c = &connections[turns % options.publishers];
    if (c->state == READY)
      publish(c, members, began + (uint64_t)(turns * 1e6 / options.rate));
  }
  return turns;
}

static void load(double seconds, const int *members) {
  uint64_t began = now_us(), until = began + (uint64_t)(seconds * 1e6);
  long turns = 0;
  while (now_us() < until && !is_over) {
    if (!options.message)
      pump(50);
    else if (options.window)
      publish_window(members), pump(1);
    else
      turns = publish_due(members, began, turns), pump(1);
  }
}

static void drain(void) {
  uint64_t until = now_us() + (uint64_t)(options.grace * 1e6);
  while (counts.delivered < counts.expected && now_us() < until) pump(10);
}

static void forget_counts(void) {
  counts.sent = counts.expected = counts.delivered = 0;
  forget_latencies();
  for (int i = 0; i < options.connections; i++) connections[i].outstanding = 0;
}

static void read_options(int argc, char **argv) {
  for (int o; (o = getopt(argc, argv, "p:u:n:s:m:R:P:r:W:w:d:g:c:T:k:S:bv")) != -1;)
    switch (o) {
      case 'p': options.port = atoi(optarg); break;
      case 'u': options.path = optarg; break;
      case 'n': options.connections = atoi(optarg); break;
      case 's': read_script(optarg); break;
      case 'm': options.message = optarg; break;
      case 'R': options.rooms = atoi(optarg); break;
      case 'P': options.publishers = atoi(optarg); break;
      case 'r': options.rate = atof(optarg); break;
      case 'W': options.window = atoi(optarg); break;
      case 'w': options.warm_up = atof(optarg); break;
      case 'd': options.seconds = atof(optarg); break;
      case 'g': options.grace = atof(optarg); break;
      case 'c': options.at_once = atoi(optarg); break;
      case 'T': read_tokens(optarg); break;
      case 'k': options.pids = optarg; break;
      case 'S': options.subprotocol = optarg; break;
      case 'b': options.is_busy = 1; break;
      case 'v': options.is_verbose = 1; break;
      default: exit(2);
    }
  if (options.publishers > options.connections) options.publishers = options.connections;
}

static void allow_many_sockets(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static void figure(const char *name, double value, char end) {
  printf("\"%s\":%.3f%c", name, value, end);
}

int main(int argc, char **argv) {
  read_options(argc, argv);
  signal(SIGTERM, on_sigterm);
  allow_many_sockets();
  printf("ready\n");
  fflush(stdout);
  epoll_fd = epoll_create1(0);
  connections = calloc((size_t)options.connections, sizeof *connections);

  double memory = resident_kib(), cpu = cpu_seconds();
  double connect_seconds = connect_all(), connect_cpu = cpu_seconds() - cpu;
  int ready = counts.ready;
  if (!ready) {
    fprintf(stderr, "no connection came up\n");
    return 1;
  }
  pump_for(SETTLE_SECONDS);
  memory = resident_kib() - memory;
  int *members = members_of_rooms();
  if (options.warm_up > 0) {
    load(options.warm_up, members);
    drain();
    forget_counts();
  }
  cpu = cpu_seconds();
  uint64_t began = now_us();
  load(options.seconds, members);
  double lasted = (now_us() - began) / 1e6, in_time = counts.delivered;
  drain();
  cpu = cpu_seconds() - cpu;

  printf("{");
  figure("connections", ready, ',');
  figure("failed", counts.failed, ',');
  figure("closed", counts.closed, ',');
  figure("refusals", counts.refusals, ',');
  figure("connect_seconds", connect_seconds, ',');
  figure("connects_per_second", ready / connect_seconds, ',');
  figure("cpu_us_per_connect", connect_cpu * 1e6 / ready, ',');
  figure("kib_per_connection", memory / ready, ',');
  figure("sent", counts.sent, ',');
  /* Those that reached everybody in time. */
  double share = counts.expected ? in_time / counts.expected / lasted : 0;
  figure("messages_per_second", counts.sent * share, ',');
  figure("expected", counts.expected, ',');
  figure("delivered", counts.delivered, ',');
  figure("p50_ms", percentile_ms(.5), ',');
  figure("p99_ms", percentile_ms(.99), ',');
  figure("max_ms", percentile_ms(1), ',');
  figure("cpu_seconds", cpu, ',');
  figure("cpu_us_per_delivery", counts.delivered ? cpu * 1e6 / counts.delivered : -1, ',');
  figure("cpu_ms_per_message", counts.sent ? cpu * 1e3 / counts.sent : -1, '}');
  printf("\n");
  return 0;
}
