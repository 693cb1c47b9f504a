/* The parts of wsload: see wsload.c for what it does. */
#ifndef WSLOAD_H
#define WSLOAD_H

#include <stddef.h>
#include <stdint.h>

enum state { CONNECTING, UPGRADING, SCRIPTING, READY, CLOSED };

/* One WebSocket. `in` holds bytes that are no whole frame yet, `out` bytes that the
 * kernel did not take yet. `outstanding` counts its messages without an echo. */
struct connection {
  int fd, index, step, refusals, outstanding;
  enum state state;
  char *in, *out;
  size_t in_length, in_size, out_length, out_sent, out_size;
  uint64_t began_us;
};

struct step {
  char *text;
  int is_send;
};

struct person {
  const char *token, *column, *room_id;
};

struct options {
  const char *host, *path, *subprotocol, *message, *pids;
  int port, connections, rooms, publishers, window, at_once, is_busy, is_verbose;
  double rate, seconds, warm_up, grace;
  struct step steps[64];
  int step_count;
  struct person *people;
  int person_count;
};

/* What is counted; one thread writes it. */
struct counts {
  int ready, failed, closed, refusals;
  long sent, expected, delivered;
  uint64_t longest_connect_us, last_delivery_us;
};

extern struct options options;
extern struct counts counts;
extern int epoll_fd;

/* sockets.c */
void open_connection(struct connection *connection, int index);
void on_event(struct connection *connection, uint32_t events);
void send_text(struct connection *connection, const char *text, size_t length);

/* templates.c */
void read_script(const char *file);
void read_tokens(const char *file);
size_t fill(char *to, size_t size, const char *template, int index, uint64_t stamp_us);
void count_stamps(struct connection *connection, char *text, size_t length);

/* figures.c */
uint64_t now_us(void);
void record_latency(uint64_t us);
void forget_latencies(void);
double percentile_ms(double share);
double cpu_seconds(void);
double resident_kib(void);

#endif
