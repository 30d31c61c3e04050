/* Whatever a profile_reader takes the fast way, profile_decode() takes too, and the profiles are
 * the same to the last bit; what it does not take ends as there. By zlib, and by ISA-L where there
 * is it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profile/reader.h"
#include "tests/unit/profile_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
    if (!truth)
        abort();
}

/* Readers live from one input to the next, as in the daemon, so that nothing of one may be seen in
 * another. */
static struct profile_reader *reader_of(bool with_isal)
{
    static struct profile_reader *readers[2];
    struct profile_reader **reader = &readers[with_isal];
    if (!*reader)
        *reader = profile_reader_new(with_isal);
    require(*reader != NULL);
    return *reader;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* So much memory that it ends neither way: they do not use the same. */
    static const struct profile_limits limits = {
        .inflated_bytes = 256 << 10, .decode_bytes = 256 << 20, .sites = 1000};
    struct lw_err err = {0}, read_err = {0};
    struct profile *profile = profile_decode(data, size, &limits, &err);
    for (int with_isal = 0; with_isal < 2; with_isal++) {
        const struct profile *read =
            profile_reader_decode(reader_of(with_isal), data, size, &limits, &read_err);
        require((read != NULL) == (profile != NULL));
        if (read)
            require(profile_difference(read, profile) == NULL);
        else
            require(read_err.code == err.code && strcmp(read_err.msg, err.msg) == 0);
    }
    profile_free(&profile);
    return 0;
}
