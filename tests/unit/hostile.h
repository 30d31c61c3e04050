/* An HTTP server on the loopback that misbehaves on request: the path says how (hostile.c lists
 * them). A thread for each connection; for tests only. */
#ifndef LW_TESTS_HOSTILE_H
#define LW_TESTS_HOSTILE_H

struct hostile;

/* Listens on a free port of 127.0.0.1. Aborts when that fails. */
struct hostile *hostile_new(void);

/* Ends all connections, joins all threads. Clears *server; NULL is a no-op. */
void hostile_free(struct hostile **server);

int hostile_port(const struct hostile *server);

/* Connections accepted so far. */
int hostile_connections(struct hostile *server);

/* A port of 127.0.0.1 where nobody listens. */
int hostile_refused_port(void);

#endif
