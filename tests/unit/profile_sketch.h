/* A profile message that a test writes by hand and then bends: a heap profile in Go's order with
 * one mapping. Fixed room, no freeing. */
#ifndef LW_TESTS_PROFILE_SKETCH_H
#define LW_TESTS_PROFILE_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"
#include "profile/profile.pb-c.h"

#define SKETCH_ROOM      16
#define SKETCH_DEPTH_MAX 2000

struct sketch {
    Leakwatch__Pprof__Profile profile;
    Leakwatch__Pprof__ValueType types[SKETCH_ROOM], *type_list[SKETCH_ROOM], period_type;
    Leakwatch__Pprof__Sample samples[SKETCH_ROOM], *sample_list[SKETCH_ROOM];
    Leakwatch__Pprof__Label labels[SKETCH_ROOM], *label_list[SKETCH_ROOM];
    Leakwatch__Pprof__Mapping mappings[SKETCH_ROOM], *mapping_list[SKETCH_ROOM];
    Leakwatch__Pprof__Location locations[SKETCH_ROOM], *location_list[SKETCH_ROOM];
    Leakwatch__Pprof__Function functions[SKETCH_ROOM], *function_list[SKETCH_ROOM];
    Leakwatch__Pprof__Line lines[2 * SKETCH_ROOM], *line_lists[SKETCH_ROOM][2];
    int64_t values[SKETCH_ROOM][SKETCH_ROOM];
    uint64_t stacks[SKETCH_ROOM][SKETCH_DEPTH_MAX];
    char *strings[4 * SKETCH_ROOM];
};

/* The four heap types, period 512 KiB, mapping 1 = "/bin/app" at 0x400000, nothing else. */
void sketch_init(struct sketch *s);

int64_t sketch_string(struct sketch *s, const char *text);
void sketch_add_type(struct sketch *s, const char *type, const char *unit);

/* Both return the id of what they added: 1, 2, 3 … A location lies in mapping 1. */
uint64_t sketch_add_function(
    struct sketch *s, const char *name, const char *file, int64_t start_line);
uint64_t sketch_add_location(struct sketch *s, uint64_t address, uint64_t function, int64_t line);

/* A second line for the location added last: the function that the first one was inlined into. */
void sketch_add_caller(struct sketch *s, uint64_t function, int64_t line);

/* A row: its stack leaf first, closed by 0; object_bytes 0 = without a label. */
Leakwatch__Pprof__Sample *sketch_add_sample(
    struct sketch *s, const uint64_t *stack, struct profile_values values, int64_t object_bytes);

/* A small program: locations 1 and 2 are calls on one line of main.leak, 3 is one of main.main, at
 * 0x401000, 0x401010 and 0x402000. */
void sketch_program(struct sketch *s);
extern const uint64_t sketch_stack_1_3[];
extern const uint64_t sketch_stack_2_3[];

/* The program with one row: 10 objects of 64 bytes from location 1. */
void sketch_one_site(struct sketch *s);

/* Values of which nothing was freed yet. */
struct profile_values sketch_inuse(int64_t objects, int64_t bytes);

/* The bytes, not gzip'd; the caller frees them. */
unsigned char *sketch_pack(const struct sketch *s, size_t *len);

/* Packs and decodes with limits that are not in the way. */
struct profile *sketch_decode(const struct sketch *s, struct lw_err *err);
#define SKETCH_PLENTY ((size_t)64 << 20)

/* A file of tests/data/profiles; the caller frees it. Fails the test where it cannot be read. */
char *sketch_read_file(const char *name, size_t *len);

#endif
