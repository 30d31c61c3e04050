/* What this program asks of the heap, counted at the linker's --wrap: calls from our objects, not
 * from within shared libraries. */
#ifndef LW_BENCH_HEAP_H
#define LW_BENCH_HEAP_H

#include <stddef.h>

size_t heap_allocations(void); /* so far, realloc included */
size_t heap_begin(void);       /* live bytes; the peak is counted from now on */
size_t heap_peak(void);

#endif
