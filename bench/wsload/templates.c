/* Scripts, tokens and stamps.
 *
 * In each template {i} is the connection's index, {room} = i % rooms, {token},
 * {column} and {room_id} the three columns of the i-th line of the tokens' file, {n} a
 * counter, and {stamp} is ~microseconds:i~, by which a delivery is known. It has no @,
 * which a chat server could take for a mention. */
#define _GNU_SOURCE
#include "wsload.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *opened(const char *file) {
  FILE *opened = fopen(file, "r");
  if (!opened) {
    perror(file);
    exit(2);
  }
  return opened;
}

/* The next line without its end, or NULL. */
static char *line_of(FILE *file) {
  static char *line;
  static size_t size;
  if (getline(&line, &size, file) < 0) return NULL;
  line[strcspn(line, "\r\n")] = 0;
  return line;
}

void read_script(const char *file) {
  FILE *script = opened(file);
  for (char *line; (line = line_of(script)) && options.step_count < 64;) {
    struct step *step = &options.steps[options.step_count];
    if (!strncmp(line, "send ", 5))
      *step = (struct step){strdup(line + 5), 1};
    else if (!strncmp(line, "expect ", 7))
      *step = (struct step){strdup(line + 7), 0};
    else
      continue;
    options.step_count++;
  }
  fclose(script);
}

void read_tokens(const char *file) {
  FILE *tokens = opened(file);
  for (char *line; (line = line_of(tokens)); options.person_count++) {
    size_t size = (size_t)(options.person_count + 1) * sizeof(struct person);
    options.people = realloc(options.people, size);
    char *rest = strdup(line);
    struct person *person = &options.people[options.person_count];
    person->token = strsep(&rest, "\t");
    person->column = rest ? strsep(&rest, "\t") : "";
    person->room_id = rest ? rest : "";
  }
  fclose(tokens);
}

size_t fill(char *to, size_t size, const char *template, int index, uint64_t stamp_us) {
  static long counter;
  size_t at = 0;
  static const struct person nobody = {"", "", ""};
  const struct person *person =
      options.person_count ? &options.people[index % options.person_count] : &nobody;
  for (const char *from = template; *from && at < size - 1;) {
    char *out = to + at;
    size_t room = size - at, name = strcspn(from, "}") + 1;
    int written;
    if (*from != '{')
      written = name = 1, *out = *from;
    else if (!strncmp(from, "{i}", name))
      written = snprintf(out, room, "%d", index);
    else if (!strncmp(from, "{room}", name))
      written = snprintf(out, room, "%d", index % options.rooms);
    else if (!strncmp(from, "{n}", name))
      written = snprintf(out, room, "%ld", ++counter);
    else if (!strncmp(from, "{token}", name))
      written = snprintf(out, room, "%s", person->token);
    else if (!strncmp(from, "{column}", name))
      written = snprintf(out, room, "%s", person->column);
    else if (!strncmp(from, "{room_id}", name))
      written = snprintf(out, room, "%s", person->room_id);
    else if (!strncmp(from, "{stamp}", name))
      written = snprintf(out, room, "~%llu:%d~", (unsigned long long)stamp_us, index);
    else
      written = name = 1, *out = *from;
    at += (size_t)written;
    from += name;
  }
  at = at < size ? at : size - 1;
  to[at] = 0;
  return at;
}

/* Count every stamp, because one frame may bring several messages. */
void count_stamps(struct connection *connection, char *text, size_t length) {
  char *end = text + length;
  for (char *at = text; at < end && (at = memchr(at, '~', end - at)); at++) {
    char *rest;
    uint64_t stamp = strtoull(at + 1, &rest, 10);
    if (!stamp || rest >= end || *rest != ':') continue;
    int sender = (int)strtol(rest + 1, &rest, 10);
    if (rest >= end || *rest != '~') continue;
    at = rest;
    counts.last_delivery_us = now_us();
    record_latency(counts.last_delivery_us - stamp);
    counts.delivered++;
    if (sender == connection->index && connection->outstanding)
      connection->outstanding--;
  }
}
