#ifndef GUARDIAN_SYS_FILE_H
#define GUARDIAN_SYS_FILE_H
#include_next <sys/file.h>
#ifdef __cplusplus
extern "C" {
#endif
#ifndef LOCK_SH
#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8
#endif
int flock(int descriptor, int operation);
#ifdef __cplusplus
}
#endif
#endif
