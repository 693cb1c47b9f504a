/* The WebSocket of one connection: handshake, frames, the script, heartbeats. */
#define _GNU_SOURCE
#include "wsload.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE 65536
/* One address of 127.0.0.0/8 has fewer than 28,232 ports. */
#define CONNECTIONS_OF_AN_ADDRESS 20000

/* How often a connection sends a refused step again. */
#define REFUSALS 10

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

static void end(struct connection *c) {
  if (c->state == CLOSED) return;
  if (c->state == READY)
    counts.closed++, counts.ready--;
  else
    counts.failed++;
  c->state = CLOSED;
  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
  close(c->fd);
}

static void flush(struct connection *c) {
  while (c->out_sent < c->out_length) {
    ssize_t n = send(c->fd, c->out + c->out_sent, c->out_length - c->out_sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    c->out_sent += (size_t)n;
  }
  c->out_sent = c->out_length = 0;
}

static void write_bytes(struct connection *c, const char *bytes, size_t length) {
  if (c->out_length + length > c->out_size) {
    c->out_size = (c->out_length + length) * 2;
    c->out = realloc(c->out, c->out_size);
  }
  memcpy(c->out + c->out_length, bytes, length);
  c->out_length += length;
  flush(c);
}

/* The mask is four zero bytes, which is legal and leaves the payload as it is. */
static void send_frame(struct connection *c, int opcode, const char *payload, size_t length) {
  static char frame[70000];
  size_t head = 2;
  if (length > sizeof frame - 8) length = sizeof frame - 8;
  frame[0] = (char)(0x80 | opcode);
  frame[1] = (char)(0x80 | (length < 126 ? length : 126));
  if (length >= 126) {
    frame[2] = (char)(length >> 8);
    frame[3] = (char)length;
    head = 4;
  }
  memset(frame + head, 0, 4);
  memcpy(frame + head + 4, payload, length);
  write_bytes(c, frame, head + 4 + length);
}

void send_text(struct connection *c, const char *text, size_t length) {
  send_frame(c, TEXT, text, length);
}

/* Send until a step expects something; after the last step the connection is ready. */
static void run_script(struct connection *c) {
  static char text[65536];
  for (; c->step < options.step_count && options.steps[c->step].is_send; c->step++) {
    size_t length = fill(text, sizeof text, options.steps[c->step].text, c->index, 0);
    send_frame(c, TEXT, text, length);
  }
  if (c->step < options.step_count) return;
  c->state = READY;
  counts.ready++;
  uint64_t took = now_us() - c->began_us;
  if (took > counts.longest_connect_us) counts.longest_connect_us = took;
}

/* Send the step again, as a client does when the server was too busy. */
static void on_refused_step(struct connection *c, char *text, size_t length) {
  if (++c->refusals > REFUSALS) {
    if (counts.failed < 3) fprintf(stderr, "refused: %.*s\n", (int)length, text);
    end(c);
    return;
  }
  counts.refusals++;
  while (c->step && !options.steps[c->step].is_send) c->step--;
  run_script(c);
}

/* Answer the heartbeats of Hubbub (as text), engine.io and centrifugo. */
static int is_heartbeat(struct connection *c, char *text, size_t length) {
  char pong[64], *n;
  if (length == 1 && *text == '2')
    send_frame(c, TEXT, "3", 1);
  else if (length == 2 && !memcmp(text, "{}", 2))
    send_frame(c, TEXT, "{}", 2);
  else if (length < 64 && memmem(text, length, "\"ping\"", 6) &&
           (n = memmem(text, length, "\"n\":", 4)))
    send_frame(c, TEXT, pong,
               (size_t)sprintf(pong, "{\"type\":\"pong\",\"n\":%ld}", atol(n + 4)));
  else
    return 0;
  return 1;
}

static void on_text(struct connection *c, char *text, size_t length) {
  static char wanted[65536];
  if (options.is_verbose && c->index == 0)
    fprintf(stderr, "< %.*s\n", (int)length, text);
  if (is_heartbeat(c, text, length)) return;
  if (c->state == SCRIPTING) {
    size_t n = fill(wanted, sizeof wanted, options.steps[c->step].text, c->index, 0);
    if (memmem(text, length, wanted, n)) {
      c->step++;
      run_script(c);
    } else if (memmem(text, length, "\"error\"", 7)) {
      on_refused_step(c, text, length);
    }
    return;
  }
  /* The sender's own answer is no delivery. */
  static const char reply[] = "{\"type\":\"reply\"";
  if (length < sizeof reply || memcmp(text, reply, sizeof reply - 1))
    count_stamps(c, text, length);
}

static void on_close_frame(struct connection *c, char *payload, size_t length) {
  if (counts.failed + counts.closed < 3 && length >= 2)
    fprintf(stderr, "closed by the server: %d %.*s\n",
            (unsigned char)payload[0] << 8 | (unsigned char)payload[1],
            (int)length - 2, payload + 2);
  end(c);
}

static void on_frame(struct connection *c, int opcode, char *payload, size_t length) {
  if (opcode == TEXT || opcode == BINARY)
    on_text(c, payload, length);
  else if (opcode == PING)
    send_frame(c, PONG, payload, length);
  else if (opcode == CLOSE)
    on_close_frame(c, payload, length);
}

/* Take the whole frames of `in` from `at` on; returns where the incomplete one begins. */
static size_t take_frames(struct connection *c, size_t at) {
  while (c->state != CLOSED && c->in_length - at >= 2) {
    unsigned char *p = (unsigned char *)c->in + at;
    uint64_t length = p[1] & 127;
    size_t head = length < 126 ? 2 : length == 126 ? 4 : 10;
    if (c->in_length - at < head) break;
    if (head > 2) length = 0;
    for (size_t i = 2; i < head; i++) length = length << 8 | p[i];
    if (c->in_length - at < head + length) break;
    on_frame(c, p[0] & 15, (char *)p + head, length);
    at += head + length;
  }
  return at;
}

/* Returns where the frames begin after the answer to the handshake, or 0. */
static size_t take_answer(struct connection *c) {
  char *blank = memmem(c->in, c->in_length, "\r\n\r\n", 4);
  if (!blank) return 0;
  if (!memmem(c->in, (size_t)(blank - c->in), " 101", 4)) {
    if (counts.failed < 3) fprintf(stderr, "refused: %.*s\n", (int)(blank - c->in), c->in);
    end(c);
    return 0;
  }
  c->state = SCRIPTING;
  run_script(c);
  return (size_t)(blank + 4 - c->in);
}

static int receive(struct connection *c) {
  for (;;) {
    if (c->in_size - c->in_length < READ_SIZE) {
      c->in_size = c->in_length + 2 * READ_SIZE;
      c->in = realloc(c->in, c->in_size);
    }
    ssize_t n = recv(c->fd, c->in + c->in_length, READ_SIZE, 0);
    if (n < 0 && errno == EAGAIN) return 1;
    if (n <= 0) return 0;
    c->in_length += (size_t)n;
    if (n < READ_SIZE) return 1;
  }
}

static void on_readable(struct connection *c) {
  int is_open = receive(c);
  size_t at = c->state == UPGRADING ? take_answer(c) : 0;
  if (c->state == SCRIPTING || c->state == READY) at = take_frames(c, at);
  if (c->state == CLOSED) return;
  if (!is_open) {
    end(c);
    return;
  }
  c->in_length -= at;
  memmove(c->in, c->in + at, c->in_length);
  if (c->in_length == 0) {
    /* An idle connection of ten thousand keeps no buffer. */
    free(c->in);
    c->in = NULL;
    c->in_size = 0;
  }
}

static void upgrade(struct connection *c) {
  static char path[8192], request[16384];
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) {
    end(c);
    return;
  }
  fill(path, sizeof path, options.path, c->index, 0);
  const char *protocol = options.subprotocol;
  int n = snprintf(request, sizeof request,
                   "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s%s\r\n",
                   path, options.host, options.port,
                   protocol ? "Sec-WebSocket-Protocol: " : "", protocol ? protocol : "",
                   protocol ? "\r\n" : "");
  c->state = UPGRADING;
  write_bytes(c, request, (size_t)n);
}

void open_connection(struct connection *c, int index) {
  int one = 1, address = 0x7f000001 + index / CONNECTIONS_OF_AN_ADDRESS;
  c->index = index;
  c->began_us = now_us();
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(options.port)};
  inet_pton(AF_INET, options.host, &there.sin_addr);
  /* Without this the kernel wants a port that no connection to anywhere has. */
  setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (bind(c->fd, (void *)&here, sizeof here)) perror("bind");
  connect(c->fd, (void *)&there, sizeof there);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

void on_event(struct connection *c, uint32_t events) {
  if (c->state == CONNECTING && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) upgrade(c);
  if (c->state == CLOSED) return;
  if (events & EPOLLOUT) flush(c);
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(c);
}
