/* The files of the page as read-only bytes: for each NAME of assets.h the symbols web_NAME (its
 * bytes) and web_NAME_len (their number, 64 bits). */
#include "web/assets.h"

.macro asset name, file
    .globl web_\name
    .type web_\name, %object
web_\name:
    .incbin "\file"
.Lend_\name:
    .size web_\name, . - web_\name

    .balign 8
    .globl web_\name\()_len
    .type web_\name\()_len, %object
web_\name\()_len:
    .quad .Lend_\name - web_\name
    .size web_\name\()_len, 8
.endm

    .section .rodata.web, "a", %progbits
#define EMBED(name, path, type, file) asset name, file;
WEB_ASSETS(EMBED)

/* Without this line the linker would make the stack of the whole program executable. */
    .section .note.GNU-stack, "", %progbits
