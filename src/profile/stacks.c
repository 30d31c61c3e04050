#include "profile/stacks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "profile/profile.h"

/* Comparisons of addresses in all: a second at most for a text that was made to take long. */
#define STEPS_MAX ((size_t)1 << 28)

/* ---- lines ---- */

/* One line without its end, in a text that is not NUL-terminated. */
struct line {
    const char *at;
    const char *end;
};

/* Takes the next line off the text; false at its end. */
static bool next_line(struct line *text, struct line *line)
{
    if (text->at == text->end)
        return false;
    const char *newline = memchr(text->at, '\n', (size_t)(text->end - text->at));
    line->at = text->at;
    line->end = newline ? newline : text->end;
    text->at = newline ? newline + 1 : text->end;
    return true;
}

static bool take(struct line *line, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(line->end - line->at) < len || memcmp(line->at, word, len) != 0)
        return false;
    line->at += len;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0x4219e4": Go prints addresses in lower case. */
static bool take_address(struct line *line, uint64_t *address)
{
    if (!take(line, "0x"))
        return false;
    const char *first = line->at;
    *address = 0;
    for (; line->at < line->end && hex_digit(*line->at) >= 0; line->at++)
        *address = *address << 4 | (uint64_t)hex_digit(*line->at);
    return line->at > first && line->at - first <= 16;
}

/* ---- stacks ---- */

/* "7: 7168 [7: 7168] @ 0x4856ec 0x66f7b7": of a row only the stack is wanted. */
static bool read_row(struct line row, uint64_t *returns, size_t *depth)
{
    static const char mark[] = "] @";
    const char *at = memmem(row.at, (size_t)(row.end - row.at), mark, sizeof mark - 1);
    if (!at || *row.at < '0' || *row.at > '9')
        return false;
    row.at = at + sizeof mark - 1;
    *depth = 0;
    while (row.at < row.end) {
        uint64_t address;
        if (!take(&row, " ") || !take_address(&row, &address))
            return false;
        if (*depth < PROFILE_FRAMES_MAX)
            returns[(*depth)++] = address;
    }
    return true;
}

int profile_stacks_each(const char *text, size_t len,
    void (*visit)(void *ctx, const uint64_t *returns, size_t depth), void *ctx, struct lw_err *err)
{
    struct line rest = {text, text + len}, line;
    uint64_t returns[PROFILE_FRAMES_MAX];
    size_t rows = 0, depth;
    if (!next_line(&rest, &line) || !take(&line, "heap profile: "))
        return lw_err_set(err, LW_NOT_HEAP,
            "the text does not begin with \"heap profile: \"; is the path /debug/pprof/heap?");
    for (size_t number = 2; next_line(&rest, &line); number++) {
        if (line.at == line.end || *line.at == '#') /* symbols, and MemStats at the end */
            continue;
        if (!read_row(line, returns, &depth))
            return lw_err_set(err, LW_NOT_PROFILE, "line %zu is no row of a heap profile", number);
        if (++rows > PROFILE_STACKS_MAX)
            return lw_err_set(err, LW_INFLATED_TOO_LARGE,
                "the text has more than %d stacks, which is not taken", PROFILE_STACKS_MAX);
        visit(ctx, returns, depth);
    }
    return 0;
}

/* ---- calls ---- */

struct search {
    struct profile_call **by_leaf; /* owned; sorted by addresses[0] */
    size_t count;
    size_t steps_left;
};

static int compare_leaf(const void *a, const void *b)
{
    const struct profile_call *x = *(struct profile_call *const *)a;
    const struct profile_call *y = *(struct profile_call *const *)b;
    return (x->addresses[0] > y->addresses[0]) - (x->addresses[0] < y->addresses[0]);
}

/* The first call with that leaf; count where there is none. */
static size_t find_leaf(const struct search *search, uint64_t address)
{
    size_t low = 0, high = search->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (search->by_leaf[middle]->addresses[0] < address)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < search->count && search->by_leaf[low]->addresses[0] == address;
    return found ? low : search->count;
}

/* Whether the call's addresses are in the row in their order. */
static bool fits(const struct profile_call *call, const uint64_t *returns, size_t depth)
{
    size_t matched = 0;
    for (size_t i = 0; i < depth && matched < call->depth; i++)
        matched += returns[i] == call->addresses[matched] + 1;
    return matched == call->depth;
}

static void match_leaf(struct search *search, size_t first, const uint64_t *returns, size_t depth)
{
    uint64_t leaf = search->by_leaf[first]->addresses[0];
    for (size_t i = first; i < search->count; i++) {
        struct profile_call *call = search->by_leaf[i];
        if (call->addresses[0] != leaf || search->steps_left < depth)
            return;
        search->steps_left -= depth;
        if (!call->callee && fits(call, returns, depth))
            call->callee = returns[-1] - 1;
    }
}

/* A stack has one call into the runtime: the first address that is a leaf of ours is it. */
static void match_row(void *ctx, const uint64_t *returns, size_t depth)
{
    struct search *search = ctx;
    for (size_t i = 1; i < depth; i++) {
        size_t first = find_leaf(search, returns[i] - 1);
        if (first < search->count) {
            match_leaf(search, first, returns + i, depth - i);
            return;
        }
    }
}

int profile_calls_find(
    const char *text, size_t len, struct profile_call *calls, size_t count, struct lw_err *err)
{
    struct search search = {.count = count, .steps_left = STEPS_MAX};
    search.by_leaf = lw_new(count, sizeof *search.by_leaf);
    for (size_t i = 0; i < count; i++) {
        calls[i].callee = 0;
        search.by_leaf[i] = &calls[i];
    }
    qsort(search.by_leaf, count, sizeof *search.by_leaf, compare_leaf);
    int rc = profile_stacks_each(text, len, match_row, &search, err);
    free(search.by_leaf);
    return rc;
}

/* ---- names ---- */

int profile_names_each(const char *text, size_t len,
    void (*visit)(void *ctx, uint64_t address, const char *name), void *ctx, struct lw_err *err)
{
    struct line rest = {text, text + len}, line;
    char name[PROFILE_SYMBOL_BYTES];
    if (!next_line(&rest, &line) || !take(&line, "num_symbols: "))
        return lw_err_set(err, LW_NOT_PROFILE,
            "the text does not begin with \"num_symbols: \"; is the path /debug/pprof/symbol?");
    for (size_t number = 2; next_line(&rest, &line); number++) {
        uint64_t address;
        if (!take_address(&line, &address) || !take(&line, " "))
            return lw_err_set(
                err, LW_NOT_PROFILE, "line %zu is no address with its symbol", number);
        size_t name_len = (size_t)(line.end - line.at);
        if (name_len >= sizeof name)
            continue;
        memcpy(name, line.at, name_len);
        name[name_len] = '\0';
        visit(ctx, address, name);
    }
    return 0;
}
