#ifndef GUARDIAN_GRP_H
#define GUARDIAN_GRP_H
#include <stddef.h>
#include <sys/types.h>
#ifdef __cplusplus
extern "C" {
#endif
struct group {
    char *gr_name, *gr_passwd;
    gid_t gr_gid;
    char **gr_mem;
};
struct group *getgrgid(gid_t group);
struct group *getgrnam(const char *name);
#ifdef __cplusplus
}
#endif
#endif
