#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t lw_hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}

uint64_t lw_hash_string(uint64_t seed, const char *s)
{
    return lw_hash_bytes(seed, s, strlen(s) + 1);
}

uint64_t lw_hash_u64(uint64_t seed, uint64_t v)
{
    unsigned char b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (unsigned char)(v >> (8 * i));
    return lw_hash_bytes(seed, b, sizeof b);
}

const char *lw_id_text(uint64_t id, char text[LW_ID_TEXT_BYTES])
{
    snprintf(text, LW_ID_TEXT_BYTES, "%016llx", (unsigned long long)id);
    return text;
}

int lw_id_parse(const char *text, uint64_t *id)
{
    uint64_t v = 0;
    for (int i = 0; i < 16; i++) {
        char c = text[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else
            return -1;
        v = v << 4 | digit;
    }
    if (text[16])
        return -1;
    *id = v;
    return 0;
}
