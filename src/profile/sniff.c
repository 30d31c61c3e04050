#include "profile/sniff.h"

#include <stdio.h>
#include <string.h>

bool profile_sniff_is_gzip(const void *bytes, size_t len)
{
    const unsigned char *b = bytes;
    return len >= 2 && b[0] == 0x1f && b[1] == 0x8b;
}

static bool starts_with(const char *s, size_t len, const char *prefix)
{
    size_t n = strlen(prefix);
    return len >= n && memcmp(s, prefix, n) == 0;
}

static bool is_printable(char c)
{
    return c >= ' ' && c <= '~';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_text(const char *s, size_t len)
{
    for (size_t i = 0; i < len && i < PROFILE_QUOTE_SHOWN; i++) {
        if (!is_printable(s[i]) && !is_space(s[i]))
            return false;
    }
    return len > 0;
}

const char *profile_sniff(const void *bytes, size_t len)
{
    const char *s = bytes;
    if (profile_sniff_is_gzip(bytes, len))
        return "gzip inside gzip inside gzip";
    if (!is_text(s, len))
        return len ? "binary data" : "nothing";
    if (starts_with(s, len, "heap profile:"))
        return "a heap profile in text form (leave debug=1 out of the path)";
    while (len > 0 && is_space(*s)) {
        s++;
        len--;
    }
    if (starts_with(s, len, "<"))
        return "an HTML page (is the path right, or does a proxy or a login answer?)";
    if (starts_with(s, len, "{") || starts_with(s, len, "["))
        return "JSON (is the path right?)";
    return "text (is the path right?)";
}

const char *profile_quote(const void *bytes, size_t len, char text[PROFILE_QUOTE_BYTES])
{
    const char *s = bytes;
    char *to = text;
    *to = '\0';
    for (size_t i = 0; i < len && i < PROFILE_QUOTE_SHOWN; i++) {
        if (is_printable(s[i]) && s[i] != '"' && s[i] != '\\')
            to += sprintf(to, "%c", s[i]);
        else
            to += sprintf(to, "\\x%02x", (unsigned)(unsigned char)s[i]);
    }
    if (len > PROFILE_QUOTE_SHOWN)
        strcpy(to, "...");
    return text;
}
