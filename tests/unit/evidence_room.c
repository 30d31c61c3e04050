#include "evidence_room.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

void room_open(struct room *room)
{
    struct lw_err err;
    room->catalogue = evidence_catalogue_new();
    room->evidence = evidence_open(room->path, room->catalogue, &room->damaged, &err);
    if (!room->evidence)
        fail_msg("%s", err.msg);
}

void room_close(struct room *room)
{
    evidence_close(&room->evidence);
    evidence_catalogue_free(&room->catalogue);
}

void room_init(struct room *room)
{
    /* Memory where there is some: a kill is survived by what was written, synced or not. */
    *room = (struct room){.path = "/dev/shm/leakwatchd-evidence-XXXXXX"};
    if (!mkdtemp(room->path)) {
        strcpy(room->path, "/tmp/leakwatchd-evidence-XXXXXX");
        assert_non_null(mkdtemp(room->path));
    }
    room_open(room);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

void room_fini(struct room *room)
{
    room_close(room);
    assert_int_equal(nftw(room->path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

struct evidence_incident *room_incident(int second)
{
    struct evidence_incident *incident = LW_NEW(struct evidence_incident);
    incident->opened = (struct lw_wall){ROOM_START + second * LW_NS_PER_S};
    incident->finished = (struct lw_wall){incident->opened.ns + LW_NS_PER_S};
    incident->id = evidence_incident_id(ROOM_TARGET, incident->opened);
    incident->target_id = ROOM_TARGET;
    incident->state = EVIDENCE_READY;
    incident->trigger = EVIDENCE_BY_VERDICT;
    incident->job = lw_strdup("checkout");
    incident->instance = lw_strdup("10.0.0.1:6060");
    incident->title = lw_strdup("*main.Session grows by 1.2 MiB/h");
    incident->type = lw_strdup("*main.Session");
    incident->subject = 7;
    incident->rate = 349.5;
    incident->rate_lo = 300;
    incident->rate_hi = NAN;
    return incident;
}

int room_write(const struct evidence *evidence, struct evidence_incident *incident, size_t bytes,
    struct lw_err *err)
{
    struct evidence_draft *draft = evidence_draft_new(evidence, incident->id, err);
    if (!draft)
        return -1;
    char *text = lw_new(bytes + 1, 1);
    memset(text, 'x', bytes);
    struct evidence_file heap = {.name = "heap.pb.gz", .taken = incident->opened};
    struct evidence_file trace = {.name = "trace.out", .taken = incident->opened};
    struct evidence_file report = {.name = "report.md", .taken = incident->finished};
    struct evidence_file cpu = {
        .name = "cpu.pb.gz", .state = EVIDENCE_FILE_REFUSED, .why = (char *)"target is slow"};
    int rc = evidence_draft_add(draft, &heap, text, bytes, err);
    if (rc == 0)
        rc = evidence_draft_add(draft, &trace, text, bytes, err);
    if (rc == 0)
        rc = evidence_draft_add(draft, &report, "# draft", 7, err);
    if (rc == 0)
        rc = evidence_draft_add(draft, &cpu, NULL, 0, err);
    free(text);
    if (rc == 0)
        rc = evidence_draft_seal(draft, incident, err);
    if (rc == 0)
        rc = evidence_draft_rewrite(draft, "report.md", "# first", 7, err);
    if (rc == 0)
        return evidence_draft_finish(&draft, incident, err);
    evidence_draft_free(&draft);
    evidence_incident_forget_files(incident);
    return -1;
}

uint64_t room_put(struct room *room, int second, size_t bytes)
{
    struct lw_err err;
    struct evidence_incident *incident = room_incident(second);
    uint64_t id = incident->id;
    if (room_write(room->evidence, incident, bytes, &err) < 0)
        fail_msg("%s", err.msg);
    evidence_catalogue_put(room->catalogue, &incident);
    return id;
}

static const char *counted_part;
static int counted;

static int count_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind;
    counted += where->level > 0 && strstr(path + where->base, counted_part) != NULL;
    return 0;
}

int room_count(const struct room *room, const char *under, const char *part)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", room->path, under);
    counted = 0;
    counted_part = part;
    assert_int_equal(nftw(path, count_one, 16, FTW_PHYS), 0);
    return counted;
}

void room_assert_file(struct room *room, uint64_t id, const char *name, const char *text)
{
    struct lw_err err;
    char *bytes;
    size_t len;
    struct evidence_wanted wanted = {id, name, strlen(text)};
    if (evidence_file_read(room->evidence, &wanted, &bytes, &len, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(len, strlen(text));
    assert_string_equal(bytes, text);
    free(bytes);
}

void room_assert_whole(struct room *room)
{
    struct lw_err err;
    assert_int_equal(room->damaged, 0);
    for (size_t i = 0; i < evidence_catalogue_count(room->catalogue); i++) {
        if (evidence_verify(room->evidence, evidence_catalogue_at(room->catalogue, i)->id, &err) <
            0)
            fail_msg("%s", err.msg);
    }
    assert_int_equal(room_count(room, "incidents", ".new-"), 0);
    assert_int_equal(room_count(room, "incidents", ".gone-"), 0);
    assert_int_equal(room_count(room, "incidents", ".tmp"), 0);
}
