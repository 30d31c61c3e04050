/* Runs a fuzz target over its committed corpus: $LW_SRCDIR/tests/fuzz/corpus/<name of the target
 * without fuzz_>/, each file once, then once more truncated at every power of two. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_BYTES_MAX ((size_t)4 << 20)

static void run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        exit(1);
    }
    uint8_t *data = malloc(FILE_BYTES_MAX);
    if (!data)
        exit(1);
    size_t size = fread(data, 1, FILE_BYTES_MAX, f);
    fclose(f);
    data = realloc(data, size ? size : 1); /* so that ASan sees a read past the end */
    LLVMFuzzerTestOneInput(data, size);
    for (size_t cut = 1; cut < size; cut *= 2) {
        uint8_t *head = malloc(cut);
        if (!head)
            exit(1);
        memcpy(head, data, cut);
        LLVMFuzzerTestOneInput(head, cut);
        free(head);
    }
    free(data);
}

int main(int argc, char **argv)
{
    (void)argc;
    const char *srcdir = getenv("LW_SRCDIR");
    const char *name = strrchr(argv[0], '/');
    name = name ? name + 1 : argv[0];
    if (strncmp(name, "fuzz_", 5) != 0 || !srcdir) {
        fprintf(stderr, "run me as fuzz_NAME with LW_SRCDIR set\n");
        return 1;
    }
    char dir[4096], path[8192];
    snprintf(dir, sizeof dir, "%s/tests/fuzz/corpus/%s", srcdir, name + 5);
    DIR *d = opendir(dir);
    if (!d) {
        perror(dir);
        return 1;
    }
    size_t files = 0;
    struct dirent *entry;
    while ((entry = readdir(d))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        run_file(path);
        files++;
    }
    closedir(d);
    printf("%zu files of %s\n", files, dir);
    return files ? 0 : 1;
}
