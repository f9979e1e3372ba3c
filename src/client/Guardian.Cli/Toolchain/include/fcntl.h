#ifndef GUARDIAN_FCNTL_H
#define GUARDIAN_FCNTL_H
#include_next <fcntl.h>
#include <sys/types.h>
#ifdef __cplusplus
extern "C" {
#endif
#ifndef F_SETLK
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#endif
#ifdef __cplusplus
}
#endif
#endif
