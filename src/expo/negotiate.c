#include "expo/expo.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A stretch of a header. */
struct span {
    const char *at;
    size_t len;
};

/* Cuts the next piece off *rest, up to `separator`, without the blanks around it. */
static struct span next_piece(struct span *rest, char separator)
{
    const char *end = memchr(rest->at, separator, rest->len);
    struct span piece = {rest->at, end ? (size_t)(end - rest->at) : rest->len};
    size_t taken = piece.len + (end ? 1 : 0);
    rest->at += taken;
    rest->len -= taken;
    while (piece.len && strchr(" \t", piece.at[0]))
        piece = (struct span){piece.at + 1, piece.len - 1};
    while (piece.len && strchr(" \t", piece.at[piece.len - 1]))
        piece.len--;
    return piece;
}

static bool is(struct span s, const char *word)
{
    return s.len == strlen(word) && strncasecmp(s.at, word, s.len) == 0;
}

static double q_value(struct span digits)
{
    char text[16] = ""; /* what is longer than any honest q is cut */
    memcpy(text, digits.at, digits.len < sizeof text ? digits.len : sizeof text - 1);
    double q = strtod(text, NULL);
    return q >= 0 && q <= 1 ? q : 0;
}

/* One media range of an Accept header, "type/subtype;version=…;q=…" (RFC 9110 §12.5.1). */
struct media_range {
    struct span type;
    struct span version; /* empty: any */
    double q;
};

static struct media_range media_range_parse(struct span text)
{
    struct media_range range = {.q = 1};
    range.type = next_piece(&text, ';');
    while (text.len) {
        struct span value = next_piece(&text, ';');
        struct span key = next_piece(&value, '=');
        if (is(key, "q"))
            range.q = q_value(value);
        else if (is(key, "version"))
            range.version = value;
    }
    return range;
}

/* OpenMetrics goes only to those who name it, so a tie with text is decided for it; wildcards speak
 * for text. */
enum expo_format expo_negotiate(const char *accept)
{
    struct span rest = {accept, strlen(accept)};
    double text_q = 0, openmetrics_q = 0;
    while (rest.len) {
        struct media_range range = media_range_parse(next_piece(&rest, ','));
        double *best = &text_q;
        if (is(range.type, "application/openmetrics-text")) {
            if (range.version.len && !is(range.version, "1.0.0"))
                continue;
            best = &openmetrics_q;
        } else if (!is(range.type, "text/plain") && !is(range.type, "text/*") &&
                   !is(range.type, "*/*")) {
            continue;
        }
        if (range.q > *best)
            *best = range.q;
    }
    return openmetrics_q > 0 && openmetrics_q >= text_q ? EXPO_OPENMETRICS : EXPO_TEXT;
}

const char *expo_content_type(enum expo_format format)
{
    return format == EXPO_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                      : "text/plain; version=0.0.4; charset=utf-8";
}
