#include "cli/series_file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"

#define READ_BYTES 65536

struct series_file {
    char *path; /* owned, as are the others */
    gzFile gz;
    char *line;
    size_t cap;
    size_t number; /* of the line read last, from 1 */
};

struct series_file *series_file_open(const char *path, struct lw_err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    gzFile gz = is_stdin ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rbe");
    if (!gz) {
        lw_err_sys(err, LW_IO, errno ? errno : ENOMEM, "%s", path);
        return NULL;
    }
    struct series_file *file = LW_NEW(struct series_file);
    *file = (struct series_file){.path = lw_strdup(is_stdin ? "stdin" : path), .gz = gz};
    return file;
}

void series_file_close(struct series_file **file)
{
    if (!*file)
        return;
    gzclose_r((*file)->gz);
    free((*file)->line);
    free((*file)->path);
    free(*file);
    *file = NULL;
}

/* ---- lines ---- */

static int stream_error(const struct series_file *file, struct lw_err *err)
{
    int code;
    const char *text = gzerror(file->gz, &code);
    if (code == Z_ERRNO)
        return lw_err_sys(err, LW_IO, errno, "%s", file->path);
    return lw_err_set(
        err, LW_CORRUPT, "%s:%zu: the gzip data is damaged: %s", file->path, file->number, text);
}

/* Leaves the rest of a line that is too long unread. */
static int skip_line(struct series_file *file, struct lw_err *err)
{
    int c;
    do {
        c = gzgetc(file->gz);
    } while (c != -1 && c != '\n');
    if (c == -1 && !gzeof(file->gz))
        return stream_error(file, err);
    return lw_err_set(err, LW_TOO_LARGE, "%s:%zu: a line of more than %zu bytes is not taken",
        file->path, file->number, SERIES_LINE_BYTES_MAX);
}

/* Reads a line into file->line, without its end. Returns as series_file_next does. */
static int read_line(struct series_file *file, size_t *len, struct lw_err *err)
{
    *len = 0;
    file->number++;
    for (;;) {
        if (file->cap - *len < READ_BYTES) {
            file->cap = *len + 2 * READ_BYTES + *len / 2;
            file->line = lw_renew(file->line, file->cap, 1);
        }
        /* gzgets does not tell where it stopped: a NUL in the line shows as a length too short */
        if (!gzgets(file->gz, file->line + *len, READ_BYTES)) {
            int code;
            gzerror(file->gz, &code);
            if (code != Z_OK && code != Z_STREAM_END)
                return stream_error(file, err);
            return *len > 0;
        }
        size_t got = strlen(file->line + *len);
        *len += got;
        if (got > 0 && file->line[*len - 1] == '\n') {
            file->line[--*len] = '\0';
            return 1;
        }
        if (got < READ_BYTES - 1 && !gzeof(file->gz))
            return lw_err_set(
                err, LW_CORRUPT, "%s:%zu: a zero byte in a line", file->path, file->number);
        if (*len > SERIES_LINE_BYTES_MAX)
            return skip_line(file, err);
    }
}

/* ---- JSON ---- */

/* A number in [lo, hi]; `missing`, when that is not NaN, where there is none. */
static int get_number(const cJSON *object, const char *name, double missing, double lo, double hi,
    double *value, struct lw_err *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!item && !isnan(missing)) {
        *value = missing;
        return 0;
    }
    if (!cJSON_IsNumber(item))
        return lw_err_set(err, LW_INVALID, "\"%s\" is %s", name, item ? "not a number" : "missing");
    if (!(item->valuedouble >= lo && item->valuedouble <= hi))
        return lw_err_set(err, LW_INVALID, "\"%s\" is %g; it must lie in %g to %g", name,
            item->valuedouble, lo, hi);
    *value = item->valuedouble;
    return 0;
}

static int get_text(
    const cJSON *object, const char *name, char text[SERIES_NAME_BYTES], struct lw_err *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!item)
        return 0;
    if (!cJSON_IsString(item))
        return lw_err_set(err, LW_INVALID, "\"%s\" is not a string", name);
    if (strlen(item->valuestring) >= SERIES_NAME_BYTES)
        return lw_err_set(err, LW_INVALID, "\"%s\" is %zu bytes long, more than %d", name,
            strlen(item->valuestring), SERIES_NAME_BYTES - 1);
    strcpy(text, item->valuestring);
    return 0;
}

#define BYTES_MAX 1e19 /* more than an int64 of a profile can say */
#define TIME_MAX  1e12

double series_noise_bytes(double mean_object_bytes, double period_bytes)
{
    if (period_bytes <= 1)
        return 0;
    double size = fmax(mean_object_bytes, 1);
    double chance = -expm1(-size / period_bytes);
    return size * (1 - chance) / chance;
}

