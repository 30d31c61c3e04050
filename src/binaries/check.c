#include "binaries/check.h"

#include <string.h>
#include <strings.h>

bool binaries_address_find(const struct gotypes *index, const struct binaries_request *request,
    uint64_t address, uint64_t *pc)
{
    uint64_t start = request->mapping.start, limit = request->mapping.limit;
    if (limit == 0) { /* the target could not read its own mappings, and says 0 for all */
        *pc = address;
        return true;
    }
    if (address < start || address >= limit)
        return false;
    *pc = gotypes_address(index, address, start, request->mapping.offset);
    return true;
}

/* "main.F[go.shape.int]" is what runtime.Frame.Function shortens to "main.F[...]". */
static bool is_same_function(const char *profile, const char *binary)
{
    if (strcmp(profile, binary) == 0)
        return true;
    static const char elided[] = "[...]";
    const char *dots = strstr(profile, elided);
    if (!dots)
        return false;
    size_t before = (size_t)(dots - profile);
    const char *after = dots + strlen(elided);
    size_t after_len = strlen(after), len = strlen(binary);
    return strncmp(profile, binary, before) == 0 && binary[before] == '[' &&
           len > before + after_len && strcmp(binary + len - after_len, after) == 0;
}

/* Whether the build ids differ. One that the profile does not have says nothing, it may just not
 * have been readable. */
static bool has_other_id(const struct gotypes *index, const struct binaries_request *request)
{
    const char *profile = request->mapping.build_id;
    return profile[0] && strcasecmp(profile, gotypes_build(index)->gnu_build_id) != 0;
}

static int refuse_id(const struct gotypes *index, const struct binaries_request *request,
    const char *path, struct lw_err *err)
{
    const char *own = gotypes_build(index)->gnu_build_id;
    return lw_err_set(err, LW_INVALID,
        "the binary %s is not the one that runs: the profile's build id is %.128s, its own is %s",
        path, request->mapping.build_id, own[0] ? own : "none");
}

static bool says_function(const struct binaries_site *site)
{
    const char *name = site->leaf_function;
    return site->depth > 0 && name[0] && strncmp(name, "0x", 2) != 0;
}

/* The message of the two names, which are cut so that both are seen. */
static int refuse_site(const struct binaries_site *site, const struct gotypes_line *line,
    const char *path, struct lw_err *err)
{
    unsigned long long address = site->addresses[0];
    if (line && is_same_function(site->leaf_function, line->function))
        return lw_err_set(err, LW_INVALID,
            "the binary %s is not the one that runs: profile says line %lld of %.100s at 0x%llx, "
            "it has line %lld there",
            path, (long long)site->leaf_line, line->function, address, (long long)line->line);
    return lw_err_set(err, LW_INVALID,
        "the binary %s is not the one that runs: profile says %.100s at 0x%llx, it has %.100s",
        path, site->leaf_function, address, line ? line->function : "no function there");
}

static int check_site(const struct gotypes *index, const struct binaries_site *site, uint64_t pc,
    const char *path, struct lw_err *err)
{
    struct gotypes_line line;
    if (gotypes_lines(index, pc, &line, 1) == 0)
        return refuse_site(site, NULL, path, err);
    bool lines_agree = !site->leaf_line || !line.line || site->leaf_line == line.line;
    if (!is_same_function(site->leaf_function, line.function) || !lines_agree)
        return refuse_site(site, &line, path, err);
    return 0;
}

int binaries_check(const struct gotypes *index, const struct binaries_request *request,
    const char *path, bool is_its_own, struct lw_err *err)
{
    bool other_id = has_other_id(index, request);
    if (other_id && !is_its_own)
        return refuse_id(index, request, path, err);
    size_t checked = 0;
    for (size_t i = 0; i < request->site_count && checked < BINARIES_SITES_CHECKED; i++) {
        const struct binaries_site *site = &request->sites[i];
        uint64_t pc;
        if (!says_function(site) || !binaries_address_find(index, request, site->addresses[0], &pc))
            continue;
        if (check_site(index, site, pc, path, err) < 0)
            return -1;
        checked++;
    }
    if (!checked && other_id)
        return refuse_id(index, request, path, err);
    if (!checked && !request->mapping.build_id[0])
        return lw_err_set(err, LW_INVALID,
            "nothing tells whether the binary %s is the one that runs: the profile has neither a "
            "build id nor function names",
            path);
    return 0;
}
