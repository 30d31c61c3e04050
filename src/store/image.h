/* How a target and a call stack look in the file: versioned little-endian images. Private to
 * store/. What is read back is checked like any foreign bytes: a file may be damaged or written by
 * someone else. */
#ifndef LW_STORE_IMAGE_H
#define LW_STORE_IMAGE_H

#include "base/cursor.h"
#include "store/store.h"

void image_encode_target(const struct store_target *target, struct lw_strbuf *out);
/* Fills what the image holds into target; nothing is changed on error (LW_CORRUPT). */
int image_decode_target(
    const void *bytes, size_t len, struct store_target *target, struct lw_err *err) LW_MUST_CHECK;

void image_encode_site(const struct store_site *site, struct lw_strbuf *out);
/* A new site without references, or NULL (LW_CORRUPT). */
struct store_site *image_decode_site(
    uint64_t id, const void *bytes, size_t len, struct lw_err *err) LW_MUST_CHECK;

/* A string, of which the first 4 KiB are kept; decoding gives a copy (the caller frees it), or NULL
 * and the cursor failed. */
void image_encode_string(const char *s, struct lw_strbuf *out);
char *image_decode_string(struct lw_cursor *in);

/* A row of a target's newest heap goes with its series. */
void image_encode_row(const struct store_row *row, struct lw_strbuf *out);
int image_decode_row(
    const void *bytes, size_t len, struct store_row *row, struct lw_err *err) LW_MUST_CHECK;

#endif
