#ifndef GUARDIAN_MALLOC_H
#define GUARDIAN_MALLOC_H
#include_next <malloc.h>
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
/* The C library has it, and does not declare it. */
size_t malloc_usable_size(void *pointer);
#ifdef __cplusplus
}
#endif
#endif
