/* The process behind an address of this host. Blocks (names, /proc). Private to binaries/. */
#ifndef LW_BINARIES_PROCESS_H
#define LW_BINARIES_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define BINARIES_ADDRESSES_MAX 16 /* of one name */
#define BINARIES_PIDS_MAX      8  /* that listen at one port: a socket can be inherited */

/* A target's address, looked up. IPv4 addresses are kept as IPv6 ones, ::ffff:a.b.c.d. */
struct binaries_endpoint {
    uint8_t addresses[BINARIES_ADDRESSES_MAX][16];
    size_t count;
    uint16_t port;
    bool is_local; /* one of them is a loopback address or belongs to an interface of this host */
};

/* Looks "host:port" or "[v6]:port" up. Errors: LW_INVALID, LW_RESOLVE, LW_IO. */
int binaries_endpoint_find(
    const char *address, struct binaries_endpoint *endpoint, struct lw_err *err) LW_MUST_CHECK;

struct binaries_pids {
    pid_t list[BINARIES_PIDS_MAX];
    size_t count;
    bool listening;   /* something listens there */
    size_t forbidden; /* processes that we may not look into */
};

/* The processes of our network namespace that hold a socket that listens at the endpoint. */
void binaries_pids_find(const struct binaries_endpoint *endpoint, struct binaries_pids *pids);

#endif
