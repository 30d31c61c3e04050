/* A storage directory of its own, and incidents to put into it. */
#ifndef LW_TESTS_EVIDENCE_ROOM_H
#define LW_TESTS_EVIDENCE_ROOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "evidence/evidence.h"

#define ROOM_TARGET UINT64_C(0x7a7a)
#define ROOM_START  (INT64_C(1795000000) * LW_NS_PER_S) /* in November 2026 */

struct room {
    char path[64];
    struct evidence *evidence;
    struct evidence_catalogue *catalogue;
    size_t damaged; /* what the last open said */
};

/* A new storage directory, opened. */
void room_init(struct room *room);
/* Closes and removes everything. */
void room_fini(struct room *room);
/* As a daemon that ends and starts again. */
void room_close(struct room *room);
void room_open(struct room *room);

/* An incident of ROOM_TARGET as capture would make it, opened `second` seconds after ROOM_START. */
struct evidence_incident *room_incident(int second);

/* Writes it with heap.pb.gz, trace.out (both `bytes` long) and report.md, and a refused cpu.pb.gz.
 * -1 when a step failed. */
int room_write(const struct evidence *evidence, struct evidence_incident *incident, size_t bytes,
    struct lw_err *err);

/* room_write, which must go well, and into the catalogue. Returns its id. */
uint64_t room_put(struct room *room, int second, size_t bytes);

/* How many files and directories there are below `under` of the storage directory whose name holds
 * `part`. */
int room_count(const struct room *room, const char *under, const char *part);

/* A file of an incident must hold this text. */
void room_assert_file(struct room *room, uint64_t id, const char *name, const char *text);

/* Every incident in the catalogue must verify, and there must be no debris. */
void room_assert_whole(struct room *room);

#endif
