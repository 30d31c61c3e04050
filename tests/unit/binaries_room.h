/* A room for the tests of binaries/: real Go programs, built from tests/data/checkout when there is
 * a go command, one of them running with its own heap profile, and a binaries/ that is asked about
 * it.
 */
#ifndef TESTS_BINARIES_ROOM_H
#define TESTS_BINARIES_ROOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "binaries/binaries.h"
#include "profile/profile.h"

#define MINUTES(n) ((n)*60 * LW_NS_PER_S)
#define ID         "1111111111111111111111111111111111111111"
#define LATER      "2222222222222222222222222222222222222222"
#define NOWHERE    "192.0.2.1:6060" /* an address nobody has (RFC 5737) */

#define NEEDS_GO \
    if (!room_have_go) \
    skip()

/* A program that runs. */
struct program {
    pid_t pid;
    int input; /* closed, it ends */
    int port;
    char address[32];
    struct profile *profile;
};

struct room {
    struct loop *loop;
    struct config *config;
    struct binaries *binaries;
    struct program program;
    /* what is asked with; NULL: the profile's build id, and that nothing is believed */
    const char *build_id;
    const char *believed;
    /* what was answered last */
    int answers;
    struct lw_err err;
    bool disproved;
    enum binaries_source source;
    char path[512], id[64], main[64], go_version[32], refused[512];
    size_t types, resolved;
    enum gotypes_kind entry_kind;
    char entry_type[64], entry_module[64], block_type[64];
};

extern bool room_have_go;

/* Builds the programs into a directory of this run: app (with the build id ID), the same stripped
 * and as pie (where that can be linked), changed (LATER), plain and plainchanged (without one). For
 * cmocka's group, with its mirror. */
int room_build_programs(void **state);
int room_remove_programs(void **state);

/* A path in that directory; one of eight buffers. */
const char *room_path(const char *name);
/* Runs a shell command; its exit status. */
int room_sh(const char *fmt, ...) LW_PRINTF(1, 2);
void room_copy(char *to, size_t size, const char *text);

/* Per test: a room on a virtual loop, which asks neither /proc nor the network, or on a real one.
 */
int room_set_up(void **state);
int room_set_up_real(void **state);
int room_tear_down(void **state);

/* Starts the program and takes its profile. */
void room_start(struct program *program, const char *path);
/* Ends it. */
void room_stop(struct program *program);

/* Starts the program (unless NULL) and a binaries/ whose job has this binary (or NULL) and whose
 * section `binaries` has these options. */
void room_watch(struct room *room, const char *program, const char *binary, const char *options);

/* Hands the profile's sites over, as the engine does. build_id: instead of the profile's. */
int room_ask_about(struct room *room, const char *address, uint64_t process, const char *build_id,
    struct lw_err *err);
/* The same, and waits for the answer. */
void room_ask(struct room *room, const char *address);

void room_assert_found(const struct room *room, enum binaries_source source);
void room_assert_refused(const struct room *room, enum lw_code code, const char *why);
void room_assert_has(const char *text, const char *part);

#endif
