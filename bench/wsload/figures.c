/* Clock, latencies, and what the processes named by `-k` cost. */
#define _GNU_SOURCE
#include "wsload.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Buckets of latencies: exact below 32 us, then 32 to each doubling. */
#define BUCKETS 2048
static uint64_t buckets[BUCKETS];
static uint64_t longest_us;

uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void record_latency(uint64_t us) {
  if (us > longest_us) longest_us = us;
  uint64_t rest = us;
  int doublings = 0;
  for (; rest >= 64; rest >>= 1) doublings++;
  int at = us < 32 ? (int)us : 32 + doublings * 32 + (int)(rest - 32);
  buckets[at < BUCKETS ? at : BUCKETS - 1]++;
}

void forget_latencies(void) {
  memset(buckets, 0, sizeof buckets);
  longest_us = 0;
}

/* -1 when nothing was recorded: JSON has no NaN. */
double percentile_ms(double share) {
  uint64_t total = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++) total += buckets[i];
  if (!total) return -1;
  uint64_t wanted = (uint64_t)ceil(total * share);
  for (int i = 0; i < BUCKETS; i++) {
    if ((seen += buckets[i]) < wanted) continue;
    if (i < 32) return i / 1000.0;
    uint64_t us = (uint64_t)(32 + (i - 32) % 32) << (i - 32) / 32;
    return (us < longest_us ? us : longest_us) / 1000.0;
  }
  return longest_us / 1000.0;
}

/* Add up a field of /proc/PID/stat over all processes of `-k`; fields count from 1, as
 * in proc(5). A process that ended counts as 0. */
static double sum_of_stat(int first, int last) {
  double total = 0;
  char *pids = strdup(options.pids ? options.pids : ""), *rest = pids, *pid;
  while ((pid = strtok_r(rest, ",", &rest))) {
    char name[64], text[4096];
    snprintf(name, sizeof name, "/proc/%s/stat", pid);
    FILE *file = fopen(name, "r");
    if (!file) continue;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    char *at = strrchr(text, ')');
    for (int field = 3; at && field <= last; field++) {
      at = strchr(at + 1, ' ');
      if (at && field >= first) total += strtod(at + 1, NULL);
    }
  }
  free(pids);
  return total;
}

double cpu_seconds(void) { return sum_of_stat(14, 15) / sysconf(_SC_CLK_TCK); }

double resident_kib(void) { return sum_of_stat(24, 24) * sysconf(_SC_PAGESIZE) / 1024; }
