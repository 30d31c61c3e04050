/* For the tests of config/: texts that must be right, and one that has something of everything. */
#ifndef TESTS_CONFIG_ROOM_H
#define TESTS_CONFIG_ROOM_H

#include "config/config.h"

/* A configuration in which most options have a value of their own. */
extern const char config_room_full[];

/* The configuration of a text, as "/etc/t.yml"; one that is refused fails the test. */
struct config *config_room_parse(const char *text);

/* It printed; the caller frees it. */
char *config_room_print(const struct config *config);

#endif
