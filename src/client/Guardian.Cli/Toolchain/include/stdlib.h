#ifndef GUARDIAN_STDLIB_H
#define GUARDIAN_STDLIB_H
#include_next <stdlib.h>
#ifdef __cplusplus
extern "C" {
#endif
int system(const char *command);
int mkstemp(char *pattern);
char *mkdtemp(char *pattern);
char *mktemp(char *pattern);
/* The C library has it, and does not declare it. */
size_t malloc_usable_size(void *pointer);
#ifdef __cplusplus
}
#endif
#endif
