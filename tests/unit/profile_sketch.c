#include "profile_sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

const uint64_t sketch_stack_1_3[] = {1, 3, 0};
const uint64_t sketch_stack_2_3[] = {2, 3, 0};

int64_t sketch_string(struct sketch *s, const char *text)
{
    Leakwatch__Pprof__Profile *p = &s->profile;
    for (size_t i = 0; i < p->n_string_table; i++) {
        if (strcmp(p->string_table[i], text) == 0)
            return (int64_t)i;
    }
    assert(p->n_string_table < sizeof s->strings / sizeof *s->strings);
    s->strings[p->n_string_table] = (char *)text;
    return (int64_t)p->n_string_table++;
}

void sketch_add_type(struct sketch *s, const char *type, const char *unit)
{
    size_t i = s->profile.n_sample_type++;
    assert(i < SKETCH_ROOM);
    leakwatch__pprof__value_type__init(&s->types[i]);
    s->types[i].type = sketch_string(s, type);
    s->types[i].unit = sketch_string(s, unit);
    s->type_list[i] = &s->types[i];
}

static void add_mapping(struct sketch *s)
{
    Leakwatch__Pprof__Mapping *m = &s->mappings[0];
    leakwatch__pprof__mapping__init(m);
    m->id = 1;
    m->memory_start = 0x400000;
    m->memory_limit = 0x800000;
    m->filename = sketch_string(s, "/bin/app");
    m->build_id = sketch_string(s, "abcd");
    s->mapping_list[0] = m;
    s->profile.n_mapping = 1;
}

void sketch_init(struct sketch *s)
{
    memset(s, 0, sizeof *s);
    Leakwatch__Pprof__Profile *p = &s->profile;
    leakwatch__pprof__profile__init(p);
    p->sample_type = s->type_list;
    p->sample = s->sample_list;
    p->mapping = s->mapping_list;
    p->location = s->location_list;
    p->function = s->function_list;
    p->string_table = s->strings;
    sketch_string(s, "");
    sketch_add_type(s, "alloc_objects", "count");
    sketch_add_type(s, "alloc_space", "bytes");
    sketch_add_type(s, "inuse_objects", "count");
    sketch_add_type(s, "inuse_space", "bytes");
    leakwatch__pprof__value_type__init(&s->period_type);
    s->period_type.type = sketch_string(s, "space");
    s->period_type.unit = sketch_string(s, "bytes");
    p->period_type = &s->period_type;
    p->period = 524288;
    p->time_nanos = 1700000000000000000;
    add_mapping(s);
}

uint64_t sketch_add_function(
    struct sketch *s, const char *name, const char *file, int64_t start_line)
{
    size_t i = s->profile.n_function++;
    assert(i < SKETCH_ROOM);
    Leakwatch__Pprof__Function *f = &s->functions[i];
    leakwatch__pprof__function__init(f);
    f->id = i + 1;
    f->name = f->system_name = sketch_string(s, name);
    f->filename = sketch_string(s, file);
    f->start_line = start_line;
    s->function_list[i] = f;
    return f->id;
}

static void add_line(struct sketch *s, size_t location, uint64_t function, int64_t line)
{
    Leakwatch__Pprof__Location *l = &s->locations[location];
    assert(l->n_line < 2);
    Leakwatch__Pprof__Line *to = &s->lines[2 * location + l->n_line];
    leakwatch__pprof__line__init(to);
    to->function_id = function;
    to->line = line;
    s->line_lists[location][l->n_line++] = to;
}

uint64_t sketch_add_location(struct sketch *s, uint64_t address, uint64_t function, int64_t line)
{
    size_t i = s->profile.n_location++;
    assert(i < SKETCH_ROOM);
    Leakwatch__Pprof__Location *l = &s->locations[i];
    leakwatch__pprof__location__init(l);
    l->id = i + 1;
    l->mapping_id = 1;
    l->address = address;
    l->line = s->line_lists[i];
    s->location_list[i] = l;
    add_line(s, i, function, line);
    return l->id;
}

void sketch_add_caller(struct sketch *s, uint64_t function, int64_t line)
{
    add_line(s, s->profile.n_location - 1, function, line);
}

Leakwatch__Pprof__Sample *sketch_add_sample(
    struct sketch *s, const uint64_t *stack, struct profile_values values, int64_t object_bytes)
{
    size_t i = s->profile.n_sample++;
    assert(i < SKETCH_ROOM);
    Leakwatch__Pprof__Sample *sample = s->sample_list[i] = &s->samples[i];
    leakwatch__pprof__sample__init(sample);
    sample->location_id = s->stacks[i];
    while (stack[sample->n_location_id]) {
        assert(sample->n_location_id < SKETCH_DEPTH_MAX);
        s->stacks[i][sample->n_location_id] = stack[sample->n_location_id];
        sample->n_location_id++;
    }
    sample->value = s->values[i];
    sample->n_value = 4;
    s->values[i][0] = values.alloc_objects;
    s->values[i][1] = values.alloc_bytes;
    s->values[i][2] = values.inuse_objects;
    s->values[i][3] = values.inuse_bytes;
    if (object_bytes) {
        s->label_list[i] = &s->labels[i];
        leakwatch__pprof__label__init(&s->labels[i]);
        s->labels[i].key = sketch_string(s, "bytes");
        s->labels[i].num = object_bytes;
        sample->label = &s->label_list[i];
        sample->n_label = 1;
    }
    return sample;
}

unsigned char *sketch_pack(const struct sketch *s, size_t *len)
{
    *len = leakwatch__pprof__profile__get_packed_size(&s->profile);
    unsigned char *bytes = lw_new(*len, 1);
    leakwatch__pprof__profile__pack(&s->profile, bytes);
    return bytes;
}

struct profile *sketch_decode(const struct sketch *s, struct lw_err *err)
{
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    size_t len;
    unsigned char *bytes = sketch_pack(s, &len);
    struct profile *profile = profile_decode(bytes, len, &limits, err);
    free(bytes);
    return profile;
}

char *sketch_read_file(const char *name, size_t *len)
{
    char path[4096];
    struct lw_err err = {0};
    char *data;
    snprintf(path, sizeof path, "%s/tests/data/profiles/%s", getenv("LW_SRCDIR"), name);
    if (lw_file_read(path, SKETCH_PLENTY, &data, len, &err))
        fail_msg("%s", err.msg);
    return data;
}

struct profile_values sketch_inuse(int64_t objects, int64_t bytes)
{
    return (struct profile_values){objects, bytes, objects, bytes};
}

void sketch_program(struct sketch *s)
{
    sketch_init(s);
    uint64_t leak = sketch_add_function(s, "main.leak", "/src/app/leak.go", 10);
    uint64_t main_main = sketch_add_function(s, "main.main", "/src/app/main.go", 5);
    sketch_add_location(s, 0x401000, leak, 12);
    sketch_add_location(s, 0x401010, leak, 12);
    sketch_add_location(s, 0x402000, main_main, 7);
}

void sketch_one_site(struct sketch *s)
{
    sketch_program(s);
    sketch_add_sample(s, sketch_stack_1_3, sketch_inuse(10, 640), 64);
}
