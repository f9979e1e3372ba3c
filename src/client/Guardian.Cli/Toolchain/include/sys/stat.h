#ifndef GUARDIAN_SYS_STAT_H
#define GUARDIAN_SYS_STAT_H
#include_next <sys/stat.h>
#ifdef __cplusplus
extern "C" {
#endif
mode_t umask(mode_t mask);
int mkfifo(const char *path, mode_t mode);
#ifdef __cplusplus
}
#endif
#endif
