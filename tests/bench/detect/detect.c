/* The open benchmark of the trend engine: what it finds, what it misses, how long it takes. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mix.h"
#include "simulate.h"

int main(int argc, char **argv)
{
    struct mix mix;
    mix_init(&mix, !getenv("NB"));
    struct lw_err err;
    mix.verbose = getenv("V") != NULL;
    if (argc > 2 && strcmp(argv[1], "score") == 0) {
        if (mix_read(&mix, argv[2], &err) < 0)
            fprintf(stderr, "%s\n", err.msg);
    } else {
        mix_simulate(&mix, strtoul(argv[1], NULL, 10), atoi(argv[2]),
            argc > 3 ? FAMILY_RANGES_SHIFTED : FAMILY_RANGES_SAME);
    }
    mix_print_detectors(&mix);
    puts("");
    mix_print_families(&mix);
    puts("");
    mix_print_rates(&mix);
    mix_fini(&mix);
}
