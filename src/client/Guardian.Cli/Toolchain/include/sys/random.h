#ifndef GUARDIAN_SYS_RANDOM_H
#define GUARDIAN_SYS_RANDOM_H
#include_next <sys/random.h>
#include <sys/types.h>
#define GRND_NONBLOCK 1
#define GRND_RANDOM 2
#define GRND_INSECURE 4
#ifdef __cplusplus
extern "C" {
#endif
ssize_t getrandom(void *bytes, size_t size, unsigned flags);
#ifdef __cplusplus
}
#endif
#endif