/* Damaged profiles say sizes that cannot be, negative ones for instance: the engine passes over
 * such points, as it does in the daemon. Where the size of objects cannot be told it is as before,
 * and at first the smallest, whose estimates are the noisiest. */
static int get_point(
    const cJSON *item, double *object_bytes, struct trend_point *point, struct lw_err *err)
{
    double objects;
    if (!cJSON_IsObject(item))
        return lw_err_set(err, LW_INVALID, "not an object");
    if (get_number(item, "t", NAN, -TIME_MAX, TIME_MAX, &point->t_s, err) < 0 ||
        get_number(item, "inuse_space", NAN, -BYTES_MAX, BYTES_MAX, &point->inuse_bytes, err) < 0 ||
        get_number(item, "alloc_space", NAN, -BYTES_MAX, BYTES_MAX, &point->alloc_bytes, err) < 0 ||
        get_number(item, "inuse_objects", 0, -BYTES_MAX, BYTES_MAX, &objects, err) < 0)
        return -1;
    if (objects > 0 && point->inuse_bytes > 0)
        *object_bytes = point->inuse_bytes / objects;
    return 0;
}

static int get_points(
    const cJSON *root, double period_bytes, struct series *series, struct lw_err *err)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(root, "points");
    if (!cJSON_IsArray(array))
        return lw_err_set(err, LW_INVALID, "\"points\" is %s", array ? "not an array" : "missing");
    size_t count = (size_t)cJSON_GetArraySize(array);
    if (count > SERIES_POINTS_MAX)
        return lw_err_set(err, LW_TOO_LARGE, "%zu points, more than %zu", count, SERIES_POINTS_MAX);
    series->points = lw_new(count + 1, sizeof *series->points);
    double object_bytes = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        struct trend_point *point = &series->points[series->count];
        if (get_point(item, &object_bytes, point, err) < 0)
            return lw_err_prefix(err, "point %zu", series->count + 1);
        point->noise_bytes = series_noise_bytes(object_bytes, period_bytes);
        series->count++;
    }
    return 0;
}

static int get_label(const cJSON *root, struct series *series, struct lw_err *err)
{
    char label[SERIES_NAME_BYTES] = "";
    if (get_text(root, "label", label, err) < 0)
        return -1;
    if (strcmp(label, "leak") == 0)
        series->label = SERIES_LEAK;
    else if (strcmp(label, "healthy") == 0)
        series->label = SERIES_HEALTHY;
    else if (*label)
        return lw_err_set(err, LW_INVALID, "\"label\" is \"%s\", neither leak nor healthy", label);
    return 0;
}

static int get_series(const cJSON *root, struct series *series, struct lw_err *err)
{
    double period_bytes;
    if (!cJSON_IsObject(root))
        return lw_err_set(err, LW_INVALID, "not a JSON object");
    if (get_text(root, "id", series->id, err) < 0 ||
        get_text(root, "family", series->family, err) < 0 || get_label(root, series, err) < 0 ||
        get_number(
            root, "interval_s", SERIES_INTERVAL_S, 1e-3, TIME_MAX, &series->interval_s, err) < 0 ||
        get_number(root, "period", SERIES_PERIOD_BYTES, 0, BYTES_MAX, &period_bytes, err) < 0 ||
        get_number(root, "leak_rate_bytes_per_s", 0, 0, BYTES_MAX, &series->leak_rate, err) < 0 ||
        get_number(root, "leak_start_s", 0, -TIME_MAX, TIME_MAX, &series->leak_start_s, err) < 0)
        return -1;
    return get_points(root, period_bytes, series, err);
}

void series_fini(struct series *series)
{
    free(series->points);
    *series = (struct series){0};
}

int series_file_next(struct series_file *file, struct series *series, struct lw_err *err)
{
    size_t len;
    int rc;
    *series = (struct series){0};
    do {
        rc = read_line(file, &len, err);
    } while (rc > 0 && len == 0);
    if (rc <= 0)
        return rc;
    if (snprintf(series->id, sizeof series->id, "%s:%zu", file->path, file->number) < 0)
        series->id[0] = '\0';
    /* The whole line must be one value: what comes behind it is an error. */
    cJSON *root = cJSON_ParseWithLengthOpts(file->line, len + 1, NULL, true);
    rc = 1;
    if (!root)
        rc = lw_err_set(err, LW_INVALID, "%s:%zu: the line is not JSON", file->path, file->number);
    else if (get_series(root, series, err) < 0)
        rc = lw_err_prefix(err, "%s:%zu", file->path, file->number);
    cJSON_Delete(root);
    if (rc < 0)
        series_fini(series);
    return rc;
}
